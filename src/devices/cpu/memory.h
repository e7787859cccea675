#pragma once
// Device memory of the CPU device: host memory, counted.
//
// Large blocks are mappings of their own: 2 MiB aligned for huge pages (up to 12% on bandwidth),
// with a guard page at either end, and gone once freed, so that a stale address faults. No two of
// them are a multiple of 256 MiB apart, where they can help it: kernels that go through both side
// by side take twice as long then. Small blocks come from the allocator of the process, which is
// quick.

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "cuda_shim/status.h"
#include "devices/cpu/mapping.h"

namespace cuda_shim::devices::cpu {

/// Bytes in use by all instances together: they share the machine.
std::uint64_t used_memory();

class DeviceMemory {
 public:
  DeviceMemory() = default;
  DeviceMemory(const DeviceMemory&) = delete;
  ~DeviceMemory();

  Result<std::uint64_t> allocate(std::size_t bytes, std::size_t alignment);
  Status free(std::uint64_t address);

 private:
  struct Allocation {
    std::size_t bytes;
    Mapping mapping;  // empty: from the process's allocator
  };

  Mapping map(std::size_t bytes, std::size_t alignment);
  bool is_like_another(std::uint64_t address);

  std::mutex mutex_;  // guards allocations_
  std::unordered_map<std::uint64_t, Allocation> allocations_;
};

}  // namespace cuda_shim::devices::cpu
