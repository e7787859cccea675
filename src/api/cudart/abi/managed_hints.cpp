// Advice and prefetching of managed memory: a device ordinal says where in CUDA 11 and 12, a
// location in 13, to which 12 gives a second name.

#include "api/cudart/abi/abi.h"

using namespace cuda_shim::cudart;

namespace {

CUmemLocation to_driver(cudaMemLocation location) {
  CUmemLocation out = {};
  out.type = static_cast<CUmemLocationType>(location.type);
  out.id = location.id;
  return out;
}

[[maybe_unused]] CUmemLocation device_or_host(int device) {
  CUmemLocation out = {};
  out.type = device == cudaCpuDeviceId ? CU_MEM_LOCATION_TYPE_HOST : CU_MEM_LOCATION_TYPE_DEVICE;
  out.id = device == cudaCpuDeviceId ? 0 : device;
  return out;
}

cudaError_t advise(const void* pointer, size_t count, cudaMemoryAdvise advice,
                   CUmemLocation location) {
  return in_context(cuMemAdvise, to_device_pointer(pointer), count,
                    static_cast<CUmem_advise>(advice), location);
}

cudaError_t prefetch(const void* pointer, size_t count, CUmemLocation location, unsigned flags,
                     cudaStream_t stream) {
  return in_context(cuMemPrefetchAsync, to_device_pointer(pointer), count, location, flags, stream);
}

}  // namespace

#if CUDA_SHIM_CUDART_ABI <= 12
CUDART_ENTRY(cudaMemAdvise,
             (const void* pointer, size_t count, cudaMemoryAdvise advice, int device),
             (pointer, count, advice, device)) {
  return advise(pointer, count, advice, device_or_host(device));
}
CUDART_STREAM_ENTRY(cudaMemPrefetchAsync,
                    (const void* pointer, size_t count, int device, cudaStream_t stream),
                    (pointer, count, device, stream)) {
  return prefetch(pointer, count, device_or_host(device), 0, stream);
}
CUDART_ENTRY(cudaMemAdvise_v2,
             (const void* pointer, size_t count, cudaMemoryAdvise advice, cudaMemLocation location),
             (pointer, count, advice, location)) {
  return advise(pointer, count, advice, to_driver(location));
}
CUDART_STREAM_ENTRY(cudaMemPrefetchAsync_v2,
                    (const void* pointer, size_t count, cudaMemLocation location, unsigned flags,
                     cudaStream_t stream),
                    (pointer, count, location, flags, stream)) {
  return prefetch(pointer, count, to_driver(location), flags, stream);
}
#else
CUDART_ENTRY(cudaMemAdvise,
             (const void* pointer, size_t count, cudaMemoryAdvise advice, cudaMemLocation location),
             (pointer, count, advice, location)) {
  return advise(pointer, count, advice, to_driver(location));
}
CUDART_STREAM_ENTRY(cudaMemPrefetchAsync,
                    (const void* pointer, size_t count, cudaMemLocation location, unsigned flags,
                     cudaStream_t stream),
                    (pointer, count, location, flags, stream)) {
  return prefetch(pointer, count, to_driver(location), flags, stream);
}
#endif
