#pragma once
// Lowers the device operations of intrinsics.def for the host.

#include <llvm/IR/Module.h>

namespace cuda_shim::kernels::targets::host {

/// What names of functions of host_abi.def start with in an object.
inline constexpr const char* kHostPrefix = "cuda_shim_host_";

/// Places and bases become loads from the thread's and the block's structures (host_abi.h), all
/// others calls of the cuda_shim_host_ functions (host_abi.def). Every function of the module has
/// its thread argument already.
void lower_device_ops(llvm::Module& module);

/// Whether this is a function that is called, and that may wait for another thread within the call
/// or ends the thread there.
bool needs_stack(const llvm::Function& function);

/// Whether the module has one.
bool needs_fibers(const llvm::Module& module);

}  // namespace cuda_shim::kernels::targets::host
