#pragma once
// Kernels that return where they wait, and are resumed, instead of waiting on a stack of their own.

#include <llvm/Passes/OptimizationLevel.h>
#include <llvm/Target/TargetMachine.h>

#include "kernels/instructions/module_lowering.h"

namespace cuda_shim::kernels::targets::host {

/// Makes of the kernel, whose device operations are calls of the host's functions by now, one that
/// is resumed (host_abi.h), and says so in its facts; if it waits at all, and only in its own body
/// and in ways that allow for it. Else the kernel stays as it is.
void return_where_it_waits(instructions::LoweredKernel& kernel, llvm::TargetMachine& machine,
                           llvm::OptimizationLevel level);

}  // namespace cuda_shim::kernels::targets::host
