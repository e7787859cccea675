#include "devices/cpu/memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "devices/cpu/machine.h"

namespace cuda_shim::devices::cpu {
namespace {

// What CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT promises: any allocation may be read as a texture.
constexpr std::size_t kLeastAlignment = 512;
constexpr std::size_t kLarge = 256 << 10;
constexpr std::size_t kHugePage = 2 << 20;
// Of addresses that are alike but for multiples of this, the processor's caches can tell few apart.
constexpr std::uint64_t kAlike = 256 << 20;
constexpr std::size_t kMostShifts = 8;
// Below this the system is not asked whether it has the memory: that takes longer than the
// allocation.
constexpr std::size_t kAskSystem = 256 << 20;

std::atomic<std::uint64_t> g_used{0};

// Counts `bytes` in; false if the machine has no more.
bool reserve(std::size_t bytes) {
  std::uint64_t total = machine().memory;
  std::uint64_t used = g_used.load(std::memory_order_relaxed);
  do {
    if (bytes > total || used > total - bytes) return false;
  } while (!g_used.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

Mapping map_in_huge_pages(std::size_t bytes, std::size_t alignment, std::size_t shift) {
  Mapping mapping(bytes, alignment, true, shift);
  if (mapping) ::madvise(mapping.data(), mapping.size(), MADV_HUGEPAGE);
  return mapping;
}

std::unexpected<Status> out_of_memory(std::size_t bytes) {
  return error(StatusCode::kOutOfMemory,
               fmt::format("{} bytes of device memory are not to be had: {} of {} are in use.",
                           bytes, used_memory(), machine().memory));
}

}  // namespace

std::uint64_t used_memory() {
  return g_used.load(std::memory_order_relaxed);
}

DeviceMemory::~DeviceMemory() {
  for (auto& [address, allocation] : allocations_) {
    g_used.fetch_sub(allocation.bytes, std::memory_order_relaxed);
    if (!allocation.mapping) std::free(reinterpret_cast<void*>(address));
  }
}

bool DeviceMemory::is_like_another(std::uint64_t address) {
  std::lock_guard lock(mutex_);
  return std::ranges::any_of(allocations_, [&](const auto& entry) {
    return entry.second.bytes >= kHugePage && (entry.first - address) % kAlike == 0;
  });
}

Mapping DeviceMemory::map(std::size_t bytes, std::size_t alignment) {
  if (bytes < kHugePage) return Mapping(bytes, alignment, true);
  alignment = std::max(alignment, kHugePage);
  Mapping mapping = map_in_huge_pages(bytes, alignment, 0);
  for (std::size_t i = 1; i < kMostShifts && mapping; ++i) {
    if (!is_like_another(reinterpret_cast<std::uint64_t>(mapping.data()))) break;
    mapping = Mapping();
    mapping = map_in_huge_pages(bytes, alignment, i * alignment);
  }
  return mapping;
}

Result<std::uint64_t> DeviceMemory::allocate(std::size_t bytes, std::size_t alignment) {
  alignment = std::max(alignment, kLeastAlignment);
  if (bytes >= kAskSystem && bytes > available_memory()) return out_of_memory(bytes);
  if (!reserve(bytes)) return out_of_memory(bytes);
  Allocation allocation = {bytes, {}};
  void* memory = nullptr;
  if (bytes >= kLarge || alignment > page_bytes()) {
    allocation.mapping = map(bytes, alignment);
    memory = allocation.mapping.data();
  } else {
    memory = std::aligned_alloc(alignment, round_up(std::max(bytes, std::size_t{1}), alignment));
  }
  if (!memory) {
    g_used.fetch_sub(bytes, std::memory_order_relaxed);
    return out_of_memory(bytes);
  }
  auto address = reinterpret_cast<std::uint64_t>(memory);
  std::lock_guard lock(mutex_);
  allocations_.emplace(address, std::move(allocation));
  return address;
}

Status DeviceMemory::free(std::uint64_t address) {
  decltype(allocations_)::node_type node;
  {
    std::lock_guard lock(mutex_);
    node = allocations_.extract(address);
  }
  if (!node)
    return {StatusCode::kInvalidValue,
            fmt::format("Address {:#x} to free is not the start of an allocation of this context.",
                        address)};
  g_used.fetch_sub(node.mapped().bytes, std::memory_order_relaxed);
  if (!node.mapped().mapping) std::free(reinterpret_cast<void*>(address));
  return {};
}

}  // namespace cuda_shim::devices::cpu
