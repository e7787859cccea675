// Older forms of entries that mean the same as the newer ones: kept under their first names for
// programs built long ago. Those whose device pointers had 32 bits cannot serve a 64-bit process
// and are rows without an implementation.
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>

#include <cstdint>

#include "api/driver/entry.h"

namespace {

using namespace cuda_shim::driver;

// Passes a size on through a 32-bit place; what does not fit is the largest number, as the old
// interface did.
unsigned narrow(std::size_t value) {
  return value > UINT32_MAX ? UINT32_MAX : static_cast<unsigned>(value);
}

CUmemLocation location_of(CUdevice device) {
  CUmemLocation location = {};
  location.type = device == CU_DEVICE_CPU ? CU_MEM_LOCATION_TYPE_HOST : CU_MEM_LOCATION_TYPE_DEVICE;
  location.id = device == CU_DEVICE_CPU ? 0 : device;
  return location;
}

}  // namespace

extern "C" {

CUresult cuCtxDestroy(CUcontext ctx) {
  return cuCtxDestroy_v2(ctx);
}
CUresult cuCtxPopCurrent(CUcontext* pctx) {
  return cuCtxPopCurrent_v2(pctx);
}
CUresult cuCtxPushCurrent(CUcontext ctx) {
  return cuCtxPushCurrent_v2(ctx);
}
CUresult cuStreamDestroy(CUstream hStream) {
  return cuStreamDestroy_v2(hStream);
}
CUresult cuEventDestroy(CUevent hEvent) {
  return cuEventDestroy_v2(hEvent);
}
CUresult cuEventElapsedTime(float* pMilliseconds, CUevent hStart, CUevent hEnd) {
  return cuEventElapsedTime_v2(pMilliseconds, hStart, hEnd);
}
CUresult cuDevicePrimaryCtxRelease(CUdevice dev) {
  return cuDevicePrimaryCtxRelease_v2(dev);
}
CUresult cuDevicePrimaryCtxReset(CUdevice dev) {
  return cuDevicePrimaryCtxReset_v2(dev);
}
CUresult cuDevicePrimaryCtxSetFlags(CUdevice dev, unsigned int flags) {
  return cuDevicePrimaryCtxSetFlags_v2(dev, flags);
}
CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice dev) {
  return cuDeviceGetUuid_v2(uuid, dev);
}
CUresult cuMemAllocHost(void** pp, unsigned int bytesize) {
  return cuMemAllocHost_v2(pp, bytesize);
}
CUresult cuMemHostRegister(void* p, size_t bytesize, unsigned int Flags) {
  return cuMemHostRegister_v2(p, bytesize, Flags);
}

CUresult cuDeviceTotalMem(unsigned int* bytes, CUdevice dev) {
  if (bytes == nullptr) return CUDA_ERROR_INVALID_VALUE;
  std::size_t total = 0;
  CUresult result = cuDeviceTotalMem_v2(&total, dev);
  if (result == CUDA_SUCCESS) *bytes = narrow(total);
  return result;
}

CUresult cuMemGetInfo(unsigned int* free, unsigned int* total) {
  if (free == nullptr || total == nullptr) return CUDA_ERROR_INVALID_VALUE;
  std::size_t free_bytes = 0, total_bytes = 0;
  CUresult result = cuMemGetInfo_v2(&free_bytes, &total_bytes);
  if (result != CUDA_SUCCESS) return result;
  *free = narrow(free_bytes);
  *total = narrow(total_bytes);
  return result;
}

CUresult cuMemAdvise(CUdeviceptr devPtr, size_t count, CUmem_advise advice, CUdevice device) {
  return cuMemAdvise_v2(devPtr, count, advice, location_of(device));
}

CUresult cuMemPrefetchAsync(CUdeviceptr devPtr, size_t count, CUdevice dstDevice,
                            CUstream hStream) {
  return cuMemPrefetchAsync_v2(devPtr, count, location_of(dstDevice), 0, hStream);
}
CUresult cuMemPrefetchAsync_ptsz(CUdeviceptr devPtr, size_t count, CUdevice dstDevice,
                                 CUstream hStream) {
  return cuMemPrefetchAsync_v2_ptsz(devPtr, count, location_of(dstDevice), 0, hStream);
}

// The second versions of these were given the same meaning; only what hardware they could be used
// on changed.
#define CUDA_SHIM_SAME(name, parameters, arguments) \
  CUresult name parameters {                        \
    return name##_v2 arguments;                     \
  }                                                 \
  CUresult name##_ptsz parameters {                 \
    return name##_v2_ptsz arguments;                \
  }

CUDA_SHIM_SAME(cuStreamWaitValue32, (CUstream s, CUdeviceptr a, cuuint32_t v, unsigned int f),
               (s, a, v, f))
CUDA_SHIM_SAME(cuStreamWaitValue64, (CUstream s, CUdeviceptr a, cuuint64_t v, unsigned int f),
               (s, a, v, f))
CUDA_SHIM_SAME(cuStreamWriteValue32, (CUstream s, CUdeviceptr a, cuuint32_t v, unsigned int f),
               (s, a, v, f))
CUDA_SHIM_SAME(cuStreamWriteValue64, (CUstream s, CUdeviceptr a, cuuint64_t v, unsigned int f),
               (s, a, v, f))
CUDA_SHIM_SAME(cuStreamBatchMemOp,
               (CUstream s, unsigned int n, CUstreamBatchMemOpParams* p, unsigned int f),
               (s, n, p, f))
#undef CUDA_SHIM_SAME

CUresult cuStreamGetCaptureInfo(CUstream hStream, CUstreamCaptureStatus* captureStatus_out,
                                cuuint64_t* id_out) {
  return cuStreamIsCapturing(hStream, captureStatus_out);
}
CUresult cuStreamGetCaptureInfo_ptsz(CUstream hStream, CUstreamCaptureStatus* captureStatus_out,
                                     cuuint64_t* id_out) {
  return cuStreamIsCapturing_ptsz(hStream, captureStatus_out);
}
CUresult cuStreamGetCaptureInfo_v2(CUstream hStream, CUstreamCaptureStatus* captureStatus_out,
                                   cuuint64_t* id_out, CUgraph* graph_out,
                                   const CUgraphNode** dependencies_out,
                                   size_t* numDependencies_out) {
  return cuStreamIsCapturing(hStream, captureStatus_out);
}
CUresult cuStreamGetCaptureInfo_v2_ptsz(CUstream hStream, CUstreamCaptureStatus* captureStatus_out,
                                        cuuint64_t* id_out, CUgraph* graph_out,
                                        const CUgraphNode** dependencies_out,
                                        size_t* numDependencies_out) {
  return cuStreamIsCapturing_ptsz(hStream, captureStatus_out);
}

}  // extern "C"
