#pragma once
// A grid on its way through the workers, and the kernel that it runs.

#include <atomic>
#include <cstdint>
#include <string>

#include "cuda_shim/code_object.h"
#include "cuda_shim/device.h"
#include "cuda_shim/host_abi.h"
#include "devices/cpu/host_code.h"

/// A loaded kernel. What the device table calls an executable.
struct cuda_shim_executable_impl {
  std::string name;
  cuda_shim_host_kernel entry = nullptr;
  cuda_shim_kernel_info info = {};
  cuda_shim::devices::cpu::HostCode code;  ///< empty for a function that was linked in (tests)
  /// Running time of one block on one worker as last measured; 0: not yet. Decides whether waking
  /// others pays.
  std::atomic<std::uint32_t> block_nanoseconds{0};
  bool counts = false;  ///< the two below
  std::atomic<std::uint64_t> launches{0};
  std::atomic<std::uint64_t> nanoseconds{0};
};

namespace cuda_shim::devices::cpu {

using KernelCode = cuda_shim_executable_impl;
class Instance;

/// A run of strips that one worker takes before it helps others with theirs. The same worker gets
/// the same run in each launch of a grid, so that what it wrote last time is not in the near cache
/// of another.
struct Share {
  alignas(64) std::atomic<std::uint64_t> next;  ///< first strip that nobody has taken
  std::uint64_t end;
};

struct Grid {
  KernelCode* kernel;
  Instance* instance;
  const cuda_shim_launch_config* config;
  const unsigned char* parameters;
  unsigned char* module_memory;
  std::size_t stack_bytes;  ///< of one thread
  std::uint64_t blocks;
  /// Blocks that one call of the kernel runs lie side by side in x, and are a strip: mostly one.
  std::uint32_t abreast;
  std::uint64_t strips;
  std::uint64_t chunk;    ///< strips that a worker takes at a time
  std::uint32_t workers;  ///< of the device: %nsmid
  bool cooperative;

  Share* shares = nullptr;
  std::uint32_t share_count = 0;
  /// By a fault: take no more blocks, leave those that wait.
  alignas(64) std::atomic<bool> ended{false};
  /// What %envreg1/2 point to: the size, then the counter of grid.sync()
  /// (cooperative_groups/details/driver_abi.h).
  alignas(64) std::uint32_t workspace[16] = {sizeof(workspace)};
};

inline std::uint32_t strips_of_row(const cuda_shim_dim3& grid, std::uint32_t abreast) {
  return (grid.x - 1) / abreast + 1;
}

/// Up to `wanted` strips, in increasing order within each share; how many, and the first.
inline std::uint64_t take_strips(Share& share, std::uint64_t wanted, std::uint64_t* first) {
  if (share.next.load(std::memory_order_relaxed) >= share.end) return 0;
  *first = share.next.fetch_add(wanted, std::memory_order_relaxed);
  if (*first >= share.end) return 0;
  return share.end - *first < wanted ? share.end - *first : wanted;
}

/// A chunk of the worker's own share, or else of another's.
inline std::uint64_t take_chunk(Grid& grid, std::uint32_t worker, std::uint64_t* first) {
  for (std::uint32_t i = 0; i < grid.share_count; ++i) {
    Share& share = grid.shares[(worker + i) % grid.share_count];
    if (const std::uint64_t count = take_strips(share, grid.chunk, first)) return count;
  }
  return 0;
}

}  // namespace cuda_shim::devices::cpu
