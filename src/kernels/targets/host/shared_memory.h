#pragma once
// Lowers accesses to shared memory for the host.

#include <llvm/IR/Module.h>

namespace cuda_shim::kernels::targets::host {

/// A pointer made from offset `o` in address space 3 becomes shared_window + o; the neutral IR
/// makes such pointers right where they are used. Atomic operations on them become plain ones: a
/// block's threads are fibers of one worker, and only calls switch between them. Block-scoped
/// fences order nothing but the compiler.
enum class SharedAtomics {
  kPlain,   ///< become plain at once
  kMarked,  ///< are marked, to become plain when lanes have been taken apart
};
void lower_shared_memory(llvm::Module& module, SharedAtomics atomics = SharedAtomics::kPlain);

/// Makes marked operations plain.
void make_shared_atomics_plain(llvm::Module& module);

/// The name of the mark, a kind of metadata.
constexpr const char* kSharedMark = "cuda_shim.shared";

}  // namespace cuda_shim::kernels::targets::host
