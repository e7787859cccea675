// mbarrier (PTX ISA 9.0, section 9.7.13.15): barriers that are objects in shared memory.
//
// The object is one word, changed by compare and swap:
//   bits  0..19  arrivals that the current phase still waits for
//   bits 20..39  arrivals that each phase waits for
//   bits 40..62  bytes of transactions that the current phase still waits for, in two's complement
//   bit  63      parity of the current phase
// A phase is complete when the first and the third are zero; the next one begins at once. The state
// that `arrive` returns is the word before it.

#include "kernels/instructions/mbarrier.h"

#include "kernels/instructions/memory_access.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using ptx::ScalarType;

constexpr unsigned kExpectedShift = 20;
constexpr unsigned kBytesShift = 40;
constexpr std::uint64_t kCountMask = (std::uint64_t{1} << 20) - 1;
constexpr std::uint64_t kBytesMask = ((std::uint64_t{1} << 23) - 1) << kBytesShift;
constexpr std::uint64_t kParity = std::uint64_t{1} << 63;

llvm::Value* count_operand(Lowering& lowering, unsigned index) {
  llvm::IRBuilder<>& ir = lowering.ir();
  if (!lowering.has_operand(index)) return ir.getInt64(1);
  llvm::Value* count = lowering.value(index, ScalarType::kU32);
  return ir.CreateAnd(ir.CreateZExt(count, ir.getInt64Ty()), kCountMask);
}

/// The word after `bytes` more (or, negative, fewer) are waited for.
llvm::Value* add_bytes(llvm::IRBuilder<>& ir, llvm::Value* word, llvm::Value* bytes) {
  llvm::Value* sum = ir.CreateAdd(word, ir.CreateShl(bytes, kBytesShift));
  return ir.CreateOr(ir.CreateAnd(sum, kBytesMask), ir.CreateAnd(word, ~kBytesMask));
}

/// The word after the phase has ended, if it has.
llvm::Value* end_phase(llvm::IRBuilder<>& ir, llvm::Value* word) {
  llvm::Value* waited = ir.CreateAnd(word, kCountMask | kBytesMask);
  llvm::Value* expected = ir.CreateAnd(ir.CreateLShr(word, kExpectedShift), kCountMask);
  llvm::Value* next = ir.CreateOr(ir.CreateXor(word, kParity), expected);
  return ir.CreateSelect(ir.CreateICmpEQ(waited, ir.getInt64(0)), next, word);
}

/// Replaces the word at `pointer` by change(word) in one step; returns the word before.
template <class Change>
llvm::Value* update(Lowering& lowering, llvm::Value* pointer, Change change) {
  llvm::IRBuilder<>& ir = lowering.ir();
  llvm::Value* first = ir.CreateAlignedLoad(ir.getInt64Ty(), pointer, llvm::Align(8));
  llvm::BasicBlock* before = ir.GetInsertBlock();
  llvm::Instruction* enter = ir.CreateUnreachable();  // until the loop exists
  llvm::BasicBlock* loop = lowering.new_block("mbarrier");
  llvm::PHINode* word = ir.CreatePHI(ir.getInt64Ty(), 2);
  word->addIncoming(first, before);
  llvm::Value* exchanged = ir.CreateAtomicCmpXchg(
      pointer, word, change(ir, word), llvm::Align(8), llvm::AtomicOrdering::AcquireRelease,
      llvm::AtomicOrdering::Acquire, scope_of(lowering));
  word->addIncoming(ir.CreateExtractValue(exchanged, 0), loop);
  llvm::Value* done = ir.CreateExtractValue(exchanged, 1);
  llvm::Instruction* leave = ir.CreateUnreachable();
  llvm::BasicBlock* after = lowering.new_block("mbarrier_done");
  ir.SetInsertPoint(enter);
  ir.CreateBr(loop);
  enter->eraseFromParent();
  ir.SetInsertPoint(leave);
  ir.CreateCondBr(done, after, loop);
  leave->eraseFromParent();
  ir.SetInsertPoint(after);
  return word;
}

Status lower_init(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  llvm::Value* count = count_operand(lowering, 1);
  ir.CreateAlignedStore(ir.CreateOr(count, ir.CreateShl(count, kExpectedShift)),
                        lowering.address(0), llvm::Align(8));
  return {};
}

Status lower_inval(Lowering&) {
  return {};
}

Status lower_expect_tx(Lowering& lowering) {
  llvm::Value* bytes = count_operand(lowering, 1);
  update(lowering, lowering.address(0),
         [&](llvm::IRBuilder<>& ir, llvm::Value* word) { return add_bytes(ir, word, bytes); });
  return {};
}

Status lower_complete_tx(Lowering& lowering) {
  complete_transactions(lowering, lowering.address(0), count_operand(lowering, 1));
  return {};
}

