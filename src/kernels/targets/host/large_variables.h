#pragma once
// Variables on the stack with thousands of accesses, kept from taking quadratic time to translate.

namespace llvm {
class Module;
}

namespace cuda_shim::kernels::targets::host {

/// Before the optimiser. Variables that it could take apart or remove are left alone.
void guard_large_variables(llvm::Module& module);

}  // namespace cuda_shim::kernels::targets::host
