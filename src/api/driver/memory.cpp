// Memory management: allocating, freeing, registering.
#include "api/objects/memory.h"

#include <fmt/format.h>

#include "api/driver/entry.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::Allocation;
using objects::MemoryKind;

constexpr unsigned kHostFlags =
    CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP | CU_MEMHOSTALLOC_WRITECOMBINED;
constexpr unsigned kRegisterFlags =
    CU_MEMHOSTREGISTER_PORTABLE | CU_MEMHOSTREGISTER_DEVICEMAP | CU_MEMHOSTREGISTER_READ_ONLY;

Status bad_flags(unsigned flags) {
  return invalid(fmt::format("Flags 0x{:x} are not valid.", flags));
}

// The host allocation that a pointer lies in.
Result<Allocation> host_allocation(const void* pointer) {
  auto address = reinterpret_cast<std::uint64_t>(pointer);
  std::optional<Allocation> found = objects::allocations().find(address);
  if (found && found->is_host()) return *found;
  return error(invalid(fmt::format("{} is not pinned host memory.", pointer)));
}

}  // namespace

extern "C" {

CUresult cuMemGetInfo(size_t* free, size_t* total) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (free == nullptr || total == nullptr) return null_argument();
    Result<devices::MemoryInfo> info = context.instance().memory_info();
    if (!info) return std::move(info.error());
    *free = info->free_bytes;
    *total = info->total_bytes;
    return {};
  });
}

CUresult cuMemAlloc(CUdeviceptr* dptr, size_t bytesize) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (dptr == nullptr) return null_argument();
    return store(objects::allocate_device(context, bytesize, MemoryKind::kDevice), dptr);
  });
}

CUresult cuMemAllocPitch(CUdeviceptr* dptr, size_t* pPitch, size_t WidthInBytes, size_t Height,
                         unsigned int ElementSizeBytes) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (dptr == nullptr || pPitch == nullptr) return null_argument();
    if (ElementSizeBytes != 4 && ElementSizeBytes != 8 && ElementSizeBytes != 16)
      return invalid(fmt::format("Elements have 4, 8 or 16 bytes, not {}.", ElementSizeBytes));
    constexpr std::size_t kPitchUnit = 512;
    std::size_t bytes = 0;
    std::size_t pitch = (WidthInBytes + kPitchUnit - 1) & ~(kPitchUnit - 1);
    if (pitch < WidthInBytes || __builtin_mul_overflow(pitch, Height, &bytes))
      return invalid(fmt::format("{} rows of {} bytes are too many.", Height, WidthInBytes));
    Status status = store(objects::allocate_device(context, bytes, MemoryKind::kDevice), dptr);
    if (status) *pPitch = pitch;
    return status;
  });
}

CUresult cuMemAllocManaged(CUdeviceptr* dptr, size_t bytesize, unsigned int flags) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (dptr == nullptr) return null_argument();
    if (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST) return bad_flags(flags);
    if (!context.device().has(CUDA_SHIM_CAP_SHARED_HOST_MEMORY))
      return not_supported("This device has no managed memory.");
    return store(objects::allocate_device(context, bytesize, MemoryKind::kManaged, flags), dptr);
  });
}

CUresult cuMemFree(CUdeviceptr dptr) {
  return in_any_context(__func__, [&](Context& context) -> Status {
    Status freed = objects::free_device(dptr);
    Status sound = context.check();
    return sound ? std::move(freed) : std::move(sound);
  });
}

CUresult cuMemGetAddressRange(CUdeviceptr* pbase, size_t* psize, CUdeviceptr dptr) {
  return in_context(__func__, [&](Context&) -> Status {
    std::optional<Allocation> found = objects::allocations().find(dptr);
    if (!found)
      return Status(StatusCode::kNotFound, fmt::format("0x{:x} is in no allocation.", dptr));
    if (pbase != nullptr) *pbase = found->base;
    if (psize != nullptr) *psize = found->bytes;
    return {};
  });
}

CUresult cuMemAllocHost(void** pp, size_t bytesize) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (pp == nullptr) return null_argument();
    return store(objects::allocate_host(context, bytesize, 0), pp);
  });
}

CUresult cuMemHostAlloc(void** pp, size_t bytesize, unsigned int Flags) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (pp == nullptr) return null_argument();
    if (Flags & ~kHostFlags) return bad_flags(Flags);
    return store(objects::allocate_host(context, bytesize, Flags), pp);
  });
}

CUresult cuMemFreeHost(void* p) {
  return in_any_context(__func__, [&](Context& context) -> Status {
    Status freed = objects::free_host(p);
    Status sound = context.check();
    return sound ? std::move(freed) : std::move(sound);
  });
}

CUresult cuMemHostRegister(void* p, size_t bytesize, unsigned int Flags) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (Flags & CU_MEMHOSTREGISTER_IOMEMORY)
      return not_supported("Memory of I/O devices cannot be registered.");
    if (Flags & ~kRegisterFlags) return bad_flags(Flags);
    return objects::register_host(context, p, bytesize, Flags);
  });
}

CUresult cuMemHostUnregister(void* p) {
  return in_context(__func__, [&](Context&) { return objects::unregister_host(p); });
}

CUresult cuMemHostGetDevicePointer(CUdeviceptr* pdptr, void* p, unsigned int Flags) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (pdptr == nullptr) return null_argument();
    if (Flags != 0) return bad_flags(Flags);
    Result<Allocation> found = host_allocation(p);
    if (!found) return std::move(found.error());
    if (!context.device().has(CUDA_SHIM_CAP_SHARED_HOST_MEMORY))
      return not_supported("This device cannot map host memory.");
    *pdptr = reinterpret_cast<CUdeviceptr>(p);
    return {};
  });
}

CUresult cuMemHostGetFlags(unsigned int* pFlags, void* p) {
  return in_context(__func__, [&](Context&) -> Status {
    if (pFlags == nullptr) return null_argument();
    Result<Allocation> found = host_allocation(p);
    if (!found) return std::move(found.error());
    // All host memory is mapped, as under unified addressing.
    *pFlags = found->flags | CU_MEMHOSTALLOC_DEVICEMAP;
    return {};
  });
}

}  // extern "C"
