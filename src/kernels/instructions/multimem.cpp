// multimem (PTX ISA 9.0, section 9.7.9.15): memory that several devices hold under one address.
//
// A multicast object has one device here, so that a load that reduces over all copies loads the
// only one, and stores and reductions have one place to go to.

#include "kernels/instructions/atomics.h"
#include "kernels/instructions/llvm_types.h"
#include "kernels/instructions/memory_access.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using ptx::ScalarType;
using ptx::StateSpace;

/// The elements move as bits.
ScalarType bits_of_element(const Lowering& lowering) {
  switch (ptx::bits_of(lowering.type())) {
    case 8:
      return ScalarType::kB8;
    case 16:
      return ScalarType::kB16;
    case 32:
      return ScalarType::kB32;
    default:
      return ScalarType::kB64;
  }
}

Status check_width(const Lowering& lowering, unsigned index) {
  if (lowering.element_count(index) == lowering.vector_width()) return {};
  return lowering.not_supported("its vector has another number of elements.");
}

Status lower_ld_reduce(Lowering& lowering) {
  if (Status status = check_width(lowering, 0); !status.ok()) return status;
  const ScalarType type = bits_of_element(lowering);
  const unsigned count = lowering.vector_width();
  llvm::Value* loaded =
      load(lowering, lowering.address(1, StateSpace::kGlobal), type, count, access_of(lowering));
  if (count == 1) {
    lowering.set(0, loaded, type);
    return {};
  }
  for (unsigned i = 0; i < count; ++i)
    lowering.set_element(0, i, lowering.ir().CreateExtractElement(loaded, i), type);
  return {};
}

Status lower_st(Lowering& lowering) {
  if (Status status = check_width(lowering, 1); !status.ok()) return status;
  llvm::IRBuilder<>& ir = lowering.ir();
  const ScalarType type = bits_of_element(lowering);
  const unsigned count = lowering.vector_width();
  llvm::Value* pointer = lowering.address(0, StateSpace::kGlobal);
  llvm::Value* all = lowering.element(1, 0, type);
  if (count > 1) {
    llvm::Value* first = all;
    all = llvm::PoisonValue::get(llvm::FixedVectorType::get(first->getType(), count));
    all = ir.CreateInsertElement(all, first, std::uint64_t{0});
    for (unsigned i = 1; i < count; ++i)
      all = ir.CreateInsertElement(all, lowering.element(1, i, type), i);
  }
  store(lowering, pointer, all, type, count, access_of(lowering));
  return {};
}

#define LOAD "; .sem = .relaxed .acquire .weak; .scope = .cta .cluster .gpu .sys"
#define STORE "; .sem = .relaxed .release .weak; .scope = .cta .cluster .gpu .sys"
#define REDUCE "; .sem = .relaxed .release; .scope = .cta .cluster .gpu .sys"

constexpr Row kRows[] = {
    {"multimem.ld_reduce{.sem}{.scope}{.global}.op.type d, [a]; .op = .and .or .xor"
     "; .type = .b32 .b64" LOAD,
     lower_ld_reduce},
    {"multimem.ld_reduce{.sem}{.scope}{.global}.op.type d, [a]; .op = .min .max"
     "; .type = .u32 .s32 .u64 .s64" LOAD,
     lower_ld_reduce},
    {"multimem.ld_reduce{.sem}{.scope}{.global}.add.type d, [a]"
     "; .type = .u32 .s32 .u64 .f32 .f64" LOAD,
     lower_ld_reduce},
    {"multimem.ld_reduce{.sem}{.scope}{.global}.add.vec.f32 {d}, [a]; .vec = .v2 .v4" LOAD,
     lower_ld_reduce},
    {"multimem.ld_reduce{.sem}{.scope}{.global}.op{.acc}{.vec}.type d, [a]; .op = .add .min .max"
     "; .acc = .acc::f32 .acc::f16; .vec = .v2 .v4 .v8"
     "; .type = .f16 .f16x2 .bf16 .bf16x2 .e4m3 .e5m2 .e4m3x2 .e5m2x2 .e4m3x4 .e5m2x4" LOAD,
     lower_ld_reduce},
    {"multimem.st{.sem}{.scope}{.global}.type [a], b"
     "; .type = .b32 .b64 .u32 .u64 .s32 .s64 .f64 .f32" STORE,
     lower_st},
    {"multimem.st{.sem}{.scope}{.global}{.vec}.type [a], b; .vec = .v2 .v4 .v8"
     "; .type = .f32 .f16 .f16x2 .bf16 .bf16x2 .e4m3 .e5m2 .e4m3x2 .e5m2x2 .e4m3x4 .e5m2x4" STORE,
     lower_st},
    {"multimem.red{.sem}{.scope}{.global}.op.type [a], b; .op = .and .or .xor"
     "; .type = .b32 .b64" REDUCE,
     lower_red_elements},
    {"multimem.red{.sem}{.scope}{.global}.op.type [a], b; .op = .min .max"
     "; .type = .u32 .s32 .u64 .s64" REDUCE,
     lower_red_elements},
    {"multimem.red{.sem}{.scope}{.global}.add.type [a], b"
     "; .type = .u32 .s32 .u64 .f32 .f64" REDUCE,
     lower_red_elements},
    {"multimem.red{.sem}{.scope}{.global}.add.vec.f32 [a], {b}; .vec = .v2 .v4" REDUCE,
     lower_red_elements},
    {"multimem.red{.sem}{.scope}{.global}.op{.vec}.type [a], b; .op = .add .min .max"
     "; .vec = .v2 .v4 .v8; .type = .f16 .f16x2 .bf16 .bf16x2" REDUCE,
     lower_red_elements},
};

#undef LOAD
#undef STORE
#undef REDUCE

}  // namespace

std::span<const Row> multimem_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
