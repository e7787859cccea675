// suld, sust, sured (PTX ISA 9.7.11). As with textures the handle says where the surface is, and
// each instruction is one call. The coordinate x counts bytes, of the formatted forms (.p) texels.

#include "kernels/instructions/texture_words.h"

namespace cuda_shim::kernels::instructions {
namespace {

using ptx::ScalarType;

unsigned log2_of(unsigned power) {
  return static_cast<unsigned>(__builtin_ctz(power));
}

unsigned boundary(const Lowering& l) {
  if (l.has("trap")) return CUDA_SHIM_BOUNDARY_TRAP;
  return l.has("clamp") ? CUDA_SHIM_BOUNDARY_CLAMP : CUDA_SHIM_BOUNDARY_ZERO;
}

unsigned operation_of(const Lowering& l, const TextureWords& words) {
  return words.geometry() | (l.has("p") ? CUDA_SHIM_SURFACE_FORMATTED : 0) |
         boundary(l) << CUDA_SHIM_SURFACE_BOUNDARY_SHIFT |
         log2_of(ptx::bytes_of(l.type())) << CUDA_SHIM_SURFACE_BYTES_SHIFT |
         log2_of(l.vector_width()) << CUDA_SHIM_SURFACE_VECTOR_SHIFT;
}

void call(Lowering& l, TextureWords& words, DeviceOp op, unsigned operation) {
  words.set_coordinates(ScalarType::kS32);
  l.device_op(op, {words.data(), words.handle(), l.ir().getInt32(operation), words.in_memory()});
}

Status lower_suld(Lowering& l) {
  TextureWords words(l, 1);
  if (std::string why = words.fault(); !why.empty()) return l.not_supported(std::move(why));
  call(l, words, DeviceOp::surface_load, operation_of(l, words));
  for (unsigned i = 0; i < l.vector_width(); ++i)
    l.set_element(0, i, words.load(i, l.llvm_type(l.type())), l.type());
  return {};
}

Status lower_sust(Lowering& l) {
  TextureWords words(l, 0);
  if (std::string why = words.fault(); !why.empty()) return l.not_supported(std::move(why));
  for (unsigned i = 0; i < l.vector_width(); ++i) words.store(i, l.element(1, i, l.type()));
  call(l, words, DeviceOp::surface_store, operation_of(l, words));
  return {};
}

cuda_shim_surface_reduction reduction(const Lowering& l) {
  const bool is_signed = ptx::kind_of(l.type()) == ptx::TypeKind::kSigned;
  if (l.has("add")) return CUDA_SHIM_SURFACE_ADD;
  if (l.has("min")) return is_signed ? CUDA_SHIM_SURFACE_MIN_S : CUDA_SHIM_SURFACE_MIN_U;
  if (l.has("max")) return is_signed ? CUDA_SHIM_SURFACE_MAX_S : CUDA_SHIM_SURFACE_MAX_U;
  return l.has("and") ? CUDA_SHIM_SURFACE_AND : CUDA_SHIM_SURFACE_OR;
}

Status lower_sured(Lowering& l) {
  TextureWords words(l, 0);
  if (std::string why = words.fault(); !why.empty()) return l.not_supported(std::move(why));
  words.store(0, l.element(1, 0, l.type()));
  call(l, words, DeviceOp::surface_reduce,
       operation_of(l, words) | reduction(l) << CUDA_SHIM_SURFACE_REDUCE_SHIFT);
  return {};
}

#define CUDA_SHIM_PLACE "; .geom = .1d .2d .3d .a1d .a2d; .clampm = .trap .clamp .zero"
#define CUDA_SHIM_NO_LAYERS "; .geom = .1d .2d .3d; .clampm = .trap .clamp .zero"
#define CUDA_SHIM_ELEMENT "; .vec = .v2 .v4; .dtype = .b8 .b16 .b32"

// The address operand is `[a, {coordinates}]`.
constexpr Row kRows[] = {
    {"suld.b.geom{.cop}{.vec}.dtype.clampm d, [a]; .cop = .ca .cg .cs .cv" CUDA_SHIM_PLACE
         CUDA_SHIM_ELEMENT,
     lower_suld},
    {"suld.b.geom{.cop}{.v2}.b64.clampm d, [a]; .cop = .ca .cg .cs .cv" CUDA_SHIM_PLACE,
     lower_suld},
    {"sust.b.geom{.cop}{.vec}.dtype.clampm [a], c; .cop = .wb .cg .cs .wt" CUDA_SHIM_PLACE
         CUDA_SHIM_ELEMENT,
     lower_sust},
    {"sust.b.geom{.cop}{.v2}.b64.clampm [a], c; .cop = .wb .cg .cs .wt" CUDA_SHIM_PLACE,
     lower_sust},
    {"sust.p.geom{.vec}.b32.clampm [a], c; .vec = .v2 .v4" CUDA_SHIM_PLACE, lower_sust},
    {"sured.b.add.geom.ctype.clampm [a], c; .ctype = .u32 .u64 .s32" CUDA_SHIM_NO_LAYERS,
     lower_sured},
    {"sured.b.op.geom.ctype.clampm [a], c; .op = .min .max; .ctype = .u32 .s32 .u64 "
     ".s64" CUDA_SHIM_NO_LAYERS,
     lower_sured},
    // The format says whether numbers have a sign.
    {"sured.p.op.geom.b32.clampm [a], c; .op = .add .min .max .and .or" CUDA_SHIM_NO_LAYERS,
     lower_sured},
    {"sured.p.op.geom.b64.clampm [a], c; .op = .min .max" CUDA_SHIM_NO_LAYERS, lower_sured},
    {"sured.b.op.geom.b32.clampm [a], c; .op = .and .or" CUDA_SHIM_NO_LAYERS, lower_sured},
};

}  // namespace

std::span<const Row> texture_surface_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
