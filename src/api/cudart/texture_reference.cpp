// Texture and surface references (runtime API manual of CUDA 11, sections "Texture Reference
// Management" and "Surface Reference Management"). Binding takes what the host's structure says at
// that time over to the driver's reference in the module of the current context.

#include "api/cudart/texture_reference.h"

#include <cuda_runtime_api.h>

#include <algorithm>

#include "api/cudart/channel_format.h"
#include "api/cudart/entry.h"
#include "api/cudart/registry.h"

using namespace cuda_shim::cudart;

namespace {

/// A reference of the host's, and the driver's handle for it.
struct Found {
  RegisteredReference* registered = nullptr;
  CUtexref texture = nullptr;
};

cudaError_t find(const textureReference* host, Found* found) {
  found->registered = host == nullptr ? nullptr : find_reference(host);
  if (found->registered == nullptr || found->registered->surface) return cudaErrorInvalidTexture;
  CUmodule module;
  CUDART_TRY(found->registered->module_of_context(&module));
  const cudaError_t error =
      to_runtime(cuModuleGetTexRef(&found->texture, module, found->registered->name));
  return error == cudaErrorSymbolNotFound ? cudaErrorInvalidTexture : error;
}

unsigned flags_of(const textureReference& host, const RegisteredReference& registered) {
  return (registered.reads_normalized ? 0 : CU_TRSF_READ_AS_INTEGER) |
         (host.normalized != 0 ? CU_TRSF_NORMALIZED_COORDINATES : 0) |
         (host.sRGB != 0 ? CU_TRSF_SRGB : 0) |
         (host.disableTrilinearOptimization != 0 ? CU_TRSF_DISABLE_TRILINEAR_OPTIMIZATION : 0);
}

/// The modes have the driver's numbers.
cudaError_t set_reading(const textureReference& host, const Found& found) {
  const CUtexref to = found.texture;
  for (int d = 0; d < 3; ++d)
    CUDART_TRY(to_runtime(
        cuTexRefSetAddressMode(to, d, static_cast<CUaddress_mode>(host.addressMode[d]))));
  CUDART_TRY(to_runtime(cuTexRefSetFilterMode(to, static_cast<CUfilter_mode>(host.filterMode))));
  CUDART_TRY(to_runtime(
      cuTexRefSetMipmapFilterMode(to, static_cast<CUfilter_mode>(host.mipmapFilterMode))));
  CUDART_TRY(to_runtime(cuTexRefSetMipmapLevelBias(to, host.mipmapLevelBias)));
  CUDART_TRY(to_runtime(
      cuTexRefSetMipmapLevelClamp(to, host.minMipmapLevelClamp, host.maxMipmapLevelClamp)));
  CUDART_TRY(to_runtime(cuTexRefSetMaxAnisotropy(to, host.maxAnisotropy)));
  return to_runtime(cuTexRefSetFlags(to, flags_of(host, *found.registered)));
}

// --- Memory

/// What a format says of a texel.
struct Texels {
  CUarray_format format = CU_AD_FORMAT_FLOAT;
  unsigned channels = 0;
  std::size_t bytes = 0;
};

cudaError_t describe(const cudaChannelFormatDesc* channels, Texels* out) {
  if (channels == nullptr) return cudaErrorInvalidValue;
  CUDART_TRY(to_array_format(*channels, &out->format, &out->channels));
  out->bytes = texel_bytes(out->format, out->channels);
  return cudaSuccess;
}

cudaError_t texture_alignment(CUdevice_attribute attribute, std::size_t* out) {
  CUdevice device;
  int value = 0;
  CUDART_TRY(in_context(cuCtxGetDevice, &device));
  CUDART_TRY(to_runtime(cuDeviceGetAttribute(&value, attribute, device)));
  *out = static_cast<std::size_t>(value);
  return cudaSuccess;
}

/// How far an address lies behind one that textures can begin at. Only who asks for the distance
/// can add it to coordinates.
cudaError_t find_offset(CUdeviceptr address, std::size_t* asked, std::size_t* offset) {
  std::size_t alignment = 1;
  CUDART_TRY(texture_alignment(CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT, &alignment));
  *offset = address % alignment;
  if (asked == nullptr) return *offset == 0 ? cudaSuccess : cudaErrorInvalidValue;
  *asked = *offset;
  return cudaSuccess;
}

/// The bytes from the address to the end of its memory, if `size` says more: the default is all.
std::size_t bytes_behind(CUdeviceptr address, std::size_t size) {
  CUdeviceptr base = 0;
  std::size_t whole = 0;
  if (cuMemGetAddressRange(&base, &whole, address) != CUDA_SUCCESS) return size;
  return std::min(size, static_cast<std::size_t>(base + whole - address));
}

}  // namespace

CUDART_ENTRY(cudaBindTexture,
             (size_t* offset, const textureReference* texture, const void* pointer,
              const cudaChannelFormatDesc* channels, size_t size),
             (offset, texture, pointer, channels, size)) {
  Found found;
  Texels texels;
  std::size_t distance = 0;
  const CUdeviceptr address = to_device_pointer(pointer);
  CUDART_TRY(find(texture, &found));
  CUDART_TRY(describe(channels, &texels));
  CUDART_TRY(find_offset(address, offset, &distance));
  CUDART_TRY(set_reading(*texture, found));
  CUDART_TRY(to_runtime(
      cuTexRefSetFormat(found.texture, texels.format, static_cast<int>(texels.channels))));
  CUDART_TRY(to_runtime(
      cuTexRefSetAddress(&distance, found.texture, address, bytes_behind(address, size))));
  found.registered->offset = static_cast<std::int64_t>(distance);
  return cudaSuccess;
}

