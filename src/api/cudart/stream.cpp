// Streams and what runs in them on the host (runtime API manual, section "Stream Management").

#include <cuda_runtime_api.h>

#include "api/cudart/entry.h"

using namespace cuda_shim::cudart;

CUDART_ENTRY(cudaStreamCreate, (cudaStream_t * stream), (stream)) {
  return in_context(cuStreamCreate, stream, 0U);
}
CUDART_ENTRY(cudaStreamCreateWithFlags, (cudaStream_t * stream, unsigned int flags),
             (stream, flags)) {
  return in_context(cuStreamCreate, stream, flags);
}
CUDART_ENTRY(cudaStreamCreateWithPriority,
             (cudaStream_t * stream, unsigned int flags, int priority), (stream, flags, priority)) {
  return in_context(cuStreamCreateWithPriority, stream, flags, priority);
}
CUDART_ENTRY(cudaStreamDestroy, (cudaStream_t stream), (stream)) {
  return in_context(cuStreamDestroy, stream);
}

CUDART_STREAM_ENTRY(cudaStreamSynchronize, (cudaStream_t stream), (stream)) {
  return in_context(cuStreamSynchronize, stream);
}
CUDART_STREAM_ENTRY(cudaStreamQuery, (cudaStream_t stream), (stream)) {
  return in_context(cuStreamQuery, stream);
}
CUDART_STREAM_ENTRY(cudaStreamWaitEvent,
                    (cudaStream_t stream, cudaEvent_t event, unsigned int flags),
                    (stream, event, flags)) {
  return in_context(cuStreamWaitEvent, stream, event, flags);
}

// The status is an int of the same values in both callback types.
CUDART_STREAM_ENTRY(cudaStreamAddCallback,
                    (cudaStream_t stream, cudaStreamCallback_t callback, void* user,
                     unsigned int flags),
                    (stream, callback, user, flags)) {
  return in_context(cuStreamAddCallback, stream, reinterpret_cast<CUstreamCallback>(callback), user,
                    flags);
}
CUDART_STREAM_ENTRY(cudaLaunchHostFunc, (cudaStream_t stream, cudaHostFn_t function, void* user),
                    (stream, function, user)) {
  return in_context(cuLaunchHostFunc, stream, function, user);
}

CUDART_STREAM_ENTRY(cudaStreamGetFlags, (cudaStream_t stream, unsigned int* flags),
                    (stream, flags)) {
  return in_context(cuStreamGetFlags, stream, flags);
}
CUDART_STREAM_ENTRY(cudaStreamGetPriority, (cudaStream_t stream, int* priority),
                    (stream, priority)) {
  return in_context(cuStreamGetPriority, stream, priority);
}
CUDART_STREAM_ENTRY(cudaStreamGetId, (cudaStream_t stream, unsigned long long* id), (stream, id)) {
  return in_context(cuStreamGetId, stream, id);
}
CUDART_STREAM_ENTRY(cudaStreamGetDevice, (cudaStream_t stream, int* device), (stream, device)) {
  return in_context(cuStreamGetDevice, stream, device);
}
CUDART_STREAM_ENTRY(cudaStreamAttachMemAsync,
                    (cudaStream_t stream, void* pointer, size_t length, unsigned int flags),
                    (stream, pointer, length, flags)) {
  return in_context(cuStreamAttachMemAsync, stream, to_device_pointer(pointer), length, flags);
}

// Attributes of streams are a part of those of launches and have one layout in both APIs.
static_assert(sizeof(cudaLaunchAttributeValue) == sizeof(CUstreamAttrValue));

CUDART_STREAM_ENTRY(cudaStreamGetAttribute,
                    (cudaStream_t stream, cudaLaunchAttributeID id,
                     cudaLaunchAttributeValue* value),
                    (stream, id, value)) {
  return in_context(cuStreamGetAttribute, stream, static_cast<CUstreamAttrID>(id),
                    reinterpret_cast<CUstreamAttrValue*>(value));
}
CUDART_STREAM_ENTRY(cudaStreamSetAttribute,
                    (cudaStream_t stream, cudaLaunchAttributeID id,
                     const cudaLaunchAttributeValue* value),
                    (stream, id, value)) {
  return in_context(cuStreamSetAttribute, stream, static_cast<CUstreamAttrID>(id),
                    reinterpret_cast<const CUstreamAttrValue*>(value));
}

extern "C" CUDA_SHIM_EXPORT cudaError_t cudaStreamCopyAttributes(cudaStream_t to,
                                                                 cudaStream_t from) {
  return record(in_context(cuStreamCopyAttributes, to, from), "cudaStreamCopyAttributes");
}
extern "C" CUDA_SHIM_EXPORT cudaError_t cudaStreamCopyAttributes_ptsz(cudaStream_t to,
                                                                      cudaStream_t from) {
  return record(in_context(cuStreamCopyAttributes, per_thread(to), per_thread(from)),
                "cudaStreamCopyAttributes_ptsz");
}
