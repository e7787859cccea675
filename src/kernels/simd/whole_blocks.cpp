// Groups come in the order of devices/cpu/groups.h. What the engine's structure says of the group
// is kept true by place_group, for whoever reports a fault.

#include "kernels/simd/whole_blocks.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>

#include "cuda_shim/code_object.h"
#include "kernels/instructions/device_ops.h"
#include "kernels/simd/copies.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;
using instructions::OpEffect;

/// A longer group does not notice what a call costs, and a loop around it would keep more values
/// than there are registers.
constexpr unsigned kMostInstructions = 1000;

/// Whether it stays in the function, and reads no more of the group's place than can be replaced.
bool is_plain(const llvm::Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
  if (call == nullptr || llvm::isa<llvm::IntrinsicInst>(call)) return true;
  const auto op = instructions::device_op_in(*call);
  if (!op) return false;
  if (*op == DeviceOp::tid || *op == DeviceOp::ctaid)
    return llvm::isa<llvm::ConstantInt>(call->getArgOperand(0));
  const OpEffect effect = instructions::effect_of(*op);
  return effect == OpEffect::kPure || effect == OpEffect::kReads;
}

/// The loop, and what replaces the operations that ask for the group's place.
class BlockLoop {
 public:
  BlockLoop(llvm::Function& function, const Lanes& lanes)
      : function_(function),
        lanes_(lanes),
        ir_(function.getContext()),
        // What one block keeps in shared memory, another would find there.
        runs_abreast_(lanes.block[1] * lanes.block[2] > 1 && !asks(DeviceOp::shared_window)) {}

  void build() {
    body_ = &function_.getEntryBlock();
    entry_ = block("block", body_);
    ir_.SetInsertPoint(entry_);
    llvm::Value* first = runs_abreast_ ? ask(DeviceOp::first_block, {}) : nullptr;
    llvm::Value* count = runs_abreast_ ? ask(DeviceOp::blocks_abreast, {}) : nullptr;
    const Loop groups = begin_loop("group", entry_);
    find_place(groups.index);
    const Loop blocks = runs_abreast_ ? begin_loop("abreast", groups.header) : Loop{};
    if (runs_abreast_) ctaid_ = ir_.CreateAdd(first, blocks.index);
    ask(DeviceOp::place_group, {tid_[0], tid_[1], tid_[2], ctaid_ ? ctaid_ : constant(0)});
    ir_.CreateBr(body_);
    move_variables();
    answer_questions();

    llvm::BasicBlock* last = block("next");
    return_to(*last);
    if (runs_abreast_) last = end_loop(blocks, count, last);
    ir_.SetInsertPoint(end_loop(groups, constant(this->groups()), last));
    ir_.CreateRetVoid();
  }

  bool runs_abreast() const { return runs_abreast_; }

 private:
  struct Loop {
    llvm::BasicBlock* header = nullptr;
    llvm::PHINode* index = nullptr;
  };

  llvm::BasicBlock* block(const char* name, llvm::BasicBlock* before = nullptr) {
    return llvm::BasicBlock::Create(ir_.getContext(), name, &function_, before);
  }
  llvm::Value* ask(DeviceOp op, llvm::ArrayRef<llvm::Value*> arguments) {
    return ir_.CreateCall(instructions::declare_device_op(*function_.getParent(), op), arguments);
  }
  bool asks(DeviceOp op) const {
    return llvm::any_of(llvm::instructions(function_), [op](const llvm::Instruction& instruction) {
      return instructions::device_op_in(instruction) == op;
    });
  }

  Loop begin_loop(const char* name, llvm::BasicBlock* from) {
    Loop loop = {.header = block(name, body_)};
    ir_.CreateBr(loop.header);
    ir_.SetInsertPoint(loop.header);
    loop.index = ir_.CreatePHI(ir_.getInt32Ty(), 2, "index");
    loop.index->addIncoming(ir_.getInt32(0), from);
    return loop;
  }

  /// From the round's last block; what comes after the loop.
  llvm::BasicBlock* end_loop(const Loop& loop, llvm::Value* rounds, llvm::BasicBlock* latch) {
    llvm::BasicBlock* after = block("after");
    ir_.SetInsertPoint(latch);
    llvm::Value* next =
        ir_.CreateAdd(loop.index, constant(1), "", /*HasNUW=*/true, /*HasNSW=*/true);
    loop.index->addIncoming(next, latch);
    keep_rolled(*ir_.CreateCondBr(ir_.CreateICmpULT(next, rounds), loop.header, after));
    return after;
  }

