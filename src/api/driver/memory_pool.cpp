// Memory pools: making them, choosing a device's, their attributes. Allocating is
// memory_ordered.cpp.
#include "api/objects/memory_pool.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/driver/entry.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::Device;
using objects::MemoryPool;

template <class Work>
CUresult with_pool(const char* name, CUmemoryPool handle, Work&& work) {
  return in_process(name, [&]() -> Status {
    std::shared_ptr<MemoryPool> pool = objects::find_pool(handle);
    return pool == nullptr ? invalid("The handle is not that of a live memory pool.") : work(pool);
  });
}

Result<Device*> device_at(const CUmemLocation& location) {
  if (location.type != CU_MEM_LOCATION_TYPE_DEVICE)
    return error(not_supported(fmt::format("Memory pools at location type {} are not supported.",
                                           static_cast<int>(location.type))));
  if (Device* device = objects::find_device(location.id)) return device;
  return error(StatusCode::kInvalidDevice, fmt::format("There is no device {}.", location.id));
}

Status check_type(CUmemAllocationType type) {
  return type == CU_MEM_ALLOCATION_TYPE_PINNED
             ? Status()
             : not_supported(
                   fmt::format("Allocation type {} is not supported.", static_cast<int>(type)));
}

Status check_properties(const CUmemPoolProps& properties) {
  if (properties.handleTypes != CU_MEM_HANDLE_TYPE_NONE)
    return not_supported("Memory of pools cannot be shared with other processes.");
  if (std::ranges::any_of(properties.reserved, [](unsigned char byte) { return byte != 0; }))
    return invalid("The reserved bytes of the pool's properties are not 0.");
  return check_type(properties.allocType);
}

Status set_current(Device& device, const std::shared_ptr<MemoryPool>& pool) {
  if (&pool->device() != &device)
    return invalid(fmt::format("The pool is of device {}, not {}.", pool->device().ordinal(),
                               device.ordinal()));
  device.pools().set_current(pool);
  return {};
}

Status answer(CUmemoryPool* out, const std::shared_ptr<MemoryPool>& pool) {
  if (out == nullptr) return null_argument();
  *out = pool->handle();
  return {};
}

// Runs work(Device&) for the device that has pools at the location.
template <class Work>
CUresult at_location(const char* name, const CUmemLocation* location, CUmemAllocationType type,
                     Work&& work) {
  return in_process(name, [&]() -> Status {
    if (location == nullptr) return null_argument();
    if (Status status = check_type(type); !status) return status;
    Result<Device*> device = device_at(*location);
    return device ? work(**device) : std::move(device.error());
  });
}

}  // namespace

extern "C" {

CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* pool_out, CUdevice dev) {
  return on_device(__func__, dev,
                   [&](Device& device) { return answer(pool_out, device.pools().standard()); });
}

CUresult cuDeviceGetMemPool(CUmemoryPool* pool, CUdevice dev) {
  return on_device(__func__, dev,
                   [&](Device& device) { return answer(pool, device.pools().current()); });
}

CUresult cuDeviceSetMemPool(CUdevice dev, CUmemoryPool pool) {
  return with_pool(__func__, pool, [&](const std::shared_ptr<MemoryPool>& found) -> Status {
    Device* device = objects::find_device(dev);
    if (device == nullptr)
      return Status(StatusCode::kInvalidDevice, fmt::format("There is no device {}.", dev));
    return set_current(*device, found);
  });
}

CUresult cuMemGetDefaultMemPool(CUmemoryPool* pool_out, CUmemLocation* location,
                                CUmemAllocationType type) {
  return at_location(__func__, location, type,
                     [&](Device& device) { return answer(pool_out, device.pools().standard()); });
}

CUresult cuMemGetMemPool(CUmemoryPool* pool, CUmemLocation* location, CUmemAllocationType type) {
  return at_location(__func__, location, type,
                     [&](Device& device) { return answer(pool, device.pools().current()); });
}

CUresult cuMemSetMemPool(CUmemLocation* location, CUmemAllocationType type, CUmemoryPool pool) {
  return with_pool(__func__, pool, [&](const std::shared_ptr<MemoryPool>& found) -> Status {
    if (location == nullptr) return null_argument();
    if (Status status = check_type(type); !status) return status;
    Result<Device*> device = device_at(*location);
    return device ? set_current(**device, found) : std::move(device.error());
  });
}

CUresult cuMemPoolCreate(CUmemoryPool* pool, const CUmemPoolProps* poolProps) {
  return in_process(__func__, [&]() -> Status {
    if (pool == nullptr || poolProps == nullptr) return null_argument();
    if (Status status = check_properties(*poolProps); !status) return status;
    Result<Device*> device = device_at(poolProps->location);
    if (!device) return std::move(device.error());
    *pool = (*device)->pools().make(poolProps->maxSize).handle();
    return {};
  });
}

CUresult cuMemPoolDestroy(CUmemoryPool pool) {
  return with_pool(__func__, pool, [](const std::shared_ptr<MemoryPool>& found) {
    return found->device().pools().remove(*found);
  });
}

CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t minBytesToKeep) {
  return with_pool(__func__, pool, [&](const std::shared_ptr<MemoryPool>& found) -> Status {
    found->trim(minBytesToKeep);
    return {};
  });
}

CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value) {
  return with_pool(__func__, pool, [&](const std::shared_ptr<MemoryPool>& found) {
    return value == nullptr ? null_argument() : found->attribute(attr, value);
  });
}

CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value) {
  return with_pool(__func__, pool, [&](const std::shared_ptr<MemoryPool>& found) {
    return value == nullptr ? null_argument() : found->set_attribute(attr, value);
  });
}

CUresult cuMemPoolSetAccess(CUmemoryPool pool, const CUmemAccessDesc* map, size_t count) {
  return with_pool(__func__, pool, [&](const std::shared_ptr<MemoryPool>& found) -> Status {
    if (map == nullptr && count != 0) return null_argument();
    for (size_t i = 0; i < count; ++i) {
      Result<Device*> device = device_at(map[i].location);
      if (!device) return std::move(device.error());
      if (Status status = found->set_access(**device, map[i].flags); !status) return status;
    }
    return {};
  });
}

CUresult cuMemPoolGetAccess(CUmemAccess_flags* flags, CUmemoryPool memPool,
                            CUmemLocation* location) {
  return with_pool(__func__, memPool, [&](const std::shared_ptr<MemoryPool>& found) -> Status {
    if (flags == nullptr || location == nullptr) return null_argument();
    Result<Device*> device = device_at(*location);
    if (!device) return std::move(device.error());
    *flags = found->access(**device);
    return {};
  });
}

}  // extern "C"
