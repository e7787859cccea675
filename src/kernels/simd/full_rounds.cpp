// The first part is a copy of the loop before it. Whether all lanes take part in a round is asked
// by group_all of intrinsics.def, whose answer is the same for all lanes.

#include "kernels/simd/full_rounds.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/LCSSA.h>
#include <llvm/Transforms/Utils/LoopSimplify.h>
#include <llvm/Transforms/Utils/ValueMapper.h>

#include <optional>

#include "kernels/instructions/device_ops.h"
#include "kernels/passes/analyses.h"
#include "kernels/simd/copies.h"
#include "kernels/simd/shape_analysis.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;

/// A longer loop gains little, and would be there twice.
constexpr unsigned kMostInstructions = 160;

/// What a loop counts: another round follows while `next` compares with `bound` so.
struct Count {
  llvm::PHINode* counter;
  llvm::Value* next;
  llvm::Value* bound;
  llvm::CmpInst::Predicate predicate;
};

std::optional<Count> count_of(const llvm::Loop& loop, const ShapeAnalysis& shapes) {
  const auto* branch = llvm::dyn_cast<llvm::BranchInst>(loop.getLoopLatch()->getTerminator());
  if (branch == nullptr || !branch->isConditional()) return std::nullopt;
  const auto* compare = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
  if (compare == nullptr || !compare->isRelational()) return std::nullopt;
  auto predicate = compare->getPredicate();
  llvm::Value *next = compare->getOperand(0), *bound = compare->getOperand(1);
  if (shapes.is_uniform(next)) {
    std::swap(next, bound);
    predicate = llvm::CmpInst::getSwappedPredicate(predicate);
  }
  if (branch->getSuccessor(0) != loop.getHeader())
    predicate = llvm::CmpInst::getInversePredicate(predicate);
  const Shape shape = shapes.of(next);
  if (!shape.is_affine() || !shapes.is_uniform(bound) || !loop.isLoopInvariant(bound))
    return std::nullopt;
  for (llvm::PHINode& phi : loop.getHeader()->phis())
    if (phi.getIncomingValueForBlock(loop.getLoopLatch()) == next)
      return Count{&phi, next, bound, predicate};
  return std::nullopt;
}

bool can_be_copied(const llvm::Loop& loop) {
  std::size_t size = 0;
  for (const llvm::BasicBlock* block : loop.blocks()) size += block->size();
  return size <= kMostInstructions &&
         llvm::all_of(loop.blocks(), [](const auto* block) { return simd::can_be_copied(*block); });
}

/// Both parts of one loop, and the blocks between them:
///
///   before -> copy -> after_copy -> between -> loop -> exit -> behind
///      \____________________________/ \__________________/
class Parts {
 public:
  Parts(llvm::Loop& loop, const Count& count, llvm::DominatorTree& dominators,
        llvm::LoopInfo& loops)
      : loop_(loop),
        count_(count),
        dominators_(dominators),
        loops_(loops),
        latch_(loop.getLoopLatch()),
        before_(loop.getLoopPreheader()),
        exit_(loop.getUniqueExitBlock()) {}

  void set_apart() {
    llvm::Value* start = count_.counter->getIncomingValueForBlock(before_);
    llvm::BasicBlock* into_rest =
        llvm::SplitEdge(before_, loop_.getHeader(), &dominators_, &loops_);
    between_ = llvm::SplitEdge(before_, into_rest, &dominators_, &loops_);
    copy();
    llvm::Instruction* end = before_->getTerminator();
    llvm::IRBuilder<> ir(end);
    ir.CreateCondBr(all_continue(ir, start), llvm::cast<llvm::BasicBlock>(map_[into_rest]),
                    between_);
    end->eraseFromParent();
    llvm::Value* more = leave_copy();
    continue_from_copy(into_rest);
    meet_behind();
    choose_rest(more, into_rest);
  }

 private:
  llvm::Value* continues(llvm::IRBuilder<>& ir, llvm::Value* next) {
    return ir.CreateICmp(count_.predicate, next, count_.bound);
  }
  llvm::Value* all_continue(llvm::IRBuilder<>& ir, llvm::Value* next) {
    llvm::Function* ask =
        instructions::declare_device_op(*before_->getModule(), DeviceOp::group_all);
    return ir.CreateCall(ask, {continues(ir, next)});
  }
  llvm::Value* in_copy(llvm::Value* value) {
    const auto copied = map_.find(value);
    return copied != map_.end() ? static_cast<llvm::Value*>(copied->second) : value;
  }

  void copy() {
    llvm::SmallVector<llvm::BasicBlock*> blocks;
    llvm::cloneLoopWithPreheader(between_, before_, &loop_, map_, ".full", &loops_, &dominators_,
                                 blocks);
    llvm::remapInstructionsInBlocks(blocks, map_);
  }

