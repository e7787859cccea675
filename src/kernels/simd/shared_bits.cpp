#include "kernels/simd/shared_bits.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/PatternMatch.h>

#include "kernels/simd/shape_analysis.h"

namespace cuda_shim::kernels::simd {

void expose_shared_bits(llvm::Function& function, const Lanes& lanes) {
  using namespace llvm::PatternMatch;
  const ShapeAnalysis shapes(function, lanes);
  for (llvm::Instruction& each : llvm::make_early_inc_range(llvm::instructions(function))) {
    llvm::Value* value = nullptr;
    std::uint64_t distance = 0, mask = 0;
    const bool matches =
        match(&each, m_And(m_LShr(m_Value(value), m_ConstantInt(distance)), m_ConstantInt(mask)));
    if (!matches || distance >= each.getType()->getIntegerBitWidth()) continue;
    const Shape shape = shapes.of(value);
    const std::uint64_t taken = mask << distance;
    if (!shape.is_affine() ||
        !shape.stays_within_span(lanes.count, value->getType()->getIntegerBitWidth()))
      continue;
    if (taken >> distance != mask || (taken & (shape.span(lanes.count) - 1)) != 0) continue;
    llvm::IRBuilder<> ir(&each);
    each.replaceAllUsesWith(ir.CreateLShr(ir.CreateAnd(value, taken), distance));
    each.eraseFromParent();
  }
}

}  // namespace cuda_shim::kernels::simd
