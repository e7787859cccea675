// Copies of bytes in a row: cudaMemcpy, cudaMemcpyAsync, between peers.
//
// The kind chooses the driver's function, so that a pointer that contradicts the kind is refused
// there as it is by NVIDIA's runtime; with cudaMemcpyDefault the driver looks the pointers up.

#include "api/cudart/copy.h"

#include <cuda_runtime_api.h>

#include "api/cudart/entry.h"

namespace cuda_shim::cudart {

bool copy_sides(cudaMemcpyKind kind, CopySides* sides) {
  switch (kind) {
    case cudaMemcpyHostToHost:
      *sides = {CU_MEMORYTYPE_HOST, CU_MEMORYTYPE_HOST};
      return true;
    case cudaMemcpyHostToDevice:
      *sides = {CU_MEMORYTYPE_HOST, CU_MEMORYTYPE_DEVICE};
      return true;
    case cudaMemcpyDeviceToHost:
      *sides = {CU_MEMORYTYPE_DEVICE, CU_MEMORYTYPE_HOST};
      return true;
    case cudaMemcpyDeviceToDevice:
      *sides = {CU_MEMORYTYPE_DEVICE, CU_MEMORYTYPE_DEVICE};
      return true;
    case cudaMemcpyDefault:
      *sides = {CU_MEMORYTYPE_UNIFIED, CU_MEMORYTYPE_UNIFIED};
      return true;
  }
  return false;
}

cudaError_t copy_async(void* to, const void* from, size_t count, cudaMemcpyKind kind,
                       cudaStream_t stream) {
  switch (kind) {
    case cudaMemcpyHostToDevice:
      return in_context(cuMemcpyHtoDAsync, to_device_pointer(to), from, count, stream);
    case cudaMemcpyDeviceToHost:
      return in_context(cuMemcpyDtoHAsync, to, to_device_pointer(from), count, stream);
    case cudaMemcpyDeviceToDevice:
      return in_context(cuMemcpyDtoDAsync, to_device_pointer(to), to_device_pointer(from), count,
                        stream);
    case cudaMemcpyHostToHost:
    case cudaMemcpyDefault:
      return in_context(cuMemcpyAsync, to_device_pointer(to), to_device_pointer(from), count,
                        stream);
  }
  return cudaErrorInvalidMemcpyDirection;
}

static cudaError_t copy_on_legacy_stream(void* to, const void* from, size_t count,
                                         cudaMemcpyKind kind) {
  switch (kind) {
    case cudaMemcpyHostToDevice:
      return in_context(cuMemcpyHtoD, to_device_pointer(to), from, count);
    case cudaMemcpyDeviceToHost:
      return in_context(cuMemcpyDtoH, to, to_device_pointer(from), count);
    case cudaMemcpyDeviceToDevice:
      return in_context(cuMemcpyDtoD, to_device_pointer(to), to_device_pointer(from), count);
    case cudaMemcpyHostToHost:
    case cudaMemcpyDefault:
      return in_context(cuMemcpy, to_device_pointer(to), to_device_pointer(from), count);
  }
  return cudaErrorInvalidMemcpyDirection;
}

cudaError_t copy(void* to, const void* from, size_t count, cudaMemcpyKind kind,
                 cudaStream_t stream) {
  if (stream == CU_STREAM_LEGACY) return copy_on_legacy_stream(to, from, count, kind);
  CUDART_TRY(copy_async(to, from, count, kind, stream));
  return in_context(cuStreamSynchronize, stream);
}

}  // namespace cuda_shim::cudart

using namespace cuda_shim::cudart;

CUDART_DEFAULT_STREAM_ENTRY(cudaMemcpy,
                            (void* to, const void* from, size_t count, cudaMemcpyKind kind),
                            (to, from, count, kind)) {
  if (count == 0) return ensure_context();
  return copy(to, from, count, kind, stream);
}

CUDART_STREAM_ENTRY(cudaMemcpyAsync,
                    (void* to, const void* from, size_t count, cudaMemcpyKind kind,
                     cudaStream_t stream),
                    (to, from, count, kind, stream)) {
  if (count == 0) return ensure_context();
  return copy_async(to, from, count, kind, stream);
}

static cudaError_t peer_contexts(int to_device, CUcontext* to, int from_device, CUcontext* from) {
  CUDART_TRY(check_device(to_device));
  CUDART_TRY(check_device(from_device));
  CUDART_TRY(primary_context(to_device, to));
  return primary_context(from_device, from);
}

CUDART_ENTRY(cudaMemcpyPeer,
             (void* to, int to_device, const void* from, int from_device, size_t count),
             (to, to_device, from, from_device, count)) {
  CUcontext to_context, from_context;
  CUDART_TRY(peer_contexts(to_device, &to_context, from_device, &from_context));
  return in_context(cuMemcpyPeer, to_device_pointer(to), to_context, to_device_pointer(from),
                    from_context, count);
}

CUDART_ENTRY(cudaMemcpyPeerAsync,
             (void* to, int to_device, const void* from, int from_device, size_t count,
              cudaStream_t stream),
             (to, to_device, from, from_device, count, stream)) {
  CUcontext to_context, from_context;
  CUDART_TRY(peer_contexts(to_device, &to_context, from_device, &from_context));
  return in_context(cuMemcpyPeerAsync, to_device_pointer(to), to_context, to_device_pointer(from),
                    from_context, count, stream);
}
