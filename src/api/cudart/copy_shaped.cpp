// Copies of two- and three-dimensional regions of linear memory.
//
// Both are the driver's three-dimensional copy. A pitched pointer's slice is pitch * ysize bytes,
// so a region is told by pointer, pitch and rows; positions are in bytes for linear memory. Arrays
// are not supported yet.

#include <cuda_runtime_api.h>

#include "api/cudart/copy.h"
#include "api/cudart/entry.h"
#include "support/log.h"

using namespace cuda_shim::cudart;

namespace {

cudaError_t to_driver_copy(const cudaMemcpy3DParms& in, CUDA_MEMCPY3D* out) {
  CopySides sides;
  if (!copy_sides(in.kind, &sides)) return cudaErrorInvalidMemcpyDirection;
  *out = {};
  out->srcMemoryType = sides.source;
  out->srcHost = in.srcPtr.ptr;
  out->srcDevice = to_device_pointer(in.srcPtr.ptr);
  out->srcPitch = in.srcPtr.pitch;
  out->srcHeight = in.srcPtr.ysize;
  out->srcXInBytes = in.srcPos.x;
  out->srcY = in.srcPos.y;
  out->srcZ = in.srcPos.z;
  out->dstMemoryType = sides.destination;
  out->dstHost = in.dstPtr.ptr;
  out->dstDevice = to_device_pointer(in.dstPtr.ptr);
  out->dstPitch = in.dstPtr.pitch;
  out->dstHeight = in.dstPtr.ysize;
  out->dstXInBytes = in.dstPos.x;
  out->dstY = in.dstPos.y;
  out->dstZ = in.dstPos.z;
  out->WidthInBytes = in.extent.width;
  out->Height = in.extent.height;
  out->Depth = in.extent.depth;
  return cudaSuccess;
}

bool is_empty(const cudaExtent& extent) {
  return extent.width == 0 || extent.height == 0 || extent.depth == 0;
}

/// The pitch must hold a row wherever there is a next row to step to.
bool pitch_too_small(const cudaMemcpy3DParms& copy) {
  bool steps = copy.extent.height > 1 || copy.extent.depth > 1;
  return steps && (copy.srcPtr.pitch < copy.extent.width || copy.dstPtr.pitch < copy.extent.width);
}

cudaError_t copy_region_async(const cudaMemcpy3DParms& copy, cudaStream_t stream) {
  if (copy.srcArray != nullptr || copy.dstArray != nullptr) {
    CUDA_SHIM_LOG_ONCE(kWarning, "Copies from or to CUDA arrays are not supported yet.");
    return cudaErrorNotSupported;
  }
  if (pitch_too_small(copy)) return cudaErrorInvalidPitchValue;
  CUDA_MEMCPY3D driver_copy;
  CUDART_TRY(to_driver_copy(copy, &driver_copy));
  if (is_empty(copy.extent)) return ensure_context();
  return in_context(cuMemcpy3DAsync, &driver_copy, stream);
}

cudaError_t copy_region(const cudaMemcpy3DParms& copy, cudaStream_t stream) {
  CUDART_TRY(copy_region_async(copy, stream));
  return in_context(cuStreamSynchronize, stream);
}

cudaMemcpy3DParms plane(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                        size_t width, size_t height, cudaMemcpyKind kind) {
  cudaMemcpy3DParms copy = {};
  copy.srcPtr = {const_cast<void*>(from), from_pitch, width, height};
  copy.dstPtr = {to, to_pitch, width, height};
  copy.extent = {width, height, 1};
  copy.kind = kind;
  return copy;
}

/// Between peers the driver finds both sides by their addresses.
cudaMemcpy3DParms between_peers(const cudaMemcpy3DPeerParms& peers) {
  cudaMemcpy3DParms copy = {};
  copy.srcArray = peers.srcArray;
  copy.srcPos = peers.srcPos;
  copy.srcPtr = peers.srcPtr;
  copy.dstArray = peers.dstArray;
  copy.dstPos = peers.dstPos;
  copy.dstPtr = peers.dstPtr;
  copy.extent = peers.extent;
  copy.kind = cudaMemcpyDefault;
  return copy;
}

cudaError_t check_peers(const cudaMemcpy3DPeerParms* peers) {
  if (peers == nullptr) return cudaErrorInvalidValue;
  CUDART_TRY(check_device(peers->srcDevice));
  return check_device(peers->dstDevice);
}

}  // namespace

CUDART_DEFAULT_STREAM_ENTRY(cudaMemcpy2D,
                            (void* to, size_t to_pitch, const void* from, size_t from_pitch,
                             size_t width, size_t height, cudaMemcpyKind kind),
                            (to, to_pitch, from, from_pitch, width, height, kind)) {
  return copy_region(plane(to, to_pitch, from, from_pitch, width, height, kind), stream);
}

CUDART_STREAM_ENTRY(cudaMemcpy2DAsync,
                    (void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                     size_t height, cudaMemcpyKind kind, cudaStream_t stream),
                    (to, to_pitch, from, from_pitch, width, height, kind, stream)) {
  return copy_region_async(plane(to, to_pitch, from, from_pitch, width, height, kind), stream);
}

CUDART_DEFAULT_STREAM_ENTRY(cudaMemcpy3D, (const cudaMemcpy3DParms* copy), (copy)) {
  return copy == nullptr ? cudaErrorInvalidValue : copy_region(*copy, stream);
}

CUDART_STREAM_ENTRY(cudaMemcpy3DAsync, (const cudaMemcpy3DParms* copy, cudaStream_t stream),
                    (copy, stream)) {
  return copy == nullptr ? cudaErrorInvalidValue : copy_region_async(*copy, stream);
}

CUDART_DEFAULT_STREAM_ENTRY(cudaMemcpy3DPeer, (const cudaMemcpy3DPeerParms* copy), (copy)) {
  CUDART_TRY(check_peers(copy));
  return copy_region(between_peers(*copy), stream);
}

CUDART_STREAM_ENTRY(cudaMemcpy3DPeerAsync, (const cudaMemcpy3DPeerParms* copy, cudaStream_t stream),
                    (copy, stream)) {
  CUDART_TRY(check_peers(copy));
  return copy_region_async(between_peers(*copy), stream);
}
