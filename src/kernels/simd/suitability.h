#pragma once
// Kernels that lockstep cannot run: where lanes of one warp wait for each other in different
// places.

#include <llvm/IR/Function.h>

#include <optional>
#include <string>

#include "kernels/simd/shape_analysis.h"

namespace cuda_shim::kernels::simd {

/// Whether lanes of a warp talk to each other, or warps wait for each other, so that a group has to
/// be a whole warp.
bool uses_warp(const llvm::Function& function);

/// Why the function cannot run in lockstep; nothing if it can. Before its control flow is
/// structured.
std::optional<std::string> why_not_in_lockstep(llvm::Function& function,
                                               const ShapeAnalysis& shapes, unsigned lanes);

}  // namespace cuda_shim::kernels::simd
