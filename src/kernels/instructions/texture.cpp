// tex, tld4, txq, istypep (PTX ISA 9.7.10). A texture is its 64-bit handle, in a register or in the
// variable of a texture reference; what it looks like is known when the kernel runs. So each
// instruction is one call of the device's texture unit.
//
// Behind the address and the level stand `e`, offsets in braces, and `f`, the depth that each texel
// is compared with, without braces. A texture of depths is made by graphics interfaces only, which
// also say how its texels compare; CUDA has neither, so `f` is refused.
//
// The type of the result says how the kernel sees the words that the texture's format gives; it
// changes them only where halves are asked for.

#include "kernels/instructions/texture_words.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;

// --- Results

Value* as_type(Lowering& l, Value* word, ScalarType type) {
  llvm::IRBuilder<>& ir = l.ir();
  if (type == ScalarType::kU32 || type == ScalarType::kS32) return word;
  Value* number = ir.CreateBitCast(word, ir.getFloatTy());
  return type == ScalarType::kF32 ? number : ir.CreateFPTrunc(number, ir.getHalfTy());
}

void set_pairs(Lowering& l, Value* texel) {
  llvm::IRBuilder<>& ir = l.ir();
  for (unsigned i = 0; i < 2; ++i) {
    Value* pair = llvm::PoisonValue::get(l.llvm_type(ScalarType::kF16x2));
    for (unsigned half = 0; half < 2; ++half)
      pair = ir.CreateInsertElement(
          pair, as_type(l, ir.CreateExtractElement(texel, 2 * i + half), ScalarType::kF16), half);
    l.set_element(0, i, pair, ScalarType::kF16x2);
  }
}

void set_results(Lowering& l, Value* texel) {
  if (l.type() == ScalarType::kF16x2) return set_pairs(l, texel);
  for (unsigned i = 0; i < 4; ++i)
    l.set_element(0, i, as_type(l, l.ir().CreateExtractElement(texel, i), l.type()), l.type());
}

// --- Fetches

/// `rest` is the operand from which on `e` and `f` may be written.
struct FetchForm {
  unsigned operation;
  unsigned rest;
};

bool is_vector(Lowering& l, unsigned operand) {
  return l.has_operand(operand) &&
         (l.instruction().operands[operand].vector() != nullptr || l.element_count(operand) > 1);
}

/// Why `e` and `f` cannot be; empty if they can.
std::string_view fault_of_rest(Lowering& l, const TextureWords& words, unsigned rest) {
  const bool offsets = is_vector(l, rest);
  if (l.has_operand(rest + (offsets ? 1u : 0u)))
    return "operand `f` compares with depths, and no texture that CUDA makes holds depths (offsets "
           "stand in braces)";
  if (!offsets) return {};
  if (words.is_cube()) return "operand `e`: the places of a cube have no offsets";
  if (l.element_count(rest) >= words.dimensions()) return {};
  return "operand `e`: the offsets are fewer than the coordinates";
}

Status fetch(Lowering& l, TextureWords& words, FetchForm form) {
  unsigned operation = form.operation | words.geometry() | words.set_sampler();
  const ScalarType coordinates = l.type(1);
  if (coordinates == ScalarType::kS32) operation |= CUDA_SHIM_TEXTURE_INTEGER;
  words.set_coordinates(coordinates);
  if (std::string_view why = fault_of_rest(l, words, form.rest); !why.empty())
    return l.not_supported(std::string(why));
  if (l.has_operand(form.rest)) {
    operation |= CUDA_SHIM_TEXTURE_OFFSET;
    words.set_elements(CUDA_SHIM_TEXTURE_WORD_OFFSETS, form.rest, words.dimensions(),
                       ScalarType::kS32);
  }
  set_results(l, words.fetch(operation));
  // Whether the texels are there: they are, as no array is sparse.
  l.set_pair(0, l.ir().getTrue(), ScalarType::kPred);
  return {};
}

Status lower_tex(Lowering& l) {
  TextureWords words(l, 1);
  if (std::string why = words.fault(); !why.empty()) return l.not_supported(std::move(why));
  return fetch(l, words, {0, 2});
}