  /// Gives whether a lane goes on when not all do.
  llvm::Value* leave_copy() {
    auto* latch = llvm::cast<llvm::BasicBlock>(map_[latch_]);
    after_copy_ = llvm::BasicBlock::Create(latch->getContext(), "full.end", latch->getParent());
    llvm::Instruction* end = latch->getTerminator();
    llvm::IRBuilder<> ir(end);
    llvm::Value* next = in_copy(count_.next);
    ir.CreateCondBr(all_continue(ir, next), llvm::cast<llvm::BasicBlock>(map_[loop_.getHeader()]),
                    after_copy_);
    end->eraseFromParent();
    ir.SetInsertPoint(after_copy_);
    llvm::Value* more = continues(ir, next);
    ir.CreateBr(between_);
    return more;
  }

  /// What is there between the parts: `first` if the copy did not run.
  llvm::PHINode* between(llvm::Value* first, llvm::Value* of_copy) {
    llvm::PHINode* phi = llvm::PHINode::Create(first->getType(), 2, "", between_->begin());
    phi->addIncoming(first, before_);
    phi->addIncoming(of_copy, after_copy_);
    return phi;
  }

  void continue_from_copy(llvm::BasicBlock* into_rest) {
    for (llvm::PHINode& phi : loop_.getHeader()->phis())
      phi.setIncomingValueForBlock(into_rest,
                                   between(phi.getIncomingValueForBlock(into_rest),
                                           in_copy(phi.getIncomingValueForBlock(latch_))));
  }

  void meet_behind() {
    behind_ = llvm::SplitBlock(exit_, exit_->getFirstNonPHIIt());
    for (llvm::PHINode& left : exit_->phis()) {
      llvm::Value* of_copy = in_copy(left.getIncomingValueForBlock(latch_));
      llvm::PHINode* met = llvm::PHINode::Create(left.getType(), 2, "", behind_->begin());
      left.replaceAllUsesWith(met);
      met->addIncoming(&left, exit_);
      met->addIncoming(between(llvm::PoisonValue::get(left.getType()), of_copy), between_);
    }
  }

  /// The loop runs once, whatever it counts, if the copy has not.
  void choose_rest(llvm::Value* more, llvm::BasicBlock* into_rest) {
    llvm::PHINode* runs = between(llvm::ConstantInt::getTrue(more->getContext()), more);
    llvm::Instruction* end = between_->getTerminator();
    llvm::IRBuilder<>(end).CreateCondBr(runs, into_rest, behind_);
    end->eraseFromParent();
  }

  llvm::Loop& loop_;
  const Count& count_;
  llvm::DominatorTree& dominators_;
  llvm::LoopInfo& loops_;
  llvm::BasicBlock *latch_, *before_, *exit_;
  llvm::BasicBlock *between_ = nullptr, *after_copy_ = nullptr, *behind_ = nullptr;
  llvm::ValueToValueMapTy map_;
};

/// The first such loop that is not among those that are done; whether there was one.
bool set_one_apart(llvm::Function& function, const Lanes& lanes,
                   llvm::SmallPtrSetImpl<const llvm::BasicBlock*>& done) {
  passes::Analyses analyses;
  llvm::LoopSimplifyPass().run(function, analyses.functions);
  llvm::LCSSAPass().run(function, analyses.functions);
  auto& dominators = analyses.functions.getResult<llvm::DominatorTreeAnalysis>(function);
  auto& loops = analyses.functions.getResult<llvm::LoopAnalysis>(function);
  std::optional<ShapeAnalysis> shapes;
  for (llvm::Loop* loop : loops.getLoopsInPreorder()) {
    if (!loop->isInnermost() || done.contains(loop->getHeader())) continue;
    done.insert(loop->getHeader());
    if (!loop->isLoopSimplifyForm() || loop->getExitingBlock() != loop->getLoopLatch() ||
        loop->getUniqueExitBlock() == nullptr || !can_be_copied(*loop))
      continue;
    if (!shapes) shapes.emplace(function, lanes);
    const std::optional<Count> count = count_of(*loop, *shapes);
    if (!count) continue;
    const llvm::BasicBlock* last = &function.back();
    Parts(*loop, *count, dominators, loops).set_apart();
    for (const llvm::BasicBlock* made = last->getNextNode(); made; made = made->getNextNode())
      done.insert(made);
    return true;
  }
  return false;
}

}  // namespace

void set_full_rounds_apart(llvm::Function& function, const Lanes& lanes) {
  if (lanes.count == 1) return;
  llvm::SmallPtrSet<const llvm::BasicBlock*, 8> done;
  while (set_one_apart(function, lanes, done)) {
  }
}

}  // namespace cuda_shim::kernels::simd
