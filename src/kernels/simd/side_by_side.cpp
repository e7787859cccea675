// LLVM's LoadStoreVectorizer on a machine whose registers are as wide as the lanes are apart, once
// for each distance that occurs.

#include "kernels/simd/side_by_side.h"

#include <llvm/Analysis/TargetTransformInfoImpl.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/Transforms/Vectorize/LoadStoreVectorizer.h>

#include <memory>
#include <set>

#include "kernels/passes/analyses.h"
#include "kernels/simd/shape_analysis.h"

namespace cuda_shim::kernels::simd {
namespace {

/// Bytes that a thread may access at once; and bytes that are worth it, though they leave a gap.
constexpr std::int64_t kWidest = 64, kWorthIt = 16;

/// How far apart the lanes' accesses are if each leaves a gap of its own size or more; else 0.
std::int64_t gap_of(const llvm::Instruction& access, const ShapeAnalysis& shapes) {
  llvm::Type* type = llvm::getLoadStoreType(&access);
  if (type->isVectorTy()) return 0;
  const Shape shape = shapes.of(llvm::getLoadStorePointerOperand(&access));
  if (shape.varying) return 0;
  const auto bytes =
      static_cast<std::int64_t>(access.getDataLayout().getTypeStoreSize(type).getFixedValue());
  return shape.stride > bytes && shape.stride % bytes == 0 ? shape.stride : 0;
}

class LanesApart final : public llvm::TargetTransformInfoImplBase {
 public:
  LanesApart(const llvm::DataLayout& layout, const ShapeAnalysis& shapes, std::int64_t distance)
      : TargetTransformInfoImplBase(layout), shapes_(shapes), distance_(distance) {}

  unsigned getLoadStoreVecRegBitWidth(unsigned) const override {
    return static_cast<unsigned>(std::min(distance_, kWidest) * 8);
  }
  bool isLegalToVectorizeLoad(llvm::LoadInst* load) const override {
    return gap_of(*load, shapes_) == distance_;
  }
  bool isLegalToVectorizeStore(llvm::StoreInst* store) const override {
    return gap_of(*store, shapes_) == distance_;
  }
  bool isLegalToVectorizeLoadChain(unsigned bytes, llvm::Align, unsigned) const override {
    return is_worth_it(bytes);
  }
  bool isLegalToVectorizeStoreChain(unsigned bytes, llvm::Align, unsigned) const override {
    return is_worth_it(bytes);
  }
  bool allowsMisalignedMemoryAccesses(llvm::LLVMContext&, unsigned, unsigned, llvm::Align,
                                      unsigned* fast) const override {
    if (fast != nullptr) *fast = 1;
    return true;
  }

 private:
  bool is_worth_it(std::int64_t bytes) const { return bytes == distance_ || bytes >= kWorthIt; }

  const ShapeAnalysis& shapes_;
  std::int64_t distance_;
};

}  // namespace

void join_side_by_side(llvm::Function& function, const Lanes& lanes) {
  const ShapeAnalysis shapes(function, lanes);
  std::set<std::int64_t> distances;
  for (const llvm::Instruction& instruction : llvm::instructions(function))
    if (llvm::isa<llvm::LoadInst, llvm::StoreInst>(instruction))
      distances.insert(gap_of(instruction, shapes));
  distances.erase(0);
  for (const std::int64_t distance : distances) {
    passes::Analyses analyses(llvm::TargetIRAnalysis([&](const llvm::Function& of) {
      return llvm::TargetTransformInfo(
          std::make_unique<LanesApart>(of.getDataLayout(), shapes, distance));
    }));
    llvm::LoadStoreVectorizerPass().run(function, analyses.functions);
  }
}

}  // namespace cuda_shim::kernels::simd