Status lower_tex_level(Lowering& l) {
  TextureWords words(l, 1);
  if (std::string why = words.fault(); !why.empty()) return l.not_supported(std::move(why));
  words.set_elements(CUDA_SHIM_TEXTURE_WORD_LOD, 2, 1, ScalarType::kF32);
  return fetch(l, words, {CUDA_SHIM_TEXTURE_LOD, 3});
}

Status lower_tex_grad(Lowering& l) {
  TextureWords words(l, 1);
  if (std::string why = words.fault(); !why.empty()) return l.not_supported(std::move(why));
  for (unsigned i = 0; i < 2; ++i) {
    if (l.element_count(2 + i) < words.dimensions())
      return l.not_supported("a gradient has fewer elements than the coordinates");
    words.set_elements(CUDA_SHIM_TEXTURE_WORD_LOD + 3 * i, 2 + i, words.dimensions(),
                       ScalarType::kF32);
  }
  return fetch(l, words, {CUDA_SHIM_TEXTURE_GRADIENT, 4});
}

Status lower_tld4(Lowering& l) {
  TextureWords words(l, 1);
  if (std::string why = words.fault(); !why.empty()) return l.not_supported(std::move(why));
  const unsigned channel = l.has("r") ? 0 : l.has("g") ? 1 : l.has("b") ? 2 : 3;
  return fetch(l, words,
               {CUDA_SHIM_TEXTURE_GATHER | channel << CUDA_SHIM_TEXTURE_CHANNEL_SHIFT, 2});
}

// --- Queries

struct QuestionRow {
  std::string_view word;
  cuda_shim_texture_question question;
};
constexpr QuestionRow kQuestions[] = {
    {"width", CUDA_SHIM_TEXTURE_WIDTH},
    {"height", CUDA_SHIM_TEXTURE_HEIGHT},
    {"depth", CUDA_SHIM_TEXTURE_DEPTH},
    {"array_size", CUDA_SHIM_TEXTURE_ARRAY_SIZE},
    {"num_mipmap_levels", CUDA_SHIM_TEXTURE_NUM_LEVELS},
    {"normalized_coords", CUDA_SHIM_TEXTURE_NORMALIZED},
    {"channel_data_type", CUDA_SHIM_TEXTURE_CHANNEL_TYPE},
    {"channel_order", CUDA_SHIM_TEXTURE_CHANNEL_ORDER},
    {"num_samples", CUDA_SHIM_TEXTURE_NUM_SAMPLES},
    {"force_unnormalized_coords", CUDA_SHIM_TEXTURE_FORCES_TEXELS},
    {"filter_mode", CUDA_SHIM_TEXTURE_FILTER_MODE},
    {"addr_mode_0", CUDA_SHIM_TEXTURE_ADDRESS_MODE_0},
    {"addr_mode_1", CUDA_SHIM_TEXTURE_ADDRESS_MODE_1},
    {"addr_mode_2", CUDA_SHIM_TEXTURE_ADDRESS_MODE_2},
    {"memory_layout", CUDA_SHIM_TEXTURE_IS_LINEAR},
};

Status lower_query(Lowering& l) {
  llvm::IRBuilder<>& ir = l.ir();
  cuda_shim_texture_question question = CUDA_SHIM_TEXTURE_WIDTH;
  for (const QuestionRow& row : kQuestions)
    if (l.has(row.word)) question = row.question;
  Value* level = l.has_operand(2) ? l.value(2, ScalarType::kU32) : ir.getInt32(0);
  l.set(0,
        l.device_op(DeviceOp::texture_query,
                    {l.value(1, ScalarType::kB64), ir.getInt32(question), level}),
        ScalarType::kB32);
  return {};
}

// istypep p, a: what the handle is of.
Status lower_is_type(Lowering& l) {
  llvm::IRBuilder<>& ir = l.ir();
  const cuda_shim_opaque_kind wanted = l.type() == ScalarType::kTexref ? CUDA_SHIM_OPAQUE_TEXTURE
                                       : l.type() == ScalarType::kSurfref
                                           ? CUDA_SHIM_OPAQUE_SURFACE
                                           : CUDA_SHIM_OPAQUE_SAMPLER;
  Value* kind = l.device_op(
      DeviceOp::texture_query,
      {l.value(1, ScalarType::kB64), ir.getInt32(CUDA_SHIM_TEXTURE_KIND), ir.getInt32(0)});
  l.set(0, ir.CreateICmpEQ(kind, ir.getInt32(wanted)), ScalarType::kPred);
  return {};
}