// arrive and arrive_drop d, [a]{, count}; with .expect_tx the last operand is bytes and the
// count 1.
Status lower_arrive(Lowering& lowering) {
  const bool expects = lowering.has("expect_tx");
  llvm::Value* count = expects ? lowering.ir().getInt64(1) : count_operand(lowering, 2);
  llvm::Value* bytes = expects ? count_operand(lowering, 2) : lowering.ir().getInt64(0);
  if (lowering.has("arrive_drop"))
    count = lowering.ir().CreateOr(count, lowering.ir().CreateShl(count, kExpectedShift));
  llvm::Value* state =
      update(lowering, lowering.address(1), [&](llvm::IRBuilder<>& ir, llvm::Value* word) {
        return end_phase(ir, ir.CreateSub(add_bytes(ir, word, bytes), count));
      });
  lowering.set(0, state, ScalarType::kB64);
  return {};
}

// test_wait and try_wait p, [a], state: whether the phase of the state has ended. With .parity:
// whether the phase of that parity has.
Status lower_wait(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  llvm::LoadInst* word = ir.CreateAlignedLoad(ir.getInt64Ty(), lowering.address(1), llvm::Align(8));
  word->setAtomic(llvm::AtomicOrdering::Acquire, scope_of(lowering));
  llvm::Value* asked =
      lowering.has("parity")
          ? ir.CreateShl(ir.CreateZExt(lowering.value(2, ScalarType::kU32), ir.getInt64Ty()), 63)
          : lowering.value(2, ScalarType::kB64);
  llvm::Value* differs = ir.CreateICmpSLT(ir.CreateXor(word, asked), ir.getInt64(0));
  lowering.set(0, differs, ScalarType::kPred);
  return {};
}

Status lower_pending_count(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  llvm::Value* count = ir.CreateAnd(lowering.value(1, ScalarType::kB64), kCountMask);
  lowering.set(0, ir.CreateTrunc(count, ir.getInt32Ty()), ScalarType::kU32);
  return {};
}

// cp.async.mbarrier.arrive: arrives when the thread's earlier copies are complete, which they are.
// Without .noinc the arrival is added to what the phase waits for first: nothing changes.
Status lower_copy_arrive(Lowering& lowering) {
  if (!lowering.has("noinc")) return {};
  update(lowering, lowering.address(0), [](llvm::IRBuilder<>& ir, llvm::Value* word) {
    return end_phase(ir, ir.CreateSub(word, ir.getInt64(1)));
  });
  return {};
}

// Classes that the rows below share.
#define SPACE "; .ss = .shared .shared::cta .shared::cluster"
#define ORDER "; .sem = .release .relaxed .acquire; .scope = .cta .cluster" SPACE

constexpr Row kRows[] = {
    {"mbarrier.init{.ss}.b64 [a], b" SPACE, lower_init},
    {"mbarrier.inval{.ss}.b64 [a]" SPACE, lower_inval},
    {"mbarrier.expect_tx{.sem}{.scope}{.ss}.b64 [a], b" ORDER, lower_expect_tx},
    {"mbarrier.complete_tx{.sem}{.scope}{.ss}.b64 [a], b" ORDER, lower_complete_tx},
    {"mbarrier.arrive{.sem}{.scope}{.ss}.b64 d, [a]{, b}" ORDER, lower_arrive},
    {"mbarrier.arrive.expect_tx{.sem}{.scope}{.ss}.b64 d, [a], b" ORDER, lower_arrive},
    {"mbarrier.arrive.noComplete{.sem}{.scope}{.ss}.b64 d, [a], b" ORDER, lower_arrive},
    {"mbarrier.arrive_drop{.sem}{.scope}{.ss}.b64 d, [a]{, b}" ORDER, lower_arrive},
    {"mbarrier.arrive_drop.expect_tx{.sem}{.scope}{.ss}.b64 d, [a], b" ORDER, lower_arrive},
    {"mbarrier.arrive_drop.noComplete{.sem}{.scope}{.ss}.b64 d, [a], b" ORDER, lower_arrive},
    {"mbarrier.test_wait{.parity}{.sem}{.scope}{.ss}.b64 d, [a], b" ORDER, lower_wait},
    {"mbarrier.try_wait{.parity}{.sem}{.scope}{.ss}.b64 d, [a], b{, c}" ORDER, lower_wait},
    {"mbarrier.pending_count.b64 d, a", lower_pending_count},
    {"cp.async.mbarrier.arrive{.noinc}{.ss}.b64 [a]" SPACE, lower_copy_arrive},
};

#undef SPACE
#undef ORDER

}  // namespace

void complete_transactions(Lowering& lowering, llvm::Value* barrier, llvm::Value* bytes) {
  llvm::Value* fewer = lowering.ir().CreateNeg(bytes);
  update(lowering, barrier, [&](llvm::IRBuilder<>& ir, llvm::Value* word) {
    return end_phase(ir, add_bytes(ir, word, fewer));
  });
}

std::span<const Row> mbarrier_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
