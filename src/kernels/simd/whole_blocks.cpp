// Groups come in the order of devices/cpu/groups.h. What the engine's structure says of the group
// is kept true by place_group, for whoever reports a fault.

#include "kernels/simd/whole_blocks.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>

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
  if (*op == DeviceOp::tid) return llvm::isa<llvm::ConstantInt>(call->getArgOperand(0));
  const OpEffect effect = instructions::effect_of(*op);
  return effect == OpEffect::kPure || effect == OpEffect::kReads;
}

/// The loop, and what replaces the operations that ask for the group's place.
class BlockLoop {
 public:
  BlockLoop(llvm::Function& function, const Lanes& lanes)
      : function_(function), lanes_(lanes), ir_(function.getContext()) {}

  void build() {
    llvm::BasicBlock& body = function_.getEntryBlock();
    auto* entry = llvm::BasicBlock::Create(ir_.getContext(), "block", &function_, &body);
    auto* header = llvm::BasicBlock::Create(ir_.getContext(), "group", &function_, &body);
    ir_.SetInsertPoint(entry);
    ir_.CreateBr(header);
    move_variables(body, *entry);
    ir_.SetInsertPoint(header);
    llvm::PHINode* index = ir_.CreatePHI(ir_.getInt32Ty(), 2, "index");
    index->addIncoming(ir_.getInt32(0), entry);
    find_place(index);
    ask_for_place();
    ir_.CreateCall(operation(DeviceOp::place_group), tid_);
    ir_.CreateBr(&body);
    end_round(index);
  }

 private:
  llvm::Function* operation(DeviceOp op) {
    return instructions::declare_device_op(*function_.getParent(), op);
  }

  /// Variables are there once.
  static void move_variables(llvm::BasicBlock& from, llvm::BasicBlock& to) {
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(from))
      if (llvm::isa<llvm::AllocaInst>(instruction))
        instruction.moveBefore(to.getTerminator()->getIterator());
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

  llvm::Value* answer(const llvm::CallInst& call) const {
    switch (*instructions::device_op_in(call)) {
      case DeviceOp::tid:
        return tid_[llvm::cast<llvm::ConstantInt>(call.getArgOperand(0))->getZExtValue()];
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

  void ask_for_place() {
    for (llvm::Instruction& instruction :
         llvm::make_early_inc_range(llvm::instructions(function_))) {
      if (!instructions::device_op_in(instruction)) continue;
      llvm::Value* known = answer(llvm::cast<llvm::CallInst>(instruction));
      if (known == nullptr) continue;
      instruction.replaceAllUsesWith(known);
      instruction.eraseFromParent();
    }
  }

  void end_round(llvm::PHINode* index) {
    llvm::BasicBlock* header = index->getParent();
    auto* latch = llvm::BasicBlock::Create(ir_.getContext(), "next", &function_);
    auto* end = llvm::BasicBlock::Create(ir_.getContext(), "end", &function_);
    for (llvm::BasicBlock& block : function_)
      if (auto* returns = llvm::dyn_cast_or_null<llvm::ReturnInst>(block.getTerminator())) {
        ir_.SetInsertPoint(returns);
        ir_.CreateBr(latch);
        returns->eraseFromParent();
      }
    ir_.SetInsertPoint(latch);
    llvm::Value* next = ir_.CreateAdd(index, constant(1), "", /*HasNUW=*/true, /*HasNSW=*/true);
    index->addIncoming(next, latch);
    llvm::BranchInst* branch =
        ir_.CreateCondBr(ir_.CreateICmpULT(next, constant(groups())), header, end);
    keep_rolled(*branch);
    ir_.SetInsertPoint(end);
    ir_.CreateRetVoid();
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
  llvm::Value* tid_[3] = {};
  llvm::Value *lane_ = nullptr, *warp_ = nullptr, *threads_ = nullptr;
};

}  // namespace

bool run_whole_blocks(llvm::Function& function, const Lanes& lanes) {
  if (!lanes.knows_block() || function.getInstructionCount() > kMostInstructions ||
      has_loops(function) || !llvm::all_of(llvm::instructions(function), is_plain))
    return false;
  BlockLoop(function, lanes).build();
  return true;
}

}  // namespace cuda_shim::kernels::simd
