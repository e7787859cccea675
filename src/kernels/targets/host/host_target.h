#pragma once
// The host CPU as a target.

#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include <memory>

#include "cuda_shim/device.h"
#include "cuda_shim/status.h"
#include "kernels/instructions/module_lowering.h"

namespace cuda_shim::kernels::targets::host {

/// The code generator for a target description. Errors: kInvalidValue naming the triple.
Result<std::unique_ptr<llvm::TargetMachine>> create_machine(const cuda_shim_target& target,
                                                            int optimisation_level);

/// From neutral IR to optimised IR of the machine. Fills the facts of `kernel.info` that only the
/// finished code shows.
void lower_to_host(instructions::LoweredKernel& kernel, llvm::TargetMachine& machine,
                   int optimisation_level);

}  // namespace cuda_shim::kernels::targets::host
