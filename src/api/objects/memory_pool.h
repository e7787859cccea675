#pragma once
// Memory pools: what cuMemAllocAsync and cuMemFreeAsync allocate from.
//
// An allocation is made when it is asked for, which is early enough for all that its stream does
// later; memory comes back to the pool when the stream gets to the free. A pool keeps what came
// back as long as it holds no more than its release threshold, and gives it out again: a program
// that allocates and frees in a loop then pays for fresh pages once.
//
// A pool belongs to a device, its memory to the contexts that asked for it: blocks are used again
// in their own context only and end with it.

#include <cuda.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "api/objects/handle.h"
#include "cuda_shim/status.h"

namespace cuda_shim::objects {

class Context;
class Device;

class MemoryPool {
 public:
  static constexpr Kind kKind = Kind::kMemoryPool;
  using CHandle = CUmemoryPool;

  /// `most_bytes`: that the pool may hold; 0: no limit of its own.
  MemoryPool(Device& device, std::uint64_t most_bytes);
  ~MemoryPool();

  CUmemoryPool handle() const { return handle_.as<CUmemoryPool>(); }
  Device& device() const { return device_; }

  /// Memory of the context; kOutOfMemory.
  Result<std::uint64_t> take(Context& context, std::size_t bytes);
  /// Takes back what take() gave; nothing uses it any more.
  void give(std::uint64_t address);
  /// Gives kept memory back to the system until the pool holds no more than `keep` bytes.
  void trim(std::uint64_t keep);
  /// The application lets go of the pool: it keeps nothing from now on.
  void close();

  /// kInvalidValue for an attribute that does not exist, or cannot be set to the value.
  Status attribute(CUmemPool_attribute attribute, void* value);
  Status set_attribute(CUmemPool_attribute attribute, const void* value);

  /// What `device` may do with the pool's memory.
  CUmemAccess_flags access(const Device& device);
  /// kInvalidValue: the pool's own device cannot lose access.
  Status set_access(const Device& device, CUmemAccess_flags flags);

  /// Forgets the memory of a context that ends, in all pools; the context frees it.
  static void forget(const Context& context);

 private:
  struct Block {
    Context* context;
    std::uint64_t bytes;
  };
  struct Gauge {
    std::uint64_t now = 0, high = 0;
    void add(std::uint64_t bytes) {
      now += bytes;
      if (now > high) high = now;
    }
  };

  Result<std::uint64_t> take_kept(const Context& context, std::size_t bytes);
  void trim_locked(std::uint64_t keep);
  void forget_locked(const Context& context);
  Gauge* gauge(CUmemPool_attribute attribute);
  int* reuse_rule(CUmemPool_attribute attribute);

  Device& device_;
  const std::uint64_t most_bytes_;
  // Guards all below. Held while memory is freed: the context must not end in between.
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Block> in_use_;                        // by address
  std::multimap<std::uint64_t, std::pair<Context*, std::uint64_t>> kept_;  // address, by size
  Gauge used_, reserved_;
  std::uint64_t threshold_ = 0;
  int reuse_[3] = {1, 1, 1};  // rules that say what may be used again early; here all that is free
  std::map<const Device*, CUmemAccess_flags> access_;
  OwnedHandle<MemoryPool> handle_{this};
};

/// The pools of one device.
class DevicePools {
 public:
  explicit DevicePools(Device& device);

  const std::shared_ptr<MemoryPool>& standard() const { return standard_; }
  std::shared_ptr<MemoryPool> current();
  void set_current(std::shared_ptr<MemoryPool> pool);
  MemoryPool& make(std::uint64_t most_bytes);
  /// Null if the device has no such pool (any more). Does not touch what the pointer means, which
  /// may be going: memory that waits to be freed keeps a pool beyond its destruction.
  std::shared_ptr<MemoryPool> find(const MemoryPool* pool);
  /// Ends a pool of make(); where it is the current one, the standard pool is current again.
  /// kInvalidValue for any other.
  Status remove(const MemoryPool& pool);

 private:
  Device& device_;
  const std::shared_ptr<MemoryPool> standard_;
  std::mutex mutex_;  // guards all below
  std::shared_ptr<MemoryPool> current_;
  std::vector<std::shared_ptr<MemoryPool>> made_;
};

/// The live pool behind a handle; null if there is none.
std::shared_ptr<MemoryPool> find_pool(CUmemoryPool handle);

}  // namespace cuda_shim::objects
