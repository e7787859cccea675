// Fills. Compiled for both kinds of default stream.
#include "api/driver/default_stream.h"
#include "api/objects/copy.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using enum objects::CopyMode;

CUresult fill(const char* name, CUstream handle, const cuda_shim_fill& shape,
              objects::CopyMode mode) {
  return on_stream(name, handle,
                   [&](Stream& stream) { return objects::fill(stream, shape, mode); });
}

// `count` elements in a row.
cuda_shim_fill row(CUdeviceptr destination, std::size_t count, std::uint32_t value,
                   std::uint32_t bytes) {
  return {destination, count, 1, count * bytes, value, bytes};
}

}  // namespace

// The four calls for elements of one width. The names are put together before cuda.h's macros give
// them their version and their kind of default stream.
#define CUDA_SHIM_FILLS(bits, Element)                                                            \
  CUresult cuMemsetD##bits(CUdeviceptr dstDevice, Element value, size_t N) {                      \
    return fill(__func__, nullptr, row(dstDevice, N, value, sizeof value), kSynchronous);         \
  }                                                                                               \
  CUresult cuMemsetD##bits##Async(CUdeviceptr dstDevice, Element value, size_t N,                 \
                                  CUstream hStream) {                                             \
    return fill(__func__, hStream, row(dstDevice, N, value, sizeof value), kAsynchronous);        \
  }                                                                                               \
  CUresult cuMemsetD2D##bits(CUdeviceptr dstDevice, size_t dstPitch, Element value, size_t Width, \
                             size_t Height) {                                                     \
    return fill(__func__, nullptr, {dstDevice, Width, Height, dstPitch, value, sizeof value},     \
                kSynchronous);                                                                    \
  }                                                                                               \
  CUresult cuMemsetD2D##bits##Async(CUdeviceptr dstDevice, size_t dstPitch, Element value,        \
                                    size_t Width, size_t Height, CUstream hStream) {              \
    return fill(__func__, hStream, {dstDevice, Width, Height, dstPitch, value, sizeof value},     \
                kAsynchronous);                                                                   \
  }

extern "C" {

CUDA_SHIM_FILLS(8, unsigned char)
CUDA_SHIM_FILLS(16, unsigned short)
CUDA_SHIM_FILLS(32, unsigned int)

}  // extern "C"
#undef CUDA_SHIM_FILLS
