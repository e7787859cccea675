// Copies of two- and three-dimensional regions of linear memory and of arrays.
//
// Both are the driver's three-dimensional copy. A pitched pointer's slice is pitch * ysize bytes,
// so a region is told by pointer, pitch and rows. Positions are in bytes for linear memory and in
// texels for arrays; the extent is in texels as soon as one end is an array.

#include <cuda_runtime_api.h>

#include "api/cudart/channel_format.h"
#include "api/cudart/copy.h"
#include "api/cudart/entry.h"

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

cudaError_t texel_bytes_of(cudaArray_t array, size_t* bytes) {
  CUDA_ARRAY3D_DESCRIPTOR description;
  CUDART_TRY(in_context(cuArray3DGetDescriptor, &description, to_driver(array)));
  *bytes = texel_bytes(description.Format, description.NumChannels);
  return *bytes == 0 ? cudaErrorInvalidValue : cudaSuccess;
}

/// Texels to bytes; what overflows is out of every array.
size_t scaled(size_t texels, size_t bytes) {
  size_t product;
  return __builtin_mul_overflow(texels, bytes, &product) ? SIZE_MAX : product;
}

/// Puts the arrays into the driver's copy and makes bytes of texels.
cudaError_t use_arrays(const cudaMemcpy3DParms& in, CUDA_MEMCPY3D* out) {
  size_t source_bytes = 0, destination_bytes = 0;
  if (in.srcArray != nullptr) {
    CUDART_TRY(texel_bytes_of(in.srcArray, &source_bytes));
    out->srcMemoryType = CU_MEMORYTYPE_ARRAY;
    out->srcArray = to_driver(in.srcArray);
    out->srcXInBytes = scaled(in.srcPos.x, source_bytes);
  }
  if (in.dstArray != nullptr) {
    CUDART_TRY(texel_bytes_of(in.dstArray, &destination_bytes));
    out->dstMemoryType = CU_MEMORYTYPE_ARRAY;
    out->dstArray = to_driver(in.dstArray);
    out->dstXInBytes = scaled(in.dstPos.x, destination_bytes);
  }
  if (in.srcArray != nullptr && in.dstArray != nullptr && source_bytes != destination_bytes)
    return cudaErrorInvalidValue;
  out->WidthInBytes =
      scaled(in.extent.width, in.srcArray != nullptr ? source_bytes : destination_bytes);
  return cudaSuccess;
}

bool is_empty(const cudaExtent& extent) {
  return extent.width == 0 || extent.height == 0 || extent.depth == 0;
}

/// The pitch must hold a row wherever there is a next row to step to.
bool pitch_too_small(const CUDA_MEMCPY3D& copy) {
  const auto lacks = [&](CUmemorytype type, size_t pitch) {
    return type != CU_MEMORYTYPE_ARRAY && pitch < copy.WidthInBytes;
  };
  bool steps = copy.Height > 1 || copy.Depth > 1;
  return steps &&
         (lacks(copy.srcMemoryType, copy.srcPitch) || lacks(copy.dstMemoryType, copy.dstPitch));
}

cudaError_t copy_region_async(const cudaMemcpy3DParms& copy, cudaStream_t stream) {
  CUDA_MEMCPY3D driver_copy;
  CUDART_TRY(to_driver_copy(copy, &driver_copy));
  if (copy.srcArray != nullptr || copy.dstArray != nullptr)
    CUDART_TRY(use_arrays(copy, &driver_copy));
  if (pitch_too_small(driver_copy)) return cudaErrorInvalidPitchValue;
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
