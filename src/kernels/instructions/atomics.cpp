// atom and red (PTX ISA 9.0, section 9.7.13): read, change and write memory as one step.
//
// LLVM's atomicrmw and cmpxchg have every operation of PTX's, the wrapping increments too; code
// generators turn what the machine lacks into compare-and-swap loops.

#include "kernels/instructions/atomics.h"

#include "kernels/instructions/llvm_types.h"
#include "kernels/instructions/memory_access.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using ptx::ScalarType;
using Operation = llvm::AtomicRMWInst::BinOp;

struct OperationRow {
  std::string_view word;
  Operation on_signed, on_unsigned, on_float;
};

constexpr OperationRow kOperations[] = {
    {"add", llvm::AtomicRMWInst::Add, llvm::AtomicRMWInst::Add, llvm::AtomicRMWInst::FAdd},
    {"min", llvm::AtomicRMWInst::Min, llvm::AtomicRMWInst::UMin, llvm::AtomicRMWInst::FMin},
    {"max", llvm::AtomicRMWInst::Max, llvm::AtomicRMWInst::UMax, llvm::AtomicRMWInst::FMax},
    {"inc", llvm::AtomicRMWInst::UIncWrap, llvm::AtomicRMWInst::UIncWrap,
     llvm::AtomicRMWInst::BAD_BINOP},
    {"dec", llvm::AtomicRMWInst::UDecWrap, llvm::AtomicRMWInst::UDecWrap,
     llvm::AtomicRMWInst::BAD_BINOP},
    {"and", llvm::AtomicRMWInst::And, llvm::AtomicRMWInst::And, llvm::AtomicRMWInst::BAD_BINOP},
    {"or", llvm::AtomicRMWInst::Or, llvm::AtomicRMWInst::Or, llvm::AtomicRMWInst::BAD_BINOP},
    {"xor", llvm::AtomicRMWInst::Xor, llvm::AtomicRMWInst::Xor, llvm::AtomicRMWInst::BAD_BINOP},
    {"exch", llvm::AtomicRMWInst::Xchg, llvm::AtomicRMWInst::Xchg, llvm::AtomicRMWInst::Xchg},
};

Operation operation_of(const Lowering& lowering) {
  const ScalarType type = lowering.type();
  for (const OperationRow& row : kOperations) {
    if (!lowering.has(row.word)) continue;
    const ptx::TypeKind kind = ptx::kind_of(type);
    if (kind == ptx::TypeKind::kFloat || kind == ptx::TypeKind::kPacked) return row.on_float;
    return kind == ptx::TypeKind::kSigned ? row.on_signed : row.on_unsigned;
  }
  return llvm::AtomicRMWInst::BAD_BINOP;
}

llvm::AtomicOrdering ordering_of_atomic(const Lowering& lowering) {
  return ordering_of(lowering, llvm::AtomicOrdering::Monotonic);
}

llvm::Value* update(Lowering& lowering, llvm::Value* pointer, llvm::Value* operand) {
  return lowering.ir().CreateAtomicRMW(operation_of(lowering), pointer, operand,
                                       llvm::Align(ptx::bytes_of(lowering.type())),
                                       ordering_of_atomic(lowering), scope_of(lowering));
}

// atom d, [a], b
Status lower_atom(Lowering& lowering) {
  const ScalarType type = lowering.type();
  llvm::Value* pointer = lowering.address(1);
  lowering.set(0, update(lowering, pointer, lowering.value(2, type)), type);
  return {};
}

// red [a], b
Status lower_red(Lowering& lowering) {
  llvm::Value* pointer = lowering.address(0);
  update(lowering, pointer, lowering.value(1, lowering.type()));
  return {};
}

// atom.cas d, [a], compare, new
Status lower_cas(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  const ScalarType type = lowering.type();
  const llvm::AtomicOrdering success = ordering_of_atomic(lowering);
  llvm::Value* pointer = lowering.address(1);
  llvm::Value* expected = as_integer(ir, lowering.value(2, type));
  llvm::Value* wanted = as_integer(ir, lowering.value(3, type));
  llvm::Value* result = ir.CreateAtomicCmpXchg(
      pointer, expected, wanted, llvm::Align(ptx::bytes_of(type)), success,
      llvm::AtomicCmpXchgInst::getStrongestFailureOrdering(success), scope_of(lowering));
  lowering.set(0, ir.CreateExtractValue(result, 0), type);
  return {};
}

// Vectors of floats (sm_90): the elements are updated one by one; the manual promises no more.
Status lower_vector(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  const bool returns = lowering.instruction().opcode == "atom";
  const unsigned source = returns ? 2 : 1;
  const ScalarType type = lowering.type();
  llvm::Value* pointer = lowering.address(returns ? 1 : 0);
  if (lowering.element_count(source) != lowering.vector_width())
    return lowering.not_supported("its vector has another number of elements.");
  for (unsigned i = 0; i < lowering.vector_width(); ++i) {
    llvm::Value* place =
        ir.CreateConstGEP1_64(ir.getInt8Ty(), pointer, std::uint64_t{i} * ptx::bytes_of(type));
    llvm::Value* old = update(lowering, place, lowering.element(source, i, type));
    if (returns) lowering.set_element(0, i, old, type);
  }
  return {};
}

