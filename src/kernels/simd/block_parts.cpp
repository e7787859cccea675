#include "kernels/simd/block_parts.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SetVector.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

#include <algorithm>
#include <cstddef>

#include "kernels/instructions/device_ops.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;

/// Bytes on the stack, which may be an application's thread's, for what a block's groups keep.
constexpr std::uint64_t kMostKept = 64 << 10;

/// Instructions that make a value again. What takes more is better kept.
constexpr unsigned kMostMadeAgain = 32;

bool is_zero(const llvm::Value* value) {
  const auto* number = llvm::dyn_cast<llvm::ConstantInt>(value);
  return number != nullptr && number->isZero();
}

/// Whether the same comes out of the same operands, whatever has happened in between. Not so of
/// `freeze`, which may choose anew.
bool gives_the_same(const llvm::Instruction& made) {
  if (llvm::isa<llvm::PHINode, llvm::AllocaInst, llvm::FreezeInst>(made)) return false;
  if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&made)) {
    const llvm::Value* base = load->getPointerOperand()->stripInBoundsConstantOffsets();
    return instructions::device_op_in(*base) == DeviceOp::parameters;
  }
  return !made.mayReadOrWriteMemory() && llvm::isSafeToSpeculativelyExecute(&made);
}

/// Whether the same comes out wherever the group asks, without much work.
bool can_be_made_again(const llvm::Instruction& made) {
  llvm::SmallSetVector<const llvm::Instruction*, kMostMadeAgain> needed;
  needed.insert(&made);
  for (std::size_t next = 0; next < needed.size(); ++next) {
    if (next == kMostMadeAgain || !gives_the_same(*needed[next])) return false;
    for (const llvm::Use& operand : needed[next]->operands())
      if (const auto* from = llvm::dyn_cast<llvm::Instruction>(operand.get())) needed.insert(from);
  }
  return true;
}

llvm::SmallVector<llvm::Instruction*> barriers_of(llvm::Function& function) {
  llvm::SmallVector<llvm::Instruction*> barriers;
  for (llvm::Instruction& instruction : llvm::instructions(function))
    if (is_block_barrier(instruction)) barriers.push_back(&instruction);
  return barriers;
}

/// Bytes that each group keeps from one part to another.
std::uint64_t kept_bytes(llvm::Function& function) {
  const llvm::SmallVector<llvm::Instruction*> barriers = barriers_of(function);
  const llvm::DominatorTree order(function);
  const auto part = [&](const llvm::Instruction& at) {
    return llvm::count_if(
        barriers, [&](const llvm::Instruction* each) { return order.dominates(each, &at); });
  };
  std::uint64_t bytes = 0;
  for (const llvm::Instruction& made : llvm::instructions(function)) {
    const auto goes_on = [&](const llvm::User* user) {
      return part(*llvm::cast<llvm::Instruction>(user)) != part(made);
    };
    if (llvm::any_of(made.users(), goes_on) && !can_be_made_again(made))
      bytes += function.getDataLayout().getTypeAllocSize(made.getType());
  }
  return bytes;
}

/// The way of values into one part after the other.
class Carrier {
 public:
  Carrier(llvm::ArrayRef<Part> parts, llvm::ArrayRef<llvm::Value*> indexes, std::uint32_t groups,
          llvm::BasicBlock& entry)
      : parts_(parts), indexes_(indexes), groups_(groups), entry_(entry), ir_(entry.getContext()) {
    for (const auto [number, part] : llvm::enumerate(parts))
      for (const llvm::BasicBlock* block : part.blocks) part_of_[block] = number;
  }

  void bring_into(std::size_t part) {
    here_ = part;
    known_.clear();
    llvm::SmallVector<llvm::Use*> uses;
    for (llvm::BasicBlock* block : parts_[part].blocks)
      for (llvm::Instruction& user : *block)
        for (llvm::Use& use : user.operands())
          if (is_from_elsewhere(use)) uses.push_back(&use);
    before_ = &*parts_[part].first->getFirstInsertionPt();
    for (llvm::Use* use : uses) use->set(brought(*llvm::cast<llvm::Instruction>(use->get())));
  }

 private:
  bool is_from_elsewhere(const llvm::Use& use) const {
    const auto* made = llvm::dyn_cast<llvm::Instruction>(use.get());
    if (made == nullptr) return false;
    const auto part = part_of_.find(made->getParent());
    return part != part_of_.end() && part->second != here_;
  }

