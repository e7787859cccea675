#pragma once
// LLVM's uniformity analysis on a machine that has no notion of lanes.

#include <llvm/ADT/DenseSet.h>
#include <llvm/Analysis/TargetTransformInfo.h>

#include "kernels/simd/lanes.h"

namespace cuda_shim::kernels::simd {

/// Values that are the same in all lanes though LLVM's rules do not say so.
using ProvenUniform = llvm::DenseSet<const llvm::Value*>;

/// What tells LLVM's passes where lanes begin to differ. Both arguments must outlive it.
llvm::TargetIRAnalysis lanes_as_target(const Lanes& lanes, const ProvenUniform& proven);

}  // namespace cuda_shim::kernels::simd
