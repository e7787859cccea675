#pragma once
// Where the .shared variables that a kernel reaches lie in the block's window.
//
// A variable gets its offset when it is first used. Unsized extern arrays are the dynamic shared
// memory: all of them begin where the static part ends, which is known when the whole kernel has
// been lowered.

#include <cstdint>
#include <unordered_map>

#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::instructions {

class SharedLayout {
 public:
  /// Offset of a sized variable.
  std::uint64_t offset_of(const ptx::Variable& variable);
  /// Makes room for a block that belongs to no variable (the region of %reserved_smem_offset_*);
  /// the same block for the same key.
  std::uint64_t offset_of(const void* key, std::uint64_t bytes, std::uint64_t alignment);
  /// Notes that dynamic shared memory must be aligned so.
  void use_dynamic(std::uint64_t alignment);

  /// Bytes of the static part, rounded up so that dynamic memory may begin there.
  std::uint64_t static_bytes() const;
  std::uint64_t alignment() const { return alignment_; }

  /// Unsized extern arrays (and those of size 0).
  static bool is_dynamic(const ptx::Variable& variable);

 private:
  std::unordered_map<const void*, std::uint64_t> offsets_;
  std::uint64_t bytes_ = 0;
  std::uint64_t alignment_ = 16;
};

}  // namespace cuda_shim::kernels::instructions
