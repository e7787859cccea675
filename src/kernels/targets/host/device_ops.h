#pragma once
// Lowers the device operations of intrinsics.def for the host.

#include <llvm/IR/Module.h>

namespace cuda_shim::kernels::targets::host {

/// Places and bases become loads from the thread's and the block's structures (host_abi.h), all
/// others calls of the cuda_shim_host_ functions (host_abi.def). Every function of the module has
/// its thread argument already.
void lower_device_ops(llvm::Module& module);

/// Whether the module still calls a function that may have to wait for another thread, or that ends
/// the thread from within a call.
bool needs_fibers(const llvm::Module& module);

}  // namespace cuda_shim::kernels::targets::host
