#pragma once
// What the scalar and the SIMD video instructions have in common.

#include <llvm/IR/InstrTypes.h>

#include <optional>

#include "kernels/instructions/lowering.h"

namespace cuda_shim::kernels::instructions {

/// The comparison that vset's modifiers name, for operands that were made wide enough to compare as
/// signed numbers; nothing if none is named.
std::optional<llvm::CmpInst::Predicate> video_comparison(const Lowering& l);

}  // namespace cuda_shim::kernels::instructions
