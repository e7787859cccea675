// Looks for branches on `counting == wanted`, alone or with other conditions. What the taken edge
// dominates is such a region.

#include "kernels/simd/lone_lane.h"

#include <llvm/IR/PatternMatch.h>

#include <optional>

namespace cuda_shim::kernels::simd {
namespace {

using namespace llvm::PatternMatch;

/// Whether no two lanes have the same value.
bool counts(const llvm::Value* value, const Lanes& lanes, const ShapeAnalysis& shapes) {
  const Shape shape = shapes.of(value);
  if (!shape.is_affine() || !shape.is_sure() || !value->getType()->isIntegerTy()) return false;
  const unsigned bits = value->getType()->getIntegerBitWidth();
  return bits >= 64 || shape.span(lanes.count) >> bits == 0;
}

class Search {
 public:
  Search(const Lanes& lanes, const ShapeAnalysis& shapes) : lanes_(lanes), shapes_(shapes) {}

  /// The lane for which alone `condition` may be `outcome`.
  std::optional<LoneLane> lane(llvm::Value* condition, bool outcome) const {
    llvm::Value *one = nullptr, *other = nullptr;
    if (match(condition, m_Not(m_Value(one)))) return lane(one, !outcome);
    const bool both = outcome ? match(condition, m_LogicalAnd(m_Value(one), m_Value(other)))
                              : match(condition, m_LogicalOr(m_Value(one), m_Value(other)));
    if (both) {
      const auto found = lane(one, outcome);
      return found ? found : lane(other, outcome);
    }
    const auto equal = outcome ? llvm::CmpInst::ICMP_EQ : llvm::CmpInst::ICMP_NE;
    if (!match(condition, m_SpecificICmp(equal, m_Value(one), m_Value(other)))) return std::nullopt;
    if (counts(one, lanes_, shapes_) && shapes_.is_uniform(other)) return LoneLane{one, other};
    if (counts(other, lanes_, shapes_) && shapes_.is_uniform(one)) return LoneLane{other, one};
    return std::nullopt;
  }

 private:
  const Lanes& lanes_;
  const ShapeAnalysis& shapes_;
};

}  // namespace

LoneLanes::LoneLanes(const llvm::Function& function, const Lanes& lanes,
                     const ShapeAnalysis& shapes, const llvm::DominatorTree& dominators,
                     const llvm::LoopInfo& loops) {
  const Search search(lanes, shapes);
  for (const llvm::BasicBlock& block : function) {
    const auto* branch = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
    if (branch == nullptr || !branch->isConditional() || !shapes.parts(block)) continue;
    for (const unsigned way : {0u, 1u}) {
      const llvm::BasicBlock* region = branch->getSuccessor(way);
      if (region->getSinglePredecessor() != &block) continue;
      // Behind a loop, the lanes that have left it one by one are together again.
      if (const llvm::Loop* loop = loops.getLoopFor(&block); loop && !loop->contains(region))
        continue;
      const auto found = search.lane(branch->getCondition(), way == 0);
      if (!found) continue;
      llvm::SmallVector<llvm::BasicBlock*> inside;
      dominators.getDescendants(const_cast<llvm::BasicBlock*>(region), inside);
      for (const llvm::BasicBlock* part : inside) regions_.try_emplace(part, *found);
    }
  }
}

const LoneLane* LoneLanes::of(const llvm::BasicBlock* block) const {
  const auto found = regions_.find(block);
  return found != regions_.end() ? &found->second : nullptr;
}

}  // namespace cuda_shim::kernels::simd
