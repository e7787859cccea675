#pragma once
// Atomic updates, for the chapters that update memory besides atom and red: st.async's sibling
// red.async, bulk reductions and multimem.

#include "kernels/instructions/lowering.h"

namespace cuda_shim::kernels::instructions {

/// Updates memory at `pointer` with `operand`, of the first type among the modifiers, by the
/// operation that they name; returns what was there.
llvm::Value* atomic_update(Lowering& lowering, llvm::Value* pointer, llvm::Value* operand);

/// red [a], b with one element or a vector of them, one by one.
Status lower_red_elements(Lowering& lowering);

}  // namespace cuda_shim::kernels::instructions
