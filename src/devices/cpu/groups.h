#pragma once
// Deals the threads of a block out to calls of the kernel's entry: one by one, or in groups whose
// threads are the lanes of vectors.

#include <algorithm>
#include <cstdint>

#include "cuda_shim/code_object.h"
#include "cuda_shim/host_abi.h"

namespace cuda_shim::devices::cpu {

class Groups {
 public:
  Groups(const cuda_shim_dim3& block, const cuda_shim_kernel_info& info)
      : block_(block),
        lanes_(std::max(1u, info.lanes)),
        rows_(info.traits & CUDA_SHIM_KERNEL_GROUPS_ROWS),
        whole_(info.traits & CUDA_SHIM_KERNEL_RUNS_BLOCKS),
        threads_(block.x * block.y * block.z) {}

  std::uint32_t threads() const { return threads_; }
  /// How many calls it takes.
  std::uint32_t count() const {
    if (whole_) return 1;
    return rows_ ? (block_.x + lanes_ - 1) / lanes_ * block_.y * block_.z
                 : (threads_ + lanes_ - 1) / lanes_;
  }

  /// Writes the place of the next call's group into `thread`; false if there is none.
  bool next(cuda_shim_host_thread& thread) {
    if (linear_ == threads_) return false;
    thread.tid = tid_;
    thread.lane = linear_ % CUDA_SHIM_WARP_SIZE;
    thread.warp = linear_ / CUDA_SHIM_WARP_SIZE;
    thread.threads = std::min(lanes_, (rows_ ? block_.x - tid_.x : threads_ - linear_));
    if (whole_)
      linear_ = threads_;
    else
      advance(thread.threads);
    return true;
  }

 private:
  void advance(std::uint32_t count) {
    linear_ += count;
    tid_.x += count;
    while (tid_.x >= block_.x) {
      tid_.x -= block_.x;
      if (++tid_.y == block_.y) {
        tid_.y = 0;
        ++tid_.z;
      }
    }
  }

  cuda_shim_dim3 block_;
  std::uint32_t lanes_;
  bool rows_;
  bool whole_;
  std::uint32_t threads_;
  std::uint32_t linear_ = 0;
  cuda_shim_dim3 tid_ = {0, 0, 0};
};

}  // namespace cuda_shim::devices::cpu
