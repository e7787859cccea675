// Whether something holds for all lanes of a group, by as few numbers as will do.

#include <llvm/IR/PatternMatch.h>

#include "kernels/simd/emission.h"

namespace cuda_shim::kernels::simd {

/// Of a comparison of numbers that count up or down from lane to lane, or within rows, with one
/// that these share: whether it comes out as wanted for the lanes for which it fails first. Null if
/// the comparison is another one.
llvm::Value* Emission::outermost_compare(llvm::ICmpInst& compare, bool wanted) {
  auto predicate = wanted ? compare.getPredicate() : compare.getInversePredicate();
  llvm::Value *counting = compare.getOperand(0), *bound = compare.getOperand(1);
  if (shapes_.of(counting).stride == 0) {
    std::swap(counting, bound);
    predicate = llvm::CmpInst::getSwappedPredicate(predicate);
  }
  const Shape counts = shapes_.of(counting), shared = shapes_.of(bound);
  if (counts.varying || shared.varying || shared.stride != 0) return nullptr;
  if (counts.stride != 0 && (!compare.isRelational() || !counting->getType()->isIntegerTy()))
    return nullptr;
  const bool by_rows = counts.by_rows || shared.by_rows;
  const std::int64_t way = counts.stride * ((by_rows ? lanes_.row : lanes_.count) - 1);
  const unsigned width = counting->getType()->getScalarSizeInBits();
  // Numbers that go round on their way cannot be told by their ends.
  if (way != 0 && !llvm::isUIntN(width, static_cast<std::uint64_t>(std::llabs(way))))
    return nullptr;
  const bool last_decides =
      (way > 0) == (llvm::ICmpInst::isLT(predicate) || llvm::ICmpInst::isLE(predicate));
  llvm::Value* holds = all_of(guard(counting), guard(bound));
  for (unsigned row = 0; row < (by_rows ? lanes_.rows() : 1); ++row) {
    llvm::Value *first = row_scalar(counting, row), *limit = row_scalar(bound, row);
    if (first == nullptr || limit == nullptr) return nullptr;
    holds =
        all_of(holds, ir_.CreateICmp(predicate, last_decides ? moved(first, way) : first, limit));
    if (way != 0)
      holds = all_of(holds, does_not_wrap(first, way, llvm::CmpInst::isSigned(predicate)));
  }
  return holds;
}

/// Whether the condition comes out as wanted in all lanes, were they all active.
llvm::Value* Emission::comes_out(llvm::Value* condition, bool wanted) {
  using namespace llvm::PatternMatch;
  llvm::Value *one = nullptr, *other = nullptr;
  if (is_uniform(condition)) return wanted ? scalar(condition) : ir_.CreateNot(scalar(condition));
  if (match(condition, m_Not(m_Value(one)))) return comes_out(one, !wanted);
  if (wanted ? match(condition, m_LogicalAnd(m_Value(one), m_Value(other)))
             : match(condition, m_LogicalOr(m_Value(one), m_Value(other))))
    return ir_.CreateAnd(comes_out(one, wanted), comes_out(other, wanted));
  if (auto* compare = llvm::dyn_cast<llvm::ICmpInst>(condition))
    if (llvm::Value* holds = outermost_compare(*compare, wanted)) return holds;
  return wanted ? ir_.CreateAndReduce(vector(condition))
                : ir_.CreateNot(ir_.CreateOrReduce(vector(condition)));
}

llvm::Value* Emission::emit_group_all(llvm::CallInst& call) {
  llvm::Value* holds = comes_out(call.getArgOperand(0), true);
  llvm::Value* mask = masks_.lookup(current_);
  return mask != nullptr ? ir_.CreateAnd(ir_.CreateAndReduce(mask), holds) : holds;
}

}  // namespace cuda_shim::kernels::simd
