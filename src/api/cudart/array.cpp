// Arrays and mipmapped arrays (runtime API manual, section "Memory Management"). The flags have the
// driver's values.

#include <cuda_runtime_api.h>

#include "api/cudart/channel_format.h"
#include "api/cudart/entry.h"

using namespace cuda_shim::cudart;

namespace {

cudaError_t describe(const cudaChannelFormatDesc* channels, cudaExtent extent, unsigned flags,
                     CUDA_ARRAY3D_DESCRIPTOR* out) {
  if (channels == nullptr) return cudaErrorInvalidValue;
  *out = {};
  out->Width = extent.width;
  out->Height = extent.height;
  out->Depth = extent.depth;
  out->Flags = flags;
  return to_array_format(*channels, &out->Format, &out->NumChannels);
}

cudaError_t make_array(cudaArray_t* array, const cudaChannelFormatDesc* channels, cudaExtent extent,
                       unsigned flags) {
  if (array == nullptr) return cudaErrorInvalidValue;
  CUDA_ARRAY3D_DESCRIPTOR description;
  CUDART_TRY(describe(channels, extent, flags, &description));
  return in_context(cuArray3DCreate, reinterpret_cast<CUarray*>(array), &description);
}

CUmipmappedArray to_driver_mipmapped(cudaMipmappedArray_const_t array) {
  return reinterpret_cast<CUmipmappedArray>(const_cast<cudaMipmappedArray_t>(array));
}

}  // namespace

CUDART_ENTRY(cudaMallocArray,
             (cudaArray_t * array, const cudaChannelFormatDesc* channels, size_t width,
              size_t height, unsigned int flags),
             (array, channels, width, height, flags)) {
  return make_array(array, channels, {width, height, 0}, flags);
}

CUDART_ENTRY(cudaMalloc3DArray,
             (cudaArray_t * array, const cudaChannelFormatDesc* channels, cudaExtent extent,
              unsigned int flags),
             (array, channels, extent, flags)) {
  return make_array(array, channels, extent, flags);
}

CUDART_ENTRY(cudaFreeArray, (cudaArray_t array), (array)) {
  if (array == nullptr) return ensure_context();
  return in_context(cuArrayDestroy, to_driver(array));
}

CUDART_ENTRY(cudaArrayGetInfo,
             (cudaChannelFormatDesc * channels, cudaExtent* extent, unsigned int* flags,
              cudaArray_t array),
             (channels, extent, flags, array)) {
  CUDA_ARRAY3D_DESCRIPTOR description;
  CUDART_TRY(in_context(cuArray3DGetDescriptor, &description, to_driver(array)));
  if (channels != nullptr)
    CUDART_TRY(to_channels(description.Format, description.NumChannels, channels));
  if (extent != nullptr) *extent = {description.Width, description.Height, description.Depth};
  if (flags != nullptr) *flags = description.Flags;
  return cudaSuccess;
}

CUDART_ENTRY(cudaGetChannelDesc, (cudaChannelFormatDesc * channels, cudaArray_const_t array),
             (channels, array)) {
  if (channels == nullptr) return cudaErrorInvalidValue;
  CUDA_ARRAY3D_DESCRIPTOR description;
  CUDART_TRY(in_context(cuArray3DGetDescriptor, &description, to_driver(array)));
  return to_channels(description.Format, description.NumChannels, channels);
}

CUDART_ENTRY(cudaMallocMipmappedArray,
             (cudaMipmappedArray_t * array, const cudaChannelFormatDesc* channels,
              cudaExtent extent, unsigned int levels, unsigned int flags),
             (array, channels, extent, levels, flags)) {
  if (array == nullptr) return cudaErrorInvalidValue;
  CUDA_ARRAY3D_DESCRIPTOR description;
  CUDART_TRY(describe(channels, extent, flags, &description));
  return in_context(cuMipmappedArrayCreate, reinterpret_cast<CUmipmappedArray*>(array),
                    &description, levels);
}

CUDART_ENTRY(cudaGetMipmappedArrayLevel,
             (cudaArray_t * array, cudaMipmappedArray_const_t mipmapped, unsigned int level),
             (array, mipmapped, level)) {
  return in_context(cuMipmappedArrayGetLevel, reinterpret_cast<CUarray*>(array),
                    to_driver_mipmapped(mipmapped), level);
}

CUDART_ENTRY(cudaFreeMipmappedArray, (cudaMipmappedArray_t array), (array)) {
  if (array == nullptr) return ensure_context();
  return in_context(cuMipmappedArrayDestroy, to_driver_mipmapped(array));
}

CUDART_ENTRY(cudaDeviceGetTexture1DLinearMaxWidth,
             (size_t* texels, const cudaChannelFormatDesc* channels, int device),
             (texels, channels, device)) {
  if (texels == nullptr || channels == nullptr) return cudaErrorInvalidValue;
  CUDART_TRY(check_device(device));
  CUarray_format format;
  unsigned count = 0;
  CUDART_TRY(to_array_format(*channels, &format, &count));
  return in_driver(cuDeviceGetTexture1DLinearMaxWidth, texels, format, count, CUdevice{device});
}