  /// Variables are there once.
  void move_variables() {
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(*body_))
      if (llvm::isa<llvm::AllocaInst>(instruction))
        instruction.moveBefore(entry_->getTerminator()->getIterator());
  }

  std::uint32_t groups_of_row() const {
    return (lanes_.block[0] + lanes_.count - 1) / lanes_.count;
  }
  std::uint32_t threads() const { return lanes_.block[0] * lanes_.block[1] * lanes_.block[2]; }
  std::uint32_t groups() const {
    if (lanes_.grouping == Grouping::kRows)
      return groups_of_row() * lanes_.block[1] * lanes_.block[2];
    return (threads() + lanes_.count - 1) / lanes_.count;
  }

  llvm::Value* constant(std::uint32_t number) { return ir_.getInt32(number); }
  llvm::Value* product(llvm::Value* number, std::uint32_t by) {
    return ir_.CreateMul(number, constant(by));
  }
  llvm::Value* quotient(llvm::Value* number, std::uint32_t by) {
    return by == 1 ? number : ir_.CreateUDiv(number, constant(by));
  }
  /// Of the number times the unit.
  llvm::Value* rest(llvm::Value* number, std::uint32_t unit, std::uint32_t by) {
    if (unit % by == 0) return constant(0);
    return ir_.CreateURem(product(number, unit), constant(by));
  }
  llvm::Value* limited(llvm::Value* number) {
    return ir_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, number, constant(lanes_.count));
  }

  void find_place(llvm::Value* index) {
    const std::uint32_t width = lanes_.block[0], lanes = lanes_.count;
    llvm::Value *linear = nullptr, *row = nullptr;
    if (lanes_.grouping == Grouping::kRows) {
      row = quotient(index, groups_of_row());
      tid_[0] = product(rest(index, 1, groups_of_row()), lanes);
      linear = ir_.CreateAdd(product(row, width), tid_[0]);
      threads_ = limited(ir_.CreateSub(constant(width), tid_[0]));
      lane_ = ir_.CreateURem(linear, constant(CUDA_SHIM_WARP_SIZE));
    } else {
      linear = product(index, lanes);
      row = quotient(linear, width);
      tid_[0] = rest(index, lanes, width);
      threads_ = limited(ir_.CreateSub(constant(threads()), linear));
      lane_ = rest(index, lanes, CUDA_SHIM_WARP_SIZE);
    }
    const bool flat = lanes_.block[2] == 1;
    tid_[1] = lanes_.one_dimensional() ? constant(0) : flat ? row : rest(row, 1, lanes_.block[1]);
    tid_[2] = flat ? constant(0) : quotient(row, lanes_.block[1]);
    warp_ = quotient(linear, CUDA_SHIM_WARP_SIZE);
  }

  /// Null if the operation asks for nothing that has another answer now.
  llvm::Value* answer(const llvm::CallInst& call) const {
    const auto dimension = [&call] {
      return llvm::cast<llvm::ConstantInt>(call.getArgOperand(0))->getZExtValue();
    };
    switch (*instructions::device_op_in(call)) {
      case DeviceOp::tid:
        return tid_[dimension()];
      case DeviceOp::ctaid:
        return dimension() == 0 ? ctaid_ : nullptr;
      case DeviceOp::laneid:
        return lane_;
      case DeviceOp::warpid:
        return warp_;
      case DeviceOp::group_threads:
        return threads_;
      default:
        return nullptr;
    }
  }

  void answer_questions() {
    for (llvm::Instruction& instruction :
         llvm::make_early_inc_range(llvm::instructions(function_))) {
      if (instruction.getParent() == entry_ || !instructions::device_op_in(instruction)) continue;
      llvm::Value* known = answer(llvm::cast<llvm::CallInst>(instruction));
      if (known == nullptr) continue;
      instruction.replaceAllUsesWith(known);
      instruction.eraseFromParent();
    }
  }

  void return_to(llvm::BasicBlock& latch) {
    for (llvm::BasicBlock& block : function_)
      if (auto* returns = llvm::dyn_cast_or_null<llvm::ReturnInst>(block.getTerminator())) {
        ir_.SetInsertPoint(returns);
        ir_.CreateBr(&latch);
        returns->eraseFromParent();
      }
  }

  /// Groups are long enough: several of them would only be more code.
  static void keep_rolled(llvm::BranchInst& branch) {
    llvm::LLVMContext& context = branch.getContext();
    llvm::Metadata* no_unrolling =
        llvm::MDNode::get(context, llvm::MDString::get(context, "llvm.loop.unroll.disable"));
    llvm::MDNode* loop = llvm::MDNode::getDistinct(context, {nullptr, no_unrolling});
    loop->replaceOperandWith(0, loop);
    branch.setMetadata(llvm::LLVMContext::MD_loop, loop);
  }

  llvm::Function& function_;
  const Lanes& lanes_;
  llvm::IRBuilder<> ir_;
  const bool runs_abreast_;
  llvm::BasicBlock *body_ = nullptr, *entry_ = nullptr;
  llvm::Value* tid_[3] = {};
  llvm::Value* ctaid_ = nullptr;  ///< in x; null: as the operation says
  llvm::Value *lane_ = nullptr, *warp_ = nullptr, *threads_ = nullptr;
};

}  // namespace

std::uint32_t run_whole_blocks(llvm::Function& function, const Lanes& lanes) {
  if (!lanes.knows_block() || function.getInstructionCount() > kMostInstructions ||
      has_loops(function) || !llvm::all_of(llvm::instructions(function), is_plain))
    return 0;
  BlockLoop loop(function, lanes);
  loop.build();
  return CUDA_SHIM_KERNEL_RUNS_BLOCKS | (loop.runs_abreast() ? CUDA_SHIM_KERNEL_BLOCKS_ABREAST : 0);
}

}  // namespace cuda_shim::kernels::simd
