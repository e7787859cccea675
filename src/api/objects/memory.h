#pragma once
// Allocating and freeing the kinds of memory that CUDA has, each entered in the allocation map.

#include <cstddef>
#include <cstdint>

#include "api/objects/allocations.h"
#include "api/objects/context.h"
#include "cuda_shim/status.h"

namespace cuda_shim::objects {

/// Memory of the context's device (kDevice, kManaged or kModule). kInvalidValue for 0 bytes,
/// kOutOfMemory.
Result<std::uint64_t> allocate_device(Context& context, std::size_t bytes, MemoryKind kind,
                                      unsigned flags = 0, std::size_t alignment = 256);
/// Memory of a pool, entered in the map; as allocate_device.
Result<std::uint64_t> allocate_from_pool(Context& context, const std::shared_ptr<MemoryPool>& pool,
                                         std::size_t bytes);
/// Frees what cuMemAlloc, cuMemAllocPitch, cuMemAllocManaged or cuMemAllocAsync gave, after the
/// pending work of its context: null is no error.
Status free_device(std::uint64_t address);
/// As free_device, in stream order.
Status free_device_async(Stream& stream, std::uint64_t address);
/// Gives a module's block back; nothing may use it any more.
void free_module_memory(Context& context, std::uint64_t address);

/// Pinned host memory; whole pages.
Result<void*> allocate_host(Context& context, std::size_t bytes, unsigned flags);
Status free_host(void* address);
/// Enters memory of the application in the map. kHostMemoryAlreadyRegistered if any of it is there.
Status register_host(Context& context, void* address, std::size_t bytes, unsigned flags);
Status unregister_host(void* address);

}  // namespace cuda_shim::objects
