// Questions about stream capture (runtime API manual, section "Stream Management"). Libraries ask
// them before they allocate, so they are answered although graphs themselves are not supported yet:
// the driver says that no stream is capturing, and then the outputs beyond the status are not
// touched.

#include "api/cudart/abi/abi.h"

using namespace cuda_shim::cudart;

namespace {

cudaError_t capture_status(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  if (status == nullptr) return cudaErrorInvalidValue;
  return in_context(cuStreamIsCapturing, stream, reinterpret_cast<CUstreamCaptureStatus*>(status));
}

/// For a stream that is capturing there is a graph to tell of, which we have not.
cudaError_t capture_info(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  CUDART_TRY(capture_status(stream, status));
  return *status == cudaStreamCaptureStatusNone ? cudaSuccess : cudaErrorNotSupported;
}

}  // namespace

CUDART_STREAM_ENTRY(cudaStreamIsCapturing, (cudaStream_t stream, cudaStreamCaptureStatus* status),
                    (stream, status)) {
  return capture_status(stream, status);
}

CUDART_ENTRY(cudaThreadExchangeStreamCaptureMode, (cudaStreamCaptureMode * mode), (mode)) {
  return in_driver(cuThreadExchangeStreamCaptureMode, reinterpret_cast<CUstreamCaptureMode*>(mode));
}

#if CUDA_SHIM_CUDART_ABI <= 12
CUDART_STREAM_ENTRY(cudaStreamGetCaptureInfo,
                    (cudaStream_t stream, cudaStreamCaptureStatus* status, unsigned long long* id),
                    (stream, status, id)) {
  return capture_info(stream, status);
}
CUDART_STREAM_ENTRY(cudaStreamGetCaptureInfo_v2,
                    (cudaStream_t stream, cudaStreamCaptureStatus* status, unsigned long long* id,
                     cudaGraph_t* graph, const cudaGraphNode_t** dependencies, size_t* count),
                    (stream, status, id, graph, dependencies, count)) {
  return capture_info(stream, status);
}
CUDART_STREAM_ENTRY(cudaStreamGetCaptureInfo_v3,
                    (cudaStream_t stream, cudaStreamCaptureStatus* status, unsigned long long* id,
                     cudaGraph_t* graph, const cudaGraphNode_t** dependencies,
                     const cudaGraphEdgeData** edges, size_t* count),
                    (stream, status, id, graph, dependencies, edges, count)) {
  return capture_info(stream, status);
}
#else
CUDART_STREAM_ENTRY(cudaStreamGetCaptureInfo,
                    (cudaStream_t stream, cudaStreamCaptureStatus* status, unsigned long long* id,
                     cudaGraph_t* graph, const cudaGraphNode_t** dependencies,
                     const cudaGraphEdgeData** edges, size_t* count),
                    (stream, status, id, graph, dependencies, edges, count)) {
  return capture_info(stream, status);
}
#endif
