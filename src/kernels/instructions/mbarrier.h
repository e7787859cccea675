#pragma once
// What instructions that complete on an mbarrier object do to it.

#include "kernels/instructions/lowering.h"

namespace cuda_shim::kernels::instructions {

/// Takes `bytes` (i64) off what the barrier's phase still waits for: complete_tx.
void complete_transactions(Lowering& lowering, llvm::Value* barrier, llvm::Value* bytes);

}  // namespace cuda_shim::kernels::instructions
