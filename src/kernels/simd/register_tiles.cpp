#include "kernels/simd/register_tiles.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Transforms/Vectorize/SLPVectorizer.h>

#include "kernels/passes/analyses.h"

namespace cuda_shim::kernels::simd {
namespace {

/// With fewer sums, what vectors of them need elsewhere costs more than they gain.
constexpr std::ptrdiff_t kLeastSums = 8;

bool has_tile(const llvm::Function& function) {
  return llvm::any_of(function, [](const llvm::BasicBlock& block) {
    return llvm::count_if(block.phis(), [](const llvm::PHINode& phi) {
             return phi.getType()->isFloatingPointTy();
           }) >= kLeastSums;
  });
}

}  // namespace

void join_sums(llvm::Function& function, llvm::TargetMachine& machine) {
  if (!has_tile(function)) return;
  passes::Optimiser optimiser(*function.getParent(), &machine);
  llvm::SLPVectorizerPass().run(function, optimiser.analyses.functions);
}

}  // namespace cuda_shim::kernels::simd