CUDART_ENTRY(cudaBindTexture2D,
             (size_t* offset, const textureReference* texture, const void* pointer,
              const cudaChannelFormatDesc* channels, size_t width, size_t height, size_t pitch),
             (offset, texture, pointer, channels, width, height, pitch)) {
  Found found;
  Texels texels;
  std::size_t distance = 0;
  const CUdeviceptr address = to_device_pointer(pointer);
  CUDART_TRY(find(texture, &found));
  CUDART_TRY(describe(channels, &texels));
  CUDART_TRY(find_offset(address, offset, &distance));
  CUDART_TRY(set_reading(*texture, found));
  CUDA_ARRAY_DESCRIPTOR plane = {};
  plane.Format = texels.format;
  plane.NumChannels = texels.channels;
  plane.Height = height;
  // The caller adds the distance to x.
  plane.Width = distance == 0 ? width
                              : std::min(width + (distance + texels.bytes - 1) / texels.bytes,
                                         pitch / texels.bytes);
  CUDART_TRY(to_runtime(cuTexRefSetAddress2D(found.texture, &plane, address - distance, pitch)));
  found.registered->offset = static_cast<std::int64_t>(distance);
  return cudaSuccess;
}

CUDART_ENTRY(cudaBindTextureToArray,
             (const textureReference* texture, cudaArray_const_t array,
              const cudaChannelFormatDesc* channels),
             (texture, array, channels)) {
  Found found;
  Texels texels;
  CUDART_TRY(find(texture, &found));
  CUDART_TRY(describe(channels, &texels));
  CUDART_TRY(set_reading(*texture, found));
  CUDART_TRY(
      to_runtime(cuTexRefSetArray(found.texture, to_driver(array), CU_TRSA_OVERRIDE_FORMAT)));
  found.registered->offset = 0;
  return cudaSuccess;
}

CUDART_ENTRY(cudaBindTextureToMipmappedArray,
             (const textureReference* texture, cudaMipmappedArray_const_t array,
              const cudaChannelFormatDesc* channels),
             (texture, array, channels)) {
  Found found;
  Texels texels;
  CUDART_TRY(find(texture, &found));
  CUDART_TRY(describe(channels, &texels));
  CUDART_TRY(set_reading(*texture, found));
  CUDART_TRY(to_runtime(cuTexRefSetMipmappedArray(
      found.texture, reinterpret_cast<CUmipmappedArray>(const_cast<cudaMipmappedArray_t>(array)),
      CU_TRSA_OVERRIDE_FORMAT)));
  found.registered->offset = 0;
  return cudaSuccess;
}

CUDART_ENTRY(cudaUnbindTexture, (const textureReference* texture), (texture)) {
  Found found;
  CUDART_TRY(find(texture, &found));
  found.registered->offset = -1;
  return to_runtime(cuTexRefSetAddress(nullptr, found.texture, 0, 0));
}

CUDART_ENTRY(cudaGetTextureAlignmentOffset, (size_t* offset, const textureReference* texture),
             (offset, texture)) {
  const RegisteredReference* registered = texture == nullptr ? nullptr : find_reference(texture);
  if (registered == nullptr || registered->surface) return cudaErrorInvalidTexture;
  if (offset == nullptr) return cudaErrorInvalidValue;
  const std::int64_t distance = registered->offset;
  if (distance < 0) return cudaErrorInvalidTextureBinding;
  *offset = static_cast<size_t>(distance);
  return cudaSuccess;
}

CUDART_ENTRY(cudaGetTextureReference, (const textureReference** texture, const void* symbol),
             (texture, symbol)) {
  if (texture == nullptr) return cudaErrorInvalidValue;
  const RegisteredReference* registered = symbol == nullptr ? nullptr : find_reference(symbol);
  if (registered == nullptr || registered->surface) return cudaErrorInvalidTexture;
  *texture = static_cast<const textureReference*>(symbol);
  return cudaSuccess;
}

CUDART_ENTRY(cudaBindSurfaceToArray,
             (const surfaceReference* surface, cudaArray_const_t array,
              const cudaChannelFormatDesc* channels),
             (surface, array, channels)) {
  const RegisteredReference* registered = surface == nullptr ? nullptr : find_reference(surface);
  if (registered == nullptr || !registered->surface) return cudaErrorInvalidSurface;
  if (channels == nullptr) return cudaErrorInvalidValue;
  CUmodule module;
  CUsurfref found;
  CUDART_TRY(registered->module_of_context(&module));
  const cudaError_t error = to_runtime(cuModuleGetSurfRef(&found, module, registered->name));
  if (error == cudaErrorSymbolNotFound) return cudaErrorInvalidSurface;
  CUDART_TRY(error);
  return to_runtime(cuSurfRefSetArray(found, to_driver(array), 0));
}

CUDART_ENTRY(cudaGetSurfaceReference, (const surfaceReference** surface, const void* symbol),
             (surface, symbol)) {
  if (surface == nullptr) return cudaErrorInvalidValue;
  const RegisteredReference* registered = symbol == nullptr ? nullptr : find_reference(symbol);
  if (registered == nullptr || !registered->surface) return cudaErrorInvalidSurface;
  *surface = static_cast<const surfaceReference*>(symbol);
  return cudaSuccess;
}
