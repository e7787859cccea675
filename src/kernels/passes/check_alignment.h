#pragma once
// Ends the launch with kMisalignedAddress where a thread accesses memory at an address that is not
// a multiple of the access's size, as hardware does.
//
// The host carries out most such accesses, so programs with the fault seem to work; those with
// vector instructions raise a signal that does not say why. Each access costs a test and a branch,
// which is why CUDA_SHIM_CHECK=alignment asks for it.

#include <llvm/IR/Module.h>

namespace cuda_shim::kernels::passes {

/// Works on neutral IR. Accesses whose alignment is plain from the code are left alone. Returns the
/// number of accesses that are checked.
unsigned check_alignment(llvm::Module& module);

}  // namespace cuda_shim::kernels::passes