  llvm::Value* brought(llvm::Instruction& made) {
    if (llvm::Value* known = known_.lookup(&made)) return known;
    llvm::Value* here = can_be_made_again(made) ? made_again(made) : kept(made);
    return known_[&made] = here;
  }

  llvm::Value* made_again(llvm::Instruction& made) {
    llvm::Instruction* again = made.clone();
    for (llvm::Use& use : again->operands())
      if (is_from_elsewhere(use)) use.set(brought(*llvm::cast<llvm::Instruction>(use.get())));
    again->insertBefore(before_->getIterator());
    return again;
  }

  llvm::Value* kept(llvm::Instruction& made) {
    llvm::AllocaInst*& array = arrays_[&made];
    if (array == nullptr) {
      ir_.SetInsertPoint(entry_.getTerminator());
      array = ir_.CreateAlloca(made.getType(), ir_.getInt32(groups_));
      ir_.SetInsertPoint(*made.getInsertionPointAfterDef());
      ir_.CreateStore(&made, place_in(*array, part_of_.lookup(made.getParent())));
    }
    ir_.SetInsertPoint(before_);
    return ir_.CreateLoad(made.getType(), place_in(*array, here_));
  }

  llvm::Value* place_in(llvm::AllocaInst& array, std::size_t part) {
    return ir_.CreateInBoundsGEP(array.getAllocatedType(), &array, indexes_[part]);
  }

  llvm::ArrayRef<Part> parts_;
  llvm::ArrayRef<llvm::Value*> indexes_;
  std::uint32_t groups_;
  llvm::BasicBlock& entry_;
  llvm::IRBuilder<> ir_;
  llvm::DenseMap<const llvm::BasicBlock*, std::size_t> part_of_;
  llvm::DenseMap<llvm::Instruction*, llvm::AllocaInst*> arrays_;
  std::size_t here_ = 0;
  llvm::Instruction* before_ = nullptr;
  llvm::DenseMap<llvm::Instruction*, llvm::Value*> known_;  ///< here
};

}  // namespace

bool is_block_barrier(const llvm::Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
  return call != nullptr && instructions::device_op_in(instruction) == DeviceOp::barrier_sync &&
         is_zero(call->getArgOperand(0)) && is_zero(call->getArgOperand(1));
}

bool can_be_taken_apart(llvm::Function& function, std::uint32_t groups) {
  if (barriers_of(function).empty()) return true;
  const llvm::PostDominatorTree after(function);
  const auto allows = [&](const llvm::Instruction& instruction) {
    if (is_block_barrier(instruction))
      return after.dominates(instruction.getParent(), &function.getEntryBlock());
    return !llvm::isa<llvm::AllocaInst>(instruction);
  };
  return llvm::all_of(llvm::instructions(function), allows) &&
         kept_bytes(function) * groups <= kMostKept;
}

llvm::SmallVector<Part> take_apart(llvm::Function& function) {
  llvm::SmallVector<llvm::Instruction*> barriers = barriers_of(function);
  // All groups come by them one after another.
  const llvm::DominatorTree order(function);
  llvm::sort(barriers, [&](const llvm::Instruction* one, const llvm::Instruction* other) {
    return one != other && order.dominates(one, other);
  });
  llvm::SmallVector<Part> parts(1);
  parts.front().first = &function.getEntryBlock();
  for (llvm::Instruction* barrier : barriers) {
    Part next;
    parts.back().last = barrier->getParent();
    next.first = llvm::SplitBlock(barrier->getParent(), barrier->getNextNode());
    barrier->eraseFromParent();
    parts.push_back(std::move(next));
  }
  const llvm::DominatorTree dominators(function);
  for (llvm::BasicBlock& block : function) {
    const auto belongs = [&](const Part& part) { return dominators.dominates(part.first, &block); };
    std::find_if(parts.rbegin(), parts.rend(), belongs)->blocks.push_back(&block);
  }
  return parts;
}

void carry_values(llvm::ArrayRef<Part> parts, llvm::ArrayRef<llvm::Value*> indexes,
                  std::uint32_t groups, llvm::BasicBlock& entry) {
  Carrier carrier(parts, indexes, groups, entry);
  for (std::size_t part = 1; part < parts.size(); ++part) carrier.bring_into(part);
}

}  // namespace cuda_shim::kernels::simd
