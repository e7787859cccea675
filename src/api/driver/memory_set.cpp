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

extern "C" {

CUresult cuMemsetD8(CUdeviceptr dstDevice, unsigned char uc, size_t N) {
  return fill(__func__, nullptr, row(dstDevice, N, uc, 1), kSynchronous);
}

CUresult cuMemsetD8Async(CUdeviceptr dstDevice, unsigned char uc, size_t N, CUstream hStream) {
  return fill(__func__, hStream, row(dstDevice, N, uc, 1), kAsynchronous);
}

CUresult cuMemsetD2D8(CUdeviceptr dstDevice, size_t dstPitch, unsigned char uc, size_t Width,
                      size_t Height) {
  return fill(__func__, nullptr, {dstDevice, Width, Height, dstPitch, uc, 1}, kSynchronous);
}

CUresult cuMemsetD2D8Async(CUdeviceptr dstDevice, size_t dstPitch, unsigned char uc, size_t Width,
                           size_t Height, CUstream hStream) {
  return fill(__func__, hStream, {dstDevice, Width, Height, dstPitch, uc, 1}, kAsynchronous);
}

CUresult cuMemsetD16(CUdeviceptr dstDevice, unsigned short us, size_t N) {
  return fill(__func__, nullptr, row(dstDevice, N, us, 2), kSynchronous);
}

CUresult cuMemsetD16Async(CUdeviceptr dstDevice, unsigned short us, size_t N, CUstream hStream) {
  return fill(__func__, hStream, row(dstDevice, N, us, 2), kAsynchronous);
}

CUresult cuMemsetD2D16(CUdeviceptr dstDevice, size_t dstPitch, unsigned short us, size_t Width,
                       size_t Height) {
  return fill(__func__, nullptr, {dstDevice, Width, Height, dstPitch, us, 2}, kSynchronous);
}

CUresult cuMemsetD2D16Async(CUdeviceptr dstDevice, size_t dstPitch, unsigned short us, size_t Width,
                            size_t Height, CUstream hStream) {
  return fill(__func__, hStream, {dstDevice, Width, Height, dstPitch, us, 2}, kAsynchronous);
}

CUresult cuMemsetD32(CUdeviceptr dstDevice, unsigned int ui, size_t N) {
  return fill(__func__, nullptr, row(dstDevice, N, ui, 4), kSynchronous);
}

CUresult cuMemsetD32Async(CUdeviceptr dstDevice, unsigned int ui, size_t N, CUstream hStream) {
  return fill(__func__, hStream, row(dstDevice, N, ui, 4), kAsynchronous);
}

CUresult cuMemsetD2D32(CUdeviceptr dstDevice, size_t dstPitch, unsigned int ui, size_t Width,
                       size_t Height) {
  return fill(__func__, nullptr, {dstDevice, Width, Height, dstPitch, ui, 4}, kSynchronous);
}

CUresult cuMemsetD2D32Async(CUdeviceptr dstDevice, size_t dstPitch, unsigned int ui, size_t Width,
                            size_t Height, CUstream hStream) {
  return fill(__func__, hStream, {dstDevice, Width, Height, dstPitch, ui, 4}, kAsynchronous);
}

}  // extern "C"
