#pragma once
// The map of all memory that the API gave out or was told of: what every address of the process
// means to CUDA.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <vector>

namespace cuda_shim::objects {

class Context;
class MemoryPool;

enum class MemoryKind {
  kDevice,      ///< cuMemAlloc
  kHost,        ///< cuMemHostAlloc: pinned, mapped by us
  kRegistered,  ///< cuMemHostRegister: pinned, the application's own
  kManaged,     ///< cuMemAllocManaged
  kVirtual,     ///< cuMemMap; kept by the device, not by a context
  kModule,      ///< variables of a module
  kArray,       ///< texels of an array, descriptors of textures and surfaces
};

struct Allocation {
  std::uint64_t base = 0;
  std::uint64_t bytes = 0;
  MemoryKind kind = MemoryKind::kDevice;
  Context* context = nullptr;                  ///< null: of no context (kVirtual)
  unsigned flags = 0;                          ///< as given to the call that made it
  std::uint64_t id = 0;                        ///< CU_POINTER_ATTRIBUTE_BUFFER_ID
  std::shared_ptr<MemoryPool> pool = nullptr;  ///< of cuMemAllocAsync
  bool sync_memops = false;                    ///< CU_POINTER_ATTRIBUTE_SYNC_MEMOPS

  bool holds(std::uint64_t address, std::uint64_t count) const {
    return address >= base && count <= bytes && address - base <= bytes - count;
  }
  /// Memory that the host may touch while a copy is under way without losing anything: not
  /// pageable.
  bool is_host() const { return kind == MemoryKind::kHost || kind == MemoryKind::kRegistered; }
};

class Allocations {
 public:
  /// False if it overlaps one that is there. Sets the id. Registered memory that overlaps new
  /// memory of ours is gone: the application gave it back to the system without telling us.
  bool insert(Allocation allocation);
  /// The allocation that `address` lies in.
  std::optional<Allocation> find(std::uint64_t address) const;
  /// Whether the range lies in mappings (kVirtual) that follow each other without a gap.
  bool is_mapped(std::uint64_t address, std::uint64_t bytes) const;
  /// False if there is no allocation at the address.
  bool set_sync_memops(std::uint64_t address, bool on);
  /// Takes out the allocation that begins at `base`, if it is of the kind.
  std::optional<Allocation> erase(std::uint64_t base, MemoryKind kind);
  /// Forgets the memory of a context that ends, and unmaps what was host memory.
  void erase_context(const Context& context);

 private:
  void drop_stale(const Allocation& fresh);

  mutable std::shared_mutex mutex_;  // guards all below
  std::map<std::uint64_t, Allocation> by_base_;
  std::uint64_t next_id_ = 1;
};

/// The process's map.
Allocations& allocations();

}  // namespace cuda_shim::objects