// Classes that the rows below share.
#define MEMORY                                                                     \
  "; .sem = .relaxed .acquire .release .acq_rel; .scope = .cta .cluster .gpu .sys" \
  "; .ss = .global .shared .shared::cta .shared::cluster"

#define RED_MEMORY                                               \
  "; .sem = .relaxed .release; .scope = .cta .cluster .gpu .sys" \
  "; .ss = .global .shared .shared::cta .shared::cluster"

constexpr Row kRows[] = {
    {"atom{.sem}{.scope}{.ss}.op{.L2::cache_hint}.type d, [a], b{, c}"
     "; .op = .and .or .xor; .type = .b32 .b64" MEMORY,
     lower_atom},
    {"atom{.sem}{.scope}{.ss}.exch{.L2::cache_hint}.type d, [a], b{, c}"
     "; .type = .b32 .b64 .b128" MEMORY,
     lower_atom},
    {"atom{.sem}{.scope}{.ss}.cas{.L2::cache_hint}.type d, [a], b, c{, e}"
     "; .type = .b16 .b32 .b64 .b128" MEMORY,
     lower_cas},
    {"atom{.sem}{.scope}{.ss}.add{.L2::cache_hint}.type d, [a], b{, c}"
     "; .type = .u32 .s32 .u64 .f32 .f64" MEMORY,
     lower_atom},
    {"atom{.sem}{.scope}{.ss}.add.noftz{.L2::cache_hint}.type d, [a], b{, c}"
     "; .type = .f16 .bf16 .f16x2 .bf16x2" MEMORY,
     lower_atom},
    {"atom{.sem}{.scope}{.ss}.op{.L2::cache_hint}.u32 d, [a], b{, c}; .op = .inc .dec" MEMORY,
     lower_atom},
    {"atom{.sem}{.scope}{.ss}.op{.L2::cache_hint}.type d, [a], b{, c}"
     "; .op = .min .max; .type = .u32 .s32 .u64 .s64" MEMORY,
     lower_atom},
    {"atom{.sem}{.scope}{.global}.add{.L2::cache_hint}.vec.f32 {d}, [a], {b}{, c}"
     "; .vec = .v2 .v4; .sem = .relaxed .acquire .release .acq_rel; .scope = .cta .cluster .gpu "
     ".sys",
     lower_vector},
    {"atom{.sem}{.scope}{.global}.op.noftz{.L2::cache_hint}.vec.type {d}, [a], {b}{, c}"
     "; .op = .add .min .max; .vec = .v2 .v4 .v8; .type = .f16 .bf16 .f16x2 .bf16x2"
     "; .sem = .relaxed .acquire .release .acq_rel; .scope = .cta .cluster .gpu .sys",
     lower_vector},

    {"red{.sem}{.scope}{.ss}.op{.L2::cache_hint}.type [a], b{, c}"
     "; .op = .and .or .xor; .type = .b32 .b64" RED_MEMORY,
     lower_red},
    {"red{.sem}{.scope}{.ss}.add{.L2::cache_hint}.type [a], b{, c}"
     "; .type = .u32 .s32 .u64 .f32 .f64" RED_MEMORY,
     lower_red},
    {"red{.sem}{.scope}{.ss}.add.noftz{.L2::cache_hint}.type [a], b{, c}"
     "; .type = .f16 .bf16 .f16x2 .bf16x2" RED_MEMORY,
     lower_red},
    {"red{.sem}{.scope}{.ss}.op{.L2::cache_hint}.u32 [a], b{, c}; .op = .inc .dec" RED_MEMORY,
     lower_red},
    {"red{.sem}{.scope}{.ss}.op{.L2::cache_hint}.type [a], b{, c}"
     "; .op = .min .max; .type = .u32 .s32 .u64 .s64" RED_MEMORY,
     lower_red},
    {"red{.sem}{.scope}{.global}.add{.L2::cache_hint}.vec.f32 [a], {b}{, c}"
     "; .vec = .v2 .v4; .sem = .relaxed .release; .scope = .cta .cluster .gpu "
     ".sys",
     lower_vector},
    {"red{.sem}{.scope}{.global}.op.noftz{.L2::cache_hint}.vec.type [a], {b}{, c}"
     "; .op = .add .min .max; .vec = .v2 .v4 .v8; .type = .f16 .bf16 .f16x2 .bf16x2"
     "; .sem = .relaxed .release; .scope = .cta .cluster .gpu .sys",
     lower_vector},
};

#undef MEMORY
#undef RED_MEMORY

}  // namespace

llvm::Value* atomic_update(Lowering& lowering, llvm::Value* pointer, llvm::Value* operand) {
  return update(lowering, pointer, operand);
}

Status lower_red_elements(Lowering& lowering) {
  return lower_vector(lowering);
}

std::span<const Row> atomics_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
