// Texture and surface objects (runtime API manual, sections "Texture Object Management" and
// "Surface Object Management"). The structures grew at their ends: CUDA 12 lets cubemaps be
// filtered seamlessly, which in CUDA 11 is a second structure with functions of its own; CUDA 13
// gives resources flags and room.

#include <surface_types.h>
#include <texture_types.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "api/cudart/abi/abi.h"
#include "api/cudart/channel_format.h"

using namespace cuda_shim::cudart;

namespace {

constexpr std::size_t kResourceBytes = CUDA_SHIM_CUDART_ABI >= 13 ? sizeof(cudaResourceDesc) : 64;
static_assert(offsetof(cudaResourceDesc, res) + sizeof(cudaResourceDesc::res.pitch2D) == 64);
constexpr bool kHasSeamless = CUDA_SHIM_CUDART_ABI >= 12;

// --- Resources

template <class Plane, class DriverPlane>
cudaError_t take_format(const Plane& in, DriverPlane& out) {
  out.devPtr = to_device_pointer(in.devPtr);
  return to_array_format(in.desc, &out.format, &out.numChannels);
}

cudaError_t to_driver(const cudaResourceDesc& in, CUDA_RESOURCE_DESC* out) {
  *out = {};
  out->flags = CUDA_SHIM_CUDART_ABI >= 13 ? in.flags : 0;
  switch (in.resType) {
    case cudaResourceTypeArray:
      out->resType = CU_RESOURCE_TYPE_ARRAY;
      out->res.array.hArray = reinterpret_cast<CUarray>(in.res.array.array);
      return cudaSuccess;
    case cudaResourceTypeMipmappedArray:
      out->resType = CU_RESOURCE_TYPE_MIPMAPPED_ARRAY;
      out->res.mipmap.hMipmappedArray = reinterpret_cast<CUmipmappedArray>(in.res.mipmap.mipmap);
      return cudaSuccess;
    case cudaResourceTypeLinear:
      out->resType = CU_RESOURCE_TYPE_LINEAR;
      out->res.linear.sizeInBytes = in.res.linear.sizeInBytes;
      return take_format(in.res.linear, out->res.linear);
    case cudaResourceTypePitch2D:
      out->resType = CU_RESOURCE_TYPE_PITCH2D;
      out->res.pitch2D.width = in.res.pitch2D.width;
      out->res.pitch2D.height = in.res.pitch2D.height;
      out->res.pitch2D.pitchInBytes = in.res.pitch2D.pitchInBytes;
      return take_format(in.res.pitch2D, out->res.pitch2D);
  }
  return cudaErrorInvalidValue;
}

template <class DriverPlane, class Plane>
cudaError_t give_format(const DriverPlane& in, Plane& out) {
  out.devPtr = reinterpret_cast<void*>(in.devPtr);
  return to_channels(in.format, in.numChannels, &out.desc);
}

cudaError_t to_runtime_resource(const CUDA_RESOURCE_DESC& in, cudaResourceDesc* out) {
  *out = {};
  out->resType = static_cast<cudaResourceType>(in.resType);  // equal numbers
  switch (in.resType) {
    case CU_RESOURCE_TYPE_ARRAY:
      out->res.array.array = reinterpret_cast<cudaArray_t>(in.res.array.hArray);
      return cudaSuccess;
    case CU_RESOURCE_TYPE_MIPMAPPED_ARRAY:
      out->res.mipmap.mipmap =
          reinterpret_cast<cudaMipmappedArray_t>(in.res.mipmap.hMipmappedArray);
      return cudaSuccess;
    case CU_RESOURCE_TYPE_LINEAR:
      out->res.linear.sizeInBytes = in.res.linear.sizeInBytes;
      return give_format(in.res.linear, out->res.linear);
    case CU_RESOURCE_TYPE_PITCH2D:
      out->res.pitch2D.width = in.res.pitch2D.width;
      out->res.pitch2D.height = in.res.pitch2D.height;
      out->res.pitch2D.pitchInBytes = in.res.pitch2D.pitchInBytes;
      return give_format(in.res.pitch2D, out->res.pitch2D);
  }
  return cudaErrorInvalidValue;
}

cudaError_t give_resource(CUresult (*ask)(CUDA_RESOURCE_DESC*, CUtexObject), CUtexObject object,
                          cudaResourceDesc* out) {
  if (out == nullptr) return cudaErrorInvalidValue;
  CUDA_RESOURCE_DESC found;
  CUDART_TRY(in_context(ask, &found, object));
  cudaResourceDesc whole;
  CUDART_TRY(to_runtime_resource(found, &whole));
  std::memcpy(out, &whole, kResourceBytes);
  return cudaSuccess;
}

// --- How they are read

CUDA_TEXTURE_DESC to_driver(const cudaTextureDesc& in, bool seamless) {
  CUDA_TEXTURE_DESC out = {};
  for (unsigned d = 0; d < 3; ++d)
    out.addressMode[d] = static_cast<CUaddress_mode>(in.addressMode[d]);  // equal numbers
  out.filterMode = static_cast<CUfilter_mode>(in.filterMode);
  out.flags = (in.readMode == cudaReadModeElementType ? CU_TRSF_READ_AS_INTEGER : 0) |
              (in.normalizedCoords ? CU_TRSF_NORMALIZED_COORDINATES : 0) |
              (in.sRGB ? CU_TRSF_SRGB : 0) |
              (in.disableTrilinearOptimization ? CU_TRSF_DISABLE_TRILINEAR_OPTIMIZATION : 0) |
              (seamless && in.seamlessCubemap ? CU_TRSF_SEAMLESS_CUBEMAP : 0);
  out.maxAnisotropy = in.maxAnisotropy;
  out.mipmapFilterMode = static_cast<CUfilter_mode>(in.mipmapFilterMode);
  out.mipmapLevelBias = in.mipmapLevelBias;
  out.minMipmapLevelClamp = in.minMipmapLevelClamp;
  out.maxMipmapLevelClamp = in.maxMipmapLevelClamp;
  std::ranges::copy(in.borderColor, out.borderColor);
  return out;
}

cudaTextureDesc to_runtime_texture(const CUDA_TEXTURE_DESC& in) {
  cudaTextureDesc out = {};
  for (unsigned d = 0; d < 3; ++d)
    out.addressMode[d] = static_cast<cudaTextureAddressMode>(in.addressMode[d]);
  out.filterMode = static_cast<cudaTextureFilterMode>(in.filterMode);
  out.readMode =
      (in.flags & CU_TRSF_READ_AS_INTEGER) ? cudaReadModeElementType : cudaReadModeNormalizedFloat;
  out.sRGB = (in.flags & CU_TRSF_SRGB) != 0;
  out.normalizedCoords = (in.flags & CU_TRSF_NORMALIZED_COORDINATES) != 0;
  out.disableTrilinearOptimization = (in.flags & CU_TRSF_DISABLE_TRILINEAR_OPTIMIZATION) != 0;
  out.seamlessCubemap = (in.flags & CU_TRSF_SEAMLESS_CUBEMAP) != 0;
  out.maxAnisotropy = in.maxAnisotropy;
  out.mipmapFilterMode = static_cast<cudaTextureFilterMode>(in.mipmapFilterMode);
  out.mipmapLevelBias = in.mipmapLevelBias;
  out.minMipmapLevelClamp = in.minMipmapLevelClamp;
  out.maxMipmapLevelClamp = in.maxMipmapLevelClamp;
  std::ranges::copy(in.borderColor, out.borderColor);
  return out;
}

// --- Views

// CUDA 13 has room at the end.
constexpr std::size_t kViewBytes = CUDA_SHIM_CUDART_ABI >= 13
                                       ? sizeof(cudaResourceViewDesc)
                                       : offsetof(cudaResourceViewDesc, reserved);

CUDA_RESOURCE_VIEW_DESC to_driver(const cudaResourceViewDesc& in) {
  CUDA_RESOURCE_VIEW_DESC out = {};
  out.format = static_cast<CUresourceViewFormat>(in.format);  // equal numbers
  out.width = in.width;
  out.height = in.height;
  out.depth = in.depth;
  out.firstMipmapLevel = in.firstMipmapLevel;
  out.lastMipmapLevel = in.lastMipmapLevel;
  out.firstLayer = in.firstLayer;
  out.lastLayer = in.lastLayer;
  return out;
}

/// Of formats of integers, which come in threes: one, two and four channels. The rest is read as
/// floats.
CUarray_format format_of(const cudaResourceViewDesc& view) {
  constexpr CUarray_format kIntegers[] = {CU_AD_FORMAT_UNSIGNED_INT8,  CU_AD_FORMAT_SIGNED_INT8,
                                          CU_AD_FORMAT_UNSIGNED_INT16, CU_AD_FORMAT_SIGNED_INT16,
                                          CU_AD_FORMAT_UNSIGNED_INT32, CU_AD_FORMAT_SIGNED_INT32};
  const bool integers =
      view.format >= cudaResViewFormatUnsignedChar1 && view.format <= cudaResViewFormatSignedInt4;
  return integers ? kIntegers[(view.format - cudaResViewFormatUnsignedChar1) / 3]
                  : CU_AD_FORMAT_FLOAT;
}

cudaResourceViewDesc to_runtime_view(const CUDA_RESOURCE_VIEW_DESC& in) {
  cudaResourceViewDesc out = {};
  out.format = static_cast<cudaResourceViewFormat>(in.format);
  out.width = in.width;
  out.height = in.height;
  out.depth = in.depth;
  out.firstMipmapLevel = in.firstMipmapLevel;
  out.lastMipmapLevel = in.lastMipmapLevel;
  out.firstLayer = in.firstLayer;
  out.lastLayer = in.lastLayer;
  return out;
}

/// The runtime has codes of its own for what the driver calls an invalid value.
cudaError_t check_reading(const CUDA_RESOURCE_DESC& resource, const cudaTextureDesc& texture,
                          const cudaResourceViewDesc* view) {
  CUarray_format format = CU_AD_FORMAT_FLOAT;
  if (resource.resType == CU_RESOURCE_TYPE_LINEAR) format = resource.res.linear.format;
  if (resource.resType == CU_RESOURCE_TYPE_PITCH2D) format = resource.res.pitch2D.format;
  if (resource.resType == CU_RESOURCE_TYPE_ARRAY) {
    CUDA_ARRAY3D_DESCRIPTOR array;
    CUDART_TRY(in_context(cuArray3DGetDescriptor, &array, resource.res.array.hArray));
    format = array.Format;
  }
  if (view != nullptr && view->format != cudaResViewFormatNone) format = format_of(*view);
  const bool wide = format == CU_AD_FORMAT_UNSIGNED_INT32 || format == CU_AD_FORMAT_SIGNED_INT32;
  const bool integer =
      wide || (format >= CU_AD_FORMAT_UNSIGNED_INT8 && format <= CU_AD_FORMAT_SIGNED_INT32);
  if (wide && texture.readMode == cudaReadModeNormalizedFloat) return cudaErrorInvalidNormSetting;
  const bool filters =
      texture.filterMode == cudaFilterModeLinear && resource.resType != CU_RESOURCE_TYPE_LINEAR;
  if (integer && filters && texture.readMode == cudaReadModeElementType)
    return cudaErrorInvalidFilterSetting;
  return cudaSuccess;
}

cudaError_t create(cudaTextureObject_t* object, const cudaResourceDesc* resource,
                   const cudaTextureDesc* texture, const cudaResourceViewDesc* view,
                   bool seamless) {
  if (object == nullptr || resource == nullptr || texture == nullptr) return cudaErrorInvalidValue;
  CUDA_RESOURCE_DESC driver_resource;
  CUDART_TRY(to_driver(*resource, &driver_resource));
  CUDART_TRY(check_reading(driver_resource, *texture, view));
  const CUDA_TEXTURE_DESC driver_texture = to_driver(*texture, seamless);
  const CUDA_RESOURCE_VIEW_DESC driver_view =
      view != nullptr ? to_driver(*view) : CUDA_RESOURCE_VIEW_DESC{};
  return in_context(cuTexObjectCreate, object, &driver_resource, &driver_texture,
                    view != nullptr ? &driver_view : nullptr);
}

cudaError_t give_reading(cudaTextureDesc* out, cudaTextureObject_t object, bool seamless) {
  if (out == nullptr) return cudaErrorInvalidValue;
  CUDA_TEXTURE_DESC found;
  CUDART_TRY(in_context(cuTexObjectGetTextureDesc, &found, object));
  const cudaTextureDesc whole = to_runtime_texture(found);
  std::memcpy(out, &whole, seamless ? sizeof whole : offsetof(cudaTextureDesc, seamlessCubemap));
  return cudaSuccess;
}

}  // namespace

