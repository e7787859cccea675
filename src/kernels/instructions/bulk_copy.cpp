// Bulk copies and reductions of contiguous memory (PTX ISA 9.0, section 9.7.9.25.4):
// cp.async.bulk, cp.reduce.async.bulk and their groups. Copies by tensor maps are in
// tensor_copy.cpp.
//
// As with cp.async, the work is done where it is issued: what completes it, an mbarrier object or a
// group, is told so at once. A cluster has one block, so that a multicast has one receiver.

#include <llvm/IR/Constants.h>

#include "kernels/instructions/atomics.h"
#include "kernels/instructions/mbarrier.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using ptx::ScalarType;
using ptx::StateSpace;
using Builder = llvm::IRBuilder<>;

constexpr unsigned kMaskedBytes = 16;  // .cp_mask has a bit for each byte of 16

/// The pointers and the size of one copy. The manual wants multiples of 16 bytes; copies of others
/// work, too.
struct Copy {
  llvm::Value* to;
  llvm::Value* from;
  llvm::Value* bytes;  // i64
};

StateSpace space_of(const Lowering& lowering, unsigned index) {
  // The first space word is the destination's, the second the source's.
  for (std::string_view word : lowering.instruction().modifiers) {
    const bool global = word == "global";
    if (!global && !word.starts_with("shared::")) continue;
    if (index-- == 0) return global ? StateSpace::kGlobal : StateSpace::kShared;
  }
  return StateSpace::kGeneric;
}

Copy read_copy(Lowering& lowering) {
  Builder& ir = lowering.ir();
  Copy copy;
  copy.to = lowering.address(0, space_of(lowering, 0));
  copy.from = lowering.address(1, space_of(lowering, 1));
  copy.bytes = ir.CreateZExt(lowering.value(2, ScalarType::kU32), ir.getInt64Ty());
  return copy;
}

/// Where an mbarrier object completes the copy, tells it.
Status complete(Lowering& lowering, const Copy& copy) {
  if (lowering.has("mbarrier::complete_tx::bytes"))
    complete_transactions(lowering, lowering.address(3, StateSpace::kShared), copy.bytes);
  return {};
}

/// Runs `body` for offsets 0, step, 2 * step ... below `bytes`. The body may not make blocks.
void for_each(Lowering& lowering, llvm::Value* bytes, unsigned step,
              llvm::function_ref<void(llvm::Value* offset)> body) {
  Builder& ir = lowering.ir();
  llvm::BasicBlock* before = ir.GetInsertBlock();
  llvm::Instruction* enter = ir.CreateUnreachable();  // until the loop exists
  llvm::BasicBlock* loop = lowering.new_block("bulk");
  llvm::PHINode* offset = ir.CreatePHI(ir.getInt64Ty(), 2);
  body(offset);
  llvm::Value* next = ir.CreateAdd(offset, ir.getInt64(step));
  llvm::Value* again = ir.CreateICmpULT(next, bytes);
  llvm::Instruction* leave = ir.CreateUnreachable();
  offset->addIncoming(ir.getInt64(0), before);
  offset->addIncoming(next, loop);
  llvm::BasicBlock* after = lowering.new_block("bulk_done");
  ir.SetInsertPoint(enter);
  ir.CreateCondBr(ir.CreateICmpNE(bytes, ir.getInt64(0)), loop, after);
  enter->eraseFromParent();
  ir.SetInsertPoint(leave);
  ir.CreateCondBr(again, loop, after);
  leave->eraseFromParent();
  ir.SetInsertPoint(after);
}

llvm::Value* at(Builder& ir, llvm::Value* pointer, llvm::Value* offset) {
  return ir.CreateGEP(ir.getInt8Ty(), pointer, offset);
}

Status lower_copy(Lowering& lowering) {
  const Copy copy = read_copy(lowering);
  Builder& ir = lowering.ir();
  llvm::Value* to = ir.CreateAddrSpaceCast(copy.to, ir.getPtrTy());
  llvm::Value* from = ir.CreateAddrSpaceCast(copy.from, ir.getPtrTy());
  ir.CreateMemCpy(to, llvm::Align(1), from, llvm::Align(1), copy.bytes);
  return complete(lowering, copy);
}

