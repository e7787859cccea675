// Virtual memory management.
#include "api/objects/virtual_memory.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "api/driver/entry.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::PhysicalMemory;
using objects::virtual_memory;

Status check_location(const CUmemLocation& location) {
  if (location.type == CU_MEM_LOCATION_TYPE_DEVICE && objects::find_device(location.id)) return {};
  return Status(location.type == CU_MEM_LOCATION_TYPE_DEVICE ? StatusCode::kInvalidDevice
                                                             : StatusCode::kNotSupported,
                fmt::format("Memory cannot be made at location type {}, number {}.",
                            static_cast<int>(location.type), location.id));
}

Status check_properties(const CUmemAllocationProp* properties) {
  if (properties == nullptr) return null_argument();
  if (properties->type != CU_MEM_ALLOCATION_TYPE_PINNED)
    return not_supported(
        fmt::format("Allocation type {} is not supported.", static_cast<int>(properties->type)));
  auto handles = static_cast<unsigned>(properties->requestedHandleTypes);
  if (handles & ~unsigned(CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR))
    return not_supported(fmt::format("Handle types 0x{:x} are not supported.", handles));
  return check_location(properties->location);
}

template <class Work>
CUresult with_memory(const char* name, CUmemGenericAllocationHandle handle, Work&& work) {
  return in_process(name, [&]() -> Status {
    PhysicalMemory* memory = find<PhysicalMemory>(handle);
    return memory == nullptr ? invalid("The handle is not that of live memory.") : work(*memory);
  });
}

Status hold(Result<std::shared_ptr<PhysicalMemory>> memory, CUmemGenericAllocationHandle* handle) {
  if (!memory) return std::move(memory.error());
  *handle = (*memory)->handle();
  virtual_memory().hold(std::move(*memory));
  return {};
}

}  // namespace

extern "C" {

CUresult cuMemAddressReserve(CUdeviceptr* ptr, size_t size, size_t alignment, CUdeviceptr addr,
                             unsigned long long flags) {
  return in_process(__func__, [&]() -> Status {
    if (ptr == nullptr) return null_argument();
    if (flags != 0) return invalid("The flags must be 0.");
    return store(virtual_memory().reserve(size, alignment, addr), ptr);
  });
}

CUresult cuMemAddressFree(CUdeviceptr ptr, size_t size) {
  return in_process(__func__, [&] { return virtual_memory().release_range(ptr, size); });
}

CUresult cuMemCreate(CUmemGenericAllocationHandle* handle, size_t size,
                     const CUmemAllocationProp* prop, unsigned long long flags) {
  return in_process(__func__, [&]() -> Status {
    if (handle == nullptr || flags != 0)
      return invalid("The handle is null or the flags are not 0.");
    if (Status status = check_properties(prop); !status) return status;
    // The pages are taken at once: asking the system for more than there is could end the process.
    if (size > objects::find_device(prop->location.id)->properties().total_memory)
      return Status(StatusCode::kOutOfMemory,
                    fmt::format("{} bytes are more than the device has.", size));
    return hold(PhysicalMemory::make(size, *prop), handle);
  });
}

CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
  return in_process(__func__, [&] { return virtual_memory().let_go(handle); });
}

CUresult cuMemMap(CUdeviceptr ptr, size_t size, size_t offset, CUmemGenericAllocationHandle handle,
                  unsigned long long flags) {
  return with_memory(__func__, handle, [&](PhysicalMemory& memory) -> Status {
    return flags != 0 ? invalid("The flags must be 0.")
                      : virtual_memory().map(ptr, size, offset, memory);
  });
}

CUresult cuMemUnmap(CUdeviceptr ptr, size_t size) {
  return in_process(__func__, [&] { return virtual_memory().unmap(ptr, size); });
}

CUresult cuMemSetAccess(CUdeviceptr ptr, size_t size, const CUmemAccessDesc* desc, size_t count) {
  return in_process(__func__, [&]() -> Status {
    if (desc == nullptr || count == 0) return null_argument();
    // All devices share the pages; the widest right asked for is given.
    CUmemAccess_flags flags = CU_MEM_ACCESS_FLAGS_PROT_NONE;
    for (size_t i = 0; i < count; ++i) {
      if (Status status = check_location(desc[i].location); !status) return status;
      if (desc[i].flags != CU_MEM_ACCESS_FLAGS_PROT_NONE &&
          desc[i].flags != CU_MEM_ACCESS_FLAGS_PROT_READ &&
          desc[i].flags != CU_MEM_ACCESS_FLAGS_PROT_READWRITE)
        return invalid(fmt::format("Access {} is unknown.", static_cast<int>(desc[i].flags)));
      flags = std::max(flags, desc[i].flags);
    }
    return virtual_memory().set_access(ptr, size, flags);
  });
}

CUresult cuMemGetAccess(unsigned long long* flags, const CUmemLocation* location, CUdeviceptr ptr) {
  return in_process(__func__, [&]() -> Status {
    if (flags == nullptr || location == nullptr) return null_argument();
    if (Status status = check_location(*location); !status) return status;
    return store(virtual_memory().access(ptr), flags);
  });
}

CUresult cuMemGetAllocationGranularity(size_t* granularity, const CUmemAllocationProp* prop,
                                       CUmemAllocationGranularity_flags option) {
  return in_process(__func__, [&]() -> Status {
    if (granularity == nullptr) return null_argument();
    if (Status status = check_properties(prop); !status) return status;
    *granularity = objects::kPhysicalGranularity;
    return {};
  });
}

CUresult cuMemGetAllocationPropertiesFromHandle(CUmemAllocationProp* prop,
                                                CUmemGenericAllocationHandle handle) {
  return with_memory(__func__, handle, [&](PhysicalMemory& memory) -> Status {
    if (prop == nullptr) return null_argument();
    *prop = memory.properties();
    return {};
  });
}

CUresult cuMemRetainAllocationHandle(CUmemGenericAllocationHandle* handle, void* addr) {
  return in_process(__func__, [&]() -> Status {
    if (handle == nullptr) return null_argument();
    return store(virtual_memory().handle_of(reinterpret_cast<CUdeviceptr>(addr)), handle);
  });
}

CUresult cuMemExportToShareableHandle(void* shareableHandle, CUmemGenericAllocationHandle handle,
                                      CUmemAllocationHandleType handleType,
                                      unsigned long long flags) {
  return with_memory(__func__, handle, [&](PhysicalMemory& memory) -> Status {
    if (shareableHandle == nullptr || flags != 0)
      return invalid("The result is null or the flags are not 0.");
    if (handleType != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR)
      return not_supported("Memory is exported as a POSIX file descriptor only.");
    int copy = ::fcntl(memory.file(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return Status(StatusCode::kOperatingSystem, "No file descriptor is free.");
    *static_cast<int*>(shareableHandle) = copy;
    return {};
  });
}

CUresult cuMemImportFromShareableHandle(CUmemGenericAllocationHandle* handle, void* osHandle,
                                        CUmemAllocationHandleType shHandleType) {
  return in_process(__func__, [&]() -> Status {
    if (handle == nullptr) return null_argument();
    if (shHandleType != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR)
      return not_supported("Memory is imported from a POSIX file descriptor only.");
    return hold(PhysicalMemory::import(static_cast<int>(reinterpret_cast<std::intptr_t>(osHandle))),
                handle);
  });
}

}  // extern "C"
