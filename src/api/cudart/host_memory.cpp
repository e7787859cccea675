// Page-locked host memory (runtime API manual, section "Memory Management"). The flags have equal
// values in both APIs.

#include <cuda_runtime_api.h>

#include "api/cudart/entry.h"

using namespace cuda_shim::cudart;

static_assert(cudaHostAllocPortable == CU_MEMHOSTALLOC_PORTABLE);
static_assert(cudaHostAllocMapped == CU_MEMHOSTALLOC_DEVICEMAP);
static_assert(cudaHostAllocWriteCombined == CU_MEMHOSTALLOC_WRITECOMBINED);
static_assert(cudaHostRegisterMapped == CU_MEMHOSTREGISTER_DEVICEMAP);

static cudaError_t allocate_host(void** pointer, size_t size, unsigned flags) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  *pointer = nullptr;
  if (size == 0) return ensure_context();
  return in_context(cuMemHostAlloc, pointer, size, flags);
}

CUDART_ENTRY(cudaMallocHost, (void** pointer, size_t size), (pointer, size)) {
  return allocate_host(pointer, size, cudaHostAllocDefault);
}
CUDART_ENTRY(cudaHostAlloc, (void** pointer, size_t size, unsigned int flags),
             (pointer, size, flags)) {
  return allocate_host(pointer, size, flags);
}
CUDART_ENTRY(cudaFreeHost, (void* pointer), (pointer)) {
  if (pointer == nullptr) return ensure_context();
  return in_context(cuMemFreeHost, pointer);
}
CUDART_ENTRY(cudaHostRegister, (void* pointer, size_t size, unsigned int flags),
             (pointer, size, flags)) {
  return in_context(cuMemHostRegister, pointer, size, flags);
}
CUDART_ENTRY(cudaHostUnregister, (void* pointer), (pointer)) {
  return in_context(cuMemHostUnregister, pointer);
}
CUDART_ENTRY(cudaHostGetDevicePointer, (void** device, void* host, unsigned int flags),
             (device, host, flags)) {
  return in_context(cuMemHostGetDevicePointer, to_device_pointer(device), host, flags);
}
CUDART_ENTRY(cudaHostGetFlags, (unsigned int* flags, void* host), (flags, host)) {
  return in_context(cuMemHostGetFlags, flags, host);
}
