#pragma once
// Which stores may go past the caches: those of large results that the kernel does not read.
//
// Such stores become visible to other processors in any order, until a fence or a locked
// instruction. So the kernel must not tell others of what it has written: no atomic operation, no
// fence, and nothing volatile follows the store, nor anything by which the block's other threads
// learn of it, who might. In kernels without any of these a block's barriers are fine, as one
// worker runs all of a block. At the end of a grid each worker makes what it has stored visible.

#include <llvm/ADT/DenseSet.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>

#include <cstdint>

namespace cuda_shim::kernels::simd {

/// Results of fewer bytes are left to the caches: who reads them next may find them there.
constexpr std::uint64_t kLeastStreamed = std::uint64_t{32} << 20;

/// What is written at once if nothing has to be read to fill it up.
constexpr std::uint64_t kLineBytes = 64;

class Streaming {
 public:
  explicit Streaming(const llvm::Function& function);

  /// Whether the store may, as far as its thread is concerned.
  bool allows(const llvm::StoreInst& store) const { return stores_.contains(&store); }
  /// That a thread writes by such stores, loops run through once.
  std::uint64_t bytes_of_thread() const { return bytes_; }

 private:
  llvm::DenseSet<const llvm::StoreInst*> stores_;
  std::uint64_t bytes_ = 0;
};

}  // namespace cuda_shim::kernels::simd
