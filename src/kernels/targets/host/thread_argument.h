#pragma once
// Gives every function of a kernel's module a last parameter: the cuda_shim_host_thread that it
// runs for.

#include <llvm/IR/Module.h>

namespace cuda_shim::kernels::targets::host {

/// Replaces all functions with bodies by ones with the parameter and passes it on in all calls
/// between them. Returns the new `entry`.
llvm::Function* add_thread_argument(llvm::Module& module, llvm::Function* entry);

/// The thread parameter of a function that add_thread_argument made.
llvm::Argument* thread_argument(llvm::Function& function);

}  // namespace cuda_shim::kernels::targets::host
