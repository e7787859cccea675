#pragma once
// Lowers accesses to shared memory for the host.

#include <llvm/IR/Module.h>

namespace cuda_shim::kernels::targets::host {

/// A pointer made from offset `o` in address space 3 becomes shared_window + o; the neutral IR
/// makes such pointers right where they are used. Atomic operations on them become plain ones: a
/// block's threads are fibers of one worker, and only calls switch between them. Block-scoped
/// fences order nothing but the compiler.
void lower_shared_memory(llvm::Module& module);

}  // namespace cuda_shim::kernels::targets::host