// .cp_mask: the last operand says which bytes of each 16 are copied. The others are written back as
// they are read, which nobody else may change meanwhile.
Status lower_masked_copy(Lowering& lowering) {
  const Copy copy = read_copy(lowering);
  const unsigned last = static_cast<unsigned>(lowering.instruction().operands.size()) - 1;
  Builder& ir = lowering.ir();
  llvm::Value* mask = lowering.value(last, ScalarType::kB16);
  for_each(lowering, copy.bytes, 1, [&](llvm::Value* offset) {
    llvm::Value* bit = ir.CreateTrunc(ir.CreateAnd(offset, kMaskedBytes - 1), ir.getInt16Ty());
    llvm::Value* chosen = ir.CreateTrunc(ir.CreateLShr(mask, bit), ir.getInt1Ty());
    llvm::Value* target = at(ir, copy.to, offset);
    llvm::Value* old = ir.CreateLoad(ir.getInt8Ty(), target);
    llvm::Value* fresh = ir.CreateLoad(ir.getInt8Ty(), at(ir, copy.from, offset));
    ir.CreateStore(ir.CreateSelect(chosen, fresh, old), target);
  });
  return {};
}

Status lower_reduction(Lowering& lowering) {
  const Copy copy = read_copy(lowering);
  Builder& ir = lowering.ir();
  const ScalarType type = lowering.type();
  for_each(lowering, copy.bytes, ptx::bytes_of(type), [&](llvm::Value* offset) {
    llvm::Value* operand = ir.CreateAlignedLoad(lowering.llvm_type(type), at(ir, copy.from, offset),
                                                llvm::Align(ptx::bytes_of(type)));
    atomic_update(lowering, at(ir, copy.to, offset), operand);
  });
  return complete(lowering, copy);
}

Status lower_nothing(Lowering&) {
  return {};
}

constexpr Row kRows[] = {
    {"cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes{.multicast::cluster}"
     "{.L2::cache_hint} [a], [b], c, [m]{, e}{, f}",
     lower_copy},
    {"cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes{.L2::cache_hint} [a], [b], c, "
     "[m]{, e}",
     lower_copy},
    {"cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [a], [b], c, [m]",
     lower_copy},
    {"cp.async.bulk.global.shared::cta.bulk_group{.L2::cache_hint} [a], [b], c{, e}", lower_copy},
    {"cp.async.bulk.global.shared::cta.bulk_group{.L2::cache_hint}.cp_mask [a], [b], c, e{, f}",
     lower_masked_copy},
    {"cp.async.bulk.prefetch.L2.global{.L2::cache_hint} [a], b{, c}", lower_nothing},
    {"cp.async.bulk.commit_group", lower_nothing},
    {"cp.async.bulk.wait_group{.read} a", lower_nothing},

    {"cp.reduce.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes.op.b32 [a], "
     "[b], c, [m]; .op = .and .or .xor",
     lower_reduction},
    {"cp.reduce.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes.add.type [a], "
     "[b], c, [m]; .type = .u32 .s32 .u64",
     lower_reduction},
    {"cp.reduce.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes.op.u32 [a], "
     "[b], c, [m]; .op = .inc .dec",
     lower_reduction},
    {"cp.reduce.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes.op.type [a], "
     "[b], c, [m]; .op = .min .max; .type = .u32 .s32",
     lower_reduction},
    {"cp.reduce.async.bulk.global.shared::cta.bulk_group{.L2::cache_hint}.op.type [a], [b], c"
     "{, e}; .op = .and .or .xor; .type = .b32 .b64",
     lower_reduction},
    {"cp.reduce.async.bulk.global.shared::cta.bulk_group{.L2::cache_hint}.add.type [a], [b], c"
     "{, e}; .type = .u32 .s32 .u64 .f32 .f64",
     lower_reduction},
    {"cp.reduce.async.bulk.global.shared::cta.bulk_group{.L2::cache_hint}.op.u32 [a], [b], c"
     "{, e}; .op = .inc .dec",
     lower_reduction},
    {"cp.reduce.async.bulk.global.shared::cta.bulk_group{.L2::cache_hint}.op.type [a], [b], c"
     "{, e}; .op = .min .max; .type = .u32 .s32 .u64 .s64 .f16 .bf16",
     lower_reduction},
    {"cp.reduce.async.bulk.global.shared::cta.bulk_group{.L2::cache_hint}.add.noftz.type [a], [b], "
     "c{, e}; .type = .f16 .bf16",
     lower_reduction},
};

}  // namespace

std::span<const Row> bulk_copy_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
