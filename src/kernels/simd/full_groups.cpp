#include "kernels/simd/full_groups.h"

#include <llvm/ADT/SetVector.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/PatternMatch.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/ValueMapper.h>

#include <optional>

#include "kernels/instructions/device_ops.h"
#include "kernels/simd/copies.h"
#include "kernels/simd/shape_analysis.h"

namespace cuda_shim::kernels::simd {
namespace {

using Blocks = llvm::SmallSetVector<llvm::BasicBlock*, 8>;

/// More gains little, and would be there twice.
constexpr unsigned kMostInstructions = 200;

/// A branch one of whose ways ends the thread.
struct Bounds {
  llvm::BranchInst* branch;
  unsigned way_in;  ///< number of the other's successor
};

bool ends_thread(const llvm::BasicBlock& block) {
  return llvm::isa<llvm::ReturnInst>(block.front());
}

/// Whether the condition can come out as wanted in all lanes: not where one lane is asked for.
bool may_come_out(llvm::Value* condition, bool wanted, const ShapeAnalysis& shapes) {
  using namespace llvm::PatternMatch;
  llvm::Value *one = nullptr, *other = nullptr;
  if (match(condition, m_Not(m_Value(one)))) return may_come_out(one, !wanted, shapes);
  if (wanted ? match(condition, m_LogicalAnd(m_Value(one), m_Value(other)))
             : match(condition, m_LogicalOr(m_Value(one), m_Value(other))))
    return may_come_out(one, wanted, shapes) && may_come_out(other, wanted, shapes);
  const auto* compare = llvm::dyn_cast<llvm::ICmpInst>(condition);
  const auto equal = wanted ? llvm::CmpInst::ICMP_EQ : llvm::CmpInst::ICMP_NE;
  return compare == nullptr || compare->getPredicate() != equal || shapes.is_uniform(condition);
}

std::optional<Bounds> bounds_at(llvm::BasicBlock& block, const ShapeAnalysis& shapes) {
  auto* branch = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
  if (branch == nullptr || !branch->isConditional() || !shapes.parts(block)) return std::nullopt;
  for (unsigned way = 0; way < 2; ++way)
    if (ends_thread(*branch->getSuccessor(1 - way)) &&
        branch->getSuccessor(way)->getSinglePredecessor() == &block &&
        may_come_out(branch->getCondition(), way == 0, shapes))
      return Bounds{branch, way};
  return std::nullopt;
}

/// The first such branch, which no other parting one comes before.
std::optional<Bounds> find_bounds(llvm::Function& function, const ShapeAnalysis& shapes) {
  llvm::BasicBlock* block = &function.getEntryBlock();
  while (block != nullptr && !shapes.parts(*block)) block = block->getSingleSuccessor();
  return block != nullptr ? bounds_at(*block, shapes) : std::nullopt;
}

/// All behind the branch but the end; nothing if it is not to be copied.
Blocks work_behind(const Bounds& bounds) {
  Blocks work;
  work.insert(bounds.branch->getSuccessor(bounds.way_in));
  std::size_t size = 0;
  for (std::size_t i = 0; i < work.size(); ++i) {
    size += work[i]->size();
    if (size > kMostInstructions || !can_be_copied(*work[i])) return {};
    for (llvm::BasicBlock* next : llvm::successors(work[i]))
      if (!ends_thread(*next)) work.insert(next);
  }
  return work;
}

/// Gives the copy's first block.
llvm::BasicBlock* copy(const Blocks& work) {
  llvm::ValueToValueMapTy map;
  llvm::SmallVector<llvm::BasicBlock*> copies;
  for (llvm::BasicBlock* block : work) {
    copies.push_back(llvm::CloneBasicBlock(block, map, ".full", block->getParent()));
    map[block] = copies.back();
  }
  llvm::remapInstructionsInBlocks(copies, map);
  return copies.front();
}

void choose(const Bounds& bounds, llvm::BasicBlock* full) {
  llvm::BranchInst* branch = bounds.branch;
  llvm::BasicBlock* before = branch->getParent();
  llvm::BasicBlock* some =
      llvm::BasicBlock::Create(before->getContext(), "some", before->getParent());
  llvm::IRBuilder<> ir(branch);
  llvm::Value* inside = branch->getCondition();
  if (bounds.way_in == 1) inside = ir.CreateNot(inside);
  llvm::Function* ask =
      instructions::declare_device_op(*before->getModule(), instructions::DeviceOp::group_all);
  ir.CreateCondBr(ir.CreateCall(ask, {inside}), full, some);
  branch->getSuccessor(bounds.way_in)->replacePhiUsesWith(before, some);
  branch->removeFromParent();
  branch->insertInto(some, some->end());
}

}  // namespace

void set_full_groups_apart(llvm::Function& function, const Lanes& lanes) {
  if (lanes.count == 1 || has_loops(function)) return;
  std::optional<Bounds> bounds;
  {
    const ShapeAnalysis shapes(function, lanes);
    bounds = find_bounds(function, shapes);
  }
  if (!bounds) return;
  if (const Blocks work = work_behind(*bounds); !work.empty()) choose(*bounds, copy(work));
}

}  // namespace cuda_shim::kernels::simd