CUDART_ENTRY(cudaCreateTextureObject,
             (cudaTextureObject_t * object, const cudaResourceDesc* resource,
              const cudaTextureDesc* texture, const cudaResourceViewDesc* view),
             (object, resource, texture, view)) {
  return create(object, resource, texture, view, kHasSeamless);
}

CUDART_ENTRY(cudaGetTextureObjectTextureDesc,
             (cudaTextureDesc * texture, cudaTextureObject_t object), (texture, object)) {
  return give_reading(texture, object, kHasSeamless);
}

#if CUDA_SHIM_CUDART_ABI == 11
CUDART_ENTRY(cudaCreateTextureObject_v2,
             (cudaTextureObject_t * object, const cudaResourceDesc* resource,
              const cudaTextureDesc* texture, const cudaResourceViewDesc* view),
             (object, resource, texture, view)) {
  return create(object, resource, texture, view, true);
}

CUDART_ENTRY(cudaGetTextureObjectTextureDesc_v2,
             (cudaTextureDesc * texture, cudaTextureObject_t object), (texture, object)) {
  return give_reading(texture, object, true);
}
#endif

CUDART_ENTRY(cudaDestroyTextureObject, (cudaTextureObject_t object), (object)) {
  if (object == 0) return ensure_context();
  return in_context(cuTexObjectDestroy, object);
}

