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

struct Grid {
  KernelCode* kernel;
  Instance* instance;
  const cuda_shim_launch_config* config;
  const unsigned char* parameters;
  unsigned char* module_memory;
  std::size_t stack_bytes;  ///< of one thread
  std::uint64_t blocks;
  std::uint64_t chunk;    ///< blocks that a worker takes at a time
  std::uint32_t workers;  ///< of the device: %nsmid
  bool cooperative;

  alignas(64) std::atomic<std::uint64_t> next{0};  ///< first block that nobody has taken
  std::atomic<bool> ended{false};  ///< by a fault: take no more blocks, leave those that wait
  /// What %envreg1/2 point to: the size, then the counter of grid.sync()
  /// (cooperative_groups/details/driver_abi.h).
  alignas(64) std::uint32_t workspace[16] = {sizeof(workspace)};
};

/// Takes up to `wanted` blocks in increasing order; how many, and the first.
inline std::uint64_t take_blocks(Grid& grid, std::uint64_t wanted, std::uint64_t* first) {
  if (grid.next.load(std::memory_order_relaxed) >= grid.blocks) return 0;
  *first = grid.next.fetch_add(wanted, std::memory_order_relaxed);
  if (*first >= grid.blocks) return 0;
  return grid.blocks - *first < wanted ? grid.blocks - *first : wanted;
}

}  // namespace cuda_shim::devices::cpu
