// Allocation of device, managed and stream-ordered memory (runtime API manual, section "Memory
// Management").

#include <cuda_runtime_api.h>

#include "api/cudart/entry.h"

using namespace cuda_shim::cudart;

namespace {

// Rows of pitched memory are aligned for elements of this many bytes, the widest that coalesced
// access knows.
constexpr unsigned kPitchElementBytes = 16;

/// The runtime gives null for an empty allocation, where the driver refuses one.
cudaError_t allocate(void** pointer, size_t size) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  *pointer = nullptr;
  if (size == 0) return ensure_context();
  return in_context(cuMemAlloc, to_device_pointer(pointer), size);
}

cudaError_t allocate_pitched(void** pointer, size_t* pitch, size_t width, size_t height) {
  if (pointer == nullptr || pitch == nullptr) return cudaErrorInvalidValue;
  *pointer = nullptr;
  *pitch = 0;
  if (width == 0 || height == 0) return ensure_context();
  return in_context(cuMemAllocPitch, to_device_pointer(pointer), pitch, width, height,
                    kPitchElementBytes);
}

}  // namespace

CUDART_ENTRY(cudaMalloc, (void** pointer, size_t size), (pointer, size)) {
  return allocate(pointer, size);
}

CUDART_ENTRY(cudaFree, (void* pointer), (pointer)) {
  // Freeing null is how many programs ask for the context to be made.
  if (pointer == nullptr) return ensure_context();
  return in_context(cuMemFree, to_device_pointer(pointer));
}

CUDART_ENTRY(cudaMallocPitch, (void** pointer, size_t* pitch, size_t width, size_t height),
             (pointer, pitch, width, height)) {
  return allocate_pitched(pointer, pitch, width, height);
}

CUDART_ENTRY(cudaMalloc3D, (cudaPitchedPtr * pitched, cudaExtent extent), (pitched, extent)) {
  if (pitched == nullptr) return cudaErrorInvalidValue;
  size_t rows;
  if (__builtin_mul_overflow(extent.height, extent.depth, &rows)) return cudaErrorMemoryAllocation;
  *pitched = {nullptr, 0, extent.width, extent.height};
  return allocate_pitched(&pitched->ptr, &pitched->pitch, extent.width, rows);
}

CUDART_ENTRY(cudaMallocManaged, (void** pointer, size_t size, unsigned int flags),
             (pointer, size, flags)) {
  if (pointer == nullptr || size == 0) return cudaErrorInvalidValue;
  return in_context(cuMemAllocManaged, to_device_pointer(pointer), size, flags);
}

CUDART_STREAM_ENTRY(cudaMallocAsync, (void** pointer, size_t size, cudaStream_t stream),
                    (pointer, size, stream)) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  *pointer = nullptr;
  if (size == 0) return ensure_context();
  return in_context(cuMemAllocAsync, to_device_pointer(pointer), size, stream);
}

CUDART_STREAM_ENTRY(cudaFreeAsync, (void* pointer, cudaStream_t stream), (pointer, stream)) {
  if (pointer == nullptr) return ensure_context();
  return in_context(cuMemFreeAsync, to_device_pointer(pointer), stream);
}

CUDART_ENTRY(cudaMemGetInfo, (size_t* free, size_t* total), (free, total)) {
  return in_context(cuMemGetInfo, free, total);
}
