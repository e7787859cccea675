// Events (runtime API manual, section "Event Management").

#include <cuda_runtime_api.h>

#include "api/cudart/entry.h"

using namespace cuda_shim::cudart;

CUDART_ENTRY(cudaEventCreate, (cudaEvent_t * event), (event)) {
  return in_context(cuEventCreate, event, 0U);
}
CUDART_ENTRY(cudaEventCreateWithFlags, (cudaEvent_t * event, unsigned int flags), (event, flags)) {
  return in_context(cuEventCreate, event, flags);
}
CUDART_ENTRY(cudaEventDestroy, (cudaEvent_t event), (event)) {
  return in_context(cuEventDestroy, event);
}
CUDART_STREAM_ENTRY(cudaEventRecord, (cudaEvent_t event, cudaStream_t stream), (event, stream)) {
  return in_context(cuEventRecord, event, stream);
}
CUDART_STREAM_ENTRY(cudaEventRecordWithFlags,
                    (cudaEvent_t event, cudaStream_t stream, unsigned int flags),
                    (event, stream, flags)) {
  return in_context(cuEventRecordWithFlags, event, stream, flags);
}
CUDART_ENTRY(cudaEventSynchronize, (cudaEvent_t event), (event)) {
  return in_context(cuEventSynchronize, event);
}
CUDART_ENTRY(cudaEventQuery, (cudaEvent_t event), (event)) {
  return in_context(cuEventQuery, event);
}

static cudaError_t elapsed(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return in_context(cuEventElapsedTime, milliseconds, start, end);
}
CUDART_ENTRY(cudaEventElapsedTime, (float* milliseconds, cudaEvent_t start, cudaEvent_t end),
             (milliseconds, start, end)) {
  return elapsed(milliseconds, start, end);
}
CUDART_ENTRY(cudaEventElapsedTime_v2, (float* milliseconds, cudaEvent_t start, cudaEvent_t end),
             (milliseconds, start, end)) {
  return elapsed(milliseconds, start, end);
}