#define CUDA_SHIM_FLAT "; .geom = .1d .2d .3d .a1d .a2d"
#define CUDA_SHIM_CUBE "; .geom = .cube .acube"
#define CUDA_SHIM_DTYPE "; .dtype = .u32 .s32 .f16 .f32"

// The address operand is `[a, {coordinates}]`, or `[a, b, {coordinates}]` with a sampler.
constexpr Row kRows[] = {
    {"tex{.base}.geom.v4.dtype.ctype d[|p], [a]{, e}{, f}; .ctype = .s32 .f32" CUDA_SHIM_FLAT
         CUDA_SHIM_DTYPE,
     lower_tex},
    {"tex{.base}.geom.v2.f16x2.ctype d[|p], [a]{, e}{, f}; .ctype = .s32 .f32" CUDA_SHIM_FLAT,
     lower_tex},
    {"tex{.base}.geom.v4.dtype.s32 d[|p], [a]{, e}{, f}; .geom = .2dms .a2dms" CUDA_SHIM_DTYPE,
     lower_tex},
    {"tex{.base}.geom.v2.f16x2.s32 d[|p], [a]{, e}{, f}; .geom = .2dms .a2dms", lower_tex},
    {"tex{.base}.geom.v4.dtype.f32 d[|p], [a]{, e}{, f}" CUDA_SHIM_CUBE CUDA_SHIM_DTYPE, lower_tex},
    {"tex{.base}.geom.v2.f16x2.f32 d[|p], [a]{, e}{, f}" CUDA_SHIM_CUBE, lower_tex},
    {"tex.level.geom.v4.dtype.f32 d[|p], [a], lod{, e}{, f}" CUDA_SHIM_FLAT CUDA_SHIM_DTYPE,
     lower_tex_level},
    {"tex.level.geom.v2.f16x2.f32 d[|p], [a], lod{, e}{, f}" CUDA_SHIM_FLAT, lower_tex_level},
    {"tex.level.geom.v4.dtype.f32 d[|p], [a], lod{, e}{, f}" CUDA_SHIM_CUBE CUDA_SHIM_DTYPE,
     lower_tex_level},
    {"tex.level.geom.v2.f16x2.f32 d[|p], [a], lod{, e}{, f}" CUDA_SHIM_CUBE, lower_tex_level},
    {"tex.grad.geom.v4.dtype.f32 d[|p], [a], dPdx, dPdy{, e}{, f}" CUDA_SHIM_FLAT CUDA_SHIM_DTYPE,
     lower_tex_grad},
    {"tex.grad.geom.v2.f16x2.f32 d[|p], [a], dPdx, dPdy{, e}{, f}" CUDA_SHIM_FLAT, lower_tex_grad},
    {"tex.grad.geom.v4.dtype.f32 d[|p], [a], dPdx, dPdy{, e}{, f}" CUDA_SHIM_CUBE CUDA_SHIM_DTYPE,
     lower_tex_grad},
    {"tex.grad.geom.v2.f16x2.f32 d[|p], [a], dPdx, dPdy{, e}{, f}" CUDA_SHIM_CUBE, lower_tex_grad},
    {"tld4.comp.geom.v4.dtype.f32 d[|p], [a]{, e}{, f}; .comp = .r .g .b .a; .geom = .2d .a2d "
     ".cube .acube; "
     ".dtype = .u32 .s32 .f32",
     lower_tld4},
    {"txq.query.b32 d, [a]; .query = .width .height .depth .array_size .num_mipmap_levels "
     ".normalized_coords .channel_data_type .channel_order .num_samples "
     ".force_unnormalized_coords .filter_mode .addr_mode_0 .addr_mode_1 .addr_mode_2",
     lower_query},
    {"txq.level.query.b32 d, [a], lod; .query = .width .height .depth", lower_query},
    {"istypep.type p, a; .type = .texref .samplerref .surfref", lower_is_type},
    {"suq.query.b32 d, [a]; .query = .width .height .depth .array_size .channel_data_type "
     ".channel_order .memory_layout",
     lower_query},
};

}  // namespace

std::span<const Row> texture_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
