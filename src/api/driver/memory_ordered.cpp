// Stream-ordered memory, and prefetching. Compiled for both kinds of default stream.
//
// An allocation is made when it is asked for, which is early enough for everything that the stream
// does later; freeing waits for its turn.
#include <fmt/format.h>

#include "api/driver/default_stream.h"
#include "api/driver/unified.h"
#include "api/objects/memory.h"

using namespace cuda_shim;
using namespace cuda_shim::driver;

extern "C" {

CUresult cuMemAllocAsync(CUdeviceptr* dptr, size_t bytesize, CUstream hStream) {
  return on_stream(__func__, hStream, [&](Stream& stream) -> Status {
    if (dptr == nullptr) return null_argument();
    return store(objects::allocate_device(stream.context(), bytesize, objects::MemoryKind::kDevice),
                 dptr);
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
    return check_managed_range(devPtr, count);
  });
}

}  // extern "C"