CUDART_ENTRY(cudaGetTextureObjectResourceDesc,
             (cudaResourceDesc * resource, cudaTextureObject_t object), (resource, object)) {
  return give_resource(cuTexObjectGetResourceDesc, object, resource);
}

CUDART_ENTRY(cudaGetTextureObjectResourceViewDesc,
             (cudaResourceViewDesc * view, cudaTextureObject_t object), (view, object)) {
  if (view == nullptr) return cudaErrorInvalidValue;
  CUDA_RESOURCE_VIEW_DESC found;
  CUDART_TRY(in_context(cuTexObjectGetResourceViewDesc, &found, object));
  const cudaResourceViewDesc whole = to_runtime_view(found);
  std::memcpy(view, &whole, kViewBytes);
  return cudaSuccess;
}

CUDART_ENTRY(cudaCreateSurfaceObject,
             (cudaSurfaceObject_t * object, const cudaResourceDesc* resource), (object, resource)) {
  if (object == nullptr || resource == nullptr) return cudaErrorInvalidValue;
  CUDA_RESOURCE_DESC driver_resource;
  CUDART_TRY(to_driver(*resource, &driver_resource));
  return in_context(cuSurfObjectCreate, object, &driver_resource);
}

CUDART_ENTRY(cudaDestroySurfaceObject, (cudaSurfaceObject_t object), (object)) {
  if (object == 0) return ensure_context();
  return in_context(cuSurfObjectDestroy, object);
}

CUDART_ENTRY(cudaGetSurfaceObjectResourceDesc,
             (cudaResourceDesc * resource, cudaSurfaceObject_t object), (resource, object)) {
  return give_resource(cuSurfObjectGetResourceDesc, object, resource);
}
