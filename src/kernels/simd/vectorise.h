#pragma once
// The `simd` engine's part of a translation: from the function of one thread to that of a group of
// threads, each a lane of the machine's vectors.

#include <llvm/Target/TargetMachine.h>

#include <expected>
#include <string>

#include "cuda_shim/launch_config.h"
#include "kernels/instructions/module_lowering.h"
#include "kernels/simd/lanes.h"

namespace cuda_shim::kernels::simd {

/// Replaces the kernel's entry by the function of a group and returns how threads are grouped; or
/// says in a sentence why the kernel has to run thread by thread, and leaves the module unusable.
/// `block`: dimensions that the result is for; 0: any.
std::expected<Lanes, std::string> vectorise(instructions::LoweredKernel& kernel,
                                            llvm::TargetMachine& machine,
                                            const cuda_shim_dim3& block);

}  // namespace cuda_shim::kernels::simd
