// Stream-ordered memory, and prefetching. Compiled for both kinds of default stream.
#include <fmt/format.h>

#include "api/driver/default_stream.h"
#include "api/driver/managed.h"
#include "api/objects/memory.h"
#include "api/objects/memory_pool.h"

using namespace cuda_shim;
using namespace cuda_shim::driver;

namespace {

// The context that memory of the pool belongs to: the stream's, or that which the pool's device
// shares.
Result<Context*> owner(Stream& stream, const objects::MemoryPool& pool) {
  if (&stream.context().device() == &pool.device()) return &stream.context();
  if (pool.device().primary().active()) return &pool.device().primary();
  return error(StatusCode::kInvalidContext, "The pool's device has no primary context.");
}

}  // namespace

extern "C" {

CUresult cuMemAllocAsync(CUdeviceptr* dptr, size_t bytesize, CUstream hStream) {
  return on_stream(__func__, hStream, [&](Stream& stream) -> Status {
    if (dptr == nullptr) return null_argument();
    std::shared_ptr<objects::MemoryPool> pool = stream.context().device().pools().current();
    return store(objects::allocate_from_pool(stream.context(), pool, bytesize), dptr);
  });
}

CUresult cuMemAllocFromPoolAsync(CUdeviceptr* dptr, size_t bytesize, CUmemoryPool pool,
                                 CUstream hStream) {
  return on_stream(__func__, hStream, [&](Stream& stream) -> Status {
    if (dptr == nullptr) return null_argument();
    std::shared_ptr<objects::MemoryPool> held = objects::find_pool(pool);
    if (held == nullptr) return invalid("The handle is not that of a live memory pool.");
    Result<Context*> context = owner(stream, *held);
    if (!context) return std::move(context.error());
    return store(objects::allocate_from_pool(**context, held, bytesize), dptr);
  });
}

CUresult cuMemFreeAsync(CUdeviceptr dptr, CUstream hStream) {
  return on_stream(__func__, hStream,
                   [&](Stream& stream) { return objects::free_device_async(stream, dptr); });
}

// Memory is everywhere already.
CUresult cuMemPrefetchAsync(CUdeviceptr devPtr, size_t count, CUmemLocation location,
                            unsigned int flags, CUstream hStream) {
  return on_stream(__func__, hStream, [&](Stream&) -> Status {
    if (flags != 0) return invalid(fmt::format("Flags 0x{:x} are not valid.", flags));
    if (Status status = check_location(location); !status) return status;
    if (Status status = check_managed_range(devPtr, count); !status) return status;
    note_prefetch(devPtr, count, location);
    return {};
  });
}

}  // extern "C"
