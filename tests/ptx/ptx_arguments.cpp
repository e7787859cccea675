#include "ptx/ptx_arguments.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>

namespace cuda_shim::tests {
namespace {

// --- Tensor maps

CUtensorMapDataType tensor_type(const std::string& name) {
  static const std::map<std::string, CUtensorMapDataType> types = {
      {"u8", CU_TENSOR_MAP_DATA_TYPE_UINT8},
      {"u16", CU_TENSOR_MAP_DATA_TYPE_UINT16},
      {"u32", CU_TENSOR_MAP_DATA_TYPE_UINT32},
      {"s32", CU_TENSOR_MAP_DATA_TYPE_INT32},
      {"u64", CU_TENSOR_MAP_DATA_TYPE_UINT64},
      {"s64", CU_TENSOR_MAP_DATA_TYPE_INT64},
      {"f16", CU_TENSOR_MAP_DATA_TYPE_FLOAT16},
      {"f32", CU_TENSOR_MAP_DATA_TYPE_FLOAT32},
      {"f64", CU_TENSOR_MAP_DATA_TYPE_FLOAT64},
      {"bf16", CU_TENSOR_MAP_DATA_TYPE_BFLOAT16},
      {"f32.ftz", CU_TENSOR_MAP_DATA_TYPE_FLOAT32_FTZ},
      {"tf32", CU_TENSOR_MAP_DATA_TYPE_TFLOAT32},
      {"tf32.ftz", CU_TENSOR_MAP_DATA_TYPE_TFLOAT32_FTZ},
      {"b4x16", CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN8B},
      {"b4x16_p64", CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN16B},
      {"b6x16_p32", CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B}};
  const auto found = types.find(name);
  return found != types.end() ? found->second : static_cast<CUtensorMapDataType>(~0u >> 1);
}

CUtensorMapSwizzle tensor_swizzle(const TensorMap& tensor) {
  if (tensor.flip) return CU_TENSOR_MAP_SWIZZLE_128B_ATOM_32B_FLIP_8B;
  if (tensor.atom == 32) return CU_TENSOR_MAP_SWIZZLE_128B_ATOM_32B;
  if (tensor.atom == 64) return CU_TENSOR_MAP_SWIZZLE_128B_ATOM_64B;
  return tensor.swizzle == 0    ? CU_TENSOR_MAP_SWIZZLE_NONE
         : tensor.swizzle == 32 ? CU_TENSOR_MAP_SWIZZLE_32B
         : tensor.swizzle == 64 ? CU_TENSOR_MAP_SWIZZLE_64B
                                : CU_TENSOR_MAP_SWIZZLE_128B;
}

// --- Textures

CUarray_format array_format(const std::string& type) {
  static const std::map<std::string, CUarray_format> formats = {
      {"u8", CU_AD_FORMAT_UNSIGNED_INT8},   {"s8", CU_AD_FORMAT_SIGNED_INT8},
      {"u16", CU_AD_FORMAT_UNSIGNED_INT16}, {"s16", CU_AD_FORMAT_SIGNED_INT16},
      {"u32", CU_AD_FORMAT_UNSIGNED_INT32}, {"s32", CU_AD_FORMAT_SIGNED_INT32},
      {"f16", CU_AD_FORMAT_HALF},           {"f32", CU_AD_FORMAT_FLOAT}};
  return formats.at(type);
}

CUaddress_mode address_mode(const std::string& name) {
  return name == "wrap"     ? CU_TR_ADDRESS_MODE_WRAP
         : name == "mirror" ? CU_TR_ADDRESS_MODE_MIRROR
         : name == "border" ? CU_TR_ADDRESS_MODE_BORDER
                            : CU_TR_ADDRESS_MODE_CLAMP;
}

CUDA_ARRAY3D_DESCRIPTOR array_description(const TextureObject& texture, bool surface) {
  CUDA_ARRAY3D_DESCRIPTOR description = {};
  const bool flat = texture.geometry == "1d" || texture.geometry == "a1d";
  const bool deep = texture.geometry == "3d" || texture.is_layered() || texture.is_cube();
  description.Width = texture.width;
  description.Height = flat ? 0 : texture.height;
  description.Depth = deep ? texture.depth : 0;
  description.Format = array_format(texture.type);
  description.NumChannels = texture.channels;
  if (texture.is_layered()) description.Flags |= CUDA_ARRAY3D_LAYERED;
  if (texture.is_cube()) description.Flags |= CUDA_ARRAY3D_CUBEMAP;
  if (surface) description.Flags |= CUDA_ARRAY3D_SURFACE_LDST;
  return description;
}

/// The whole of a level, from or to the host.
CUDA_MEMCPY3D whole_level(const TextureObject& texture, unsigned level) {
  CUDA_MEMCPY3D copy = {};
  copy.WidthInBytes =
      std::size_t{texture.width_of(level)} * texture.channels * texture.channel_bytes();
  copy.Height = texture.height_of(level);
  copy.Depth = texture.depth_of(level);
  return copy;
}

CUresult fill_level(const TextureObject& texture, unsigned level, CUarray array,
                    const std::byte* texels) {
  CUDA_MEMCPY3D copy = whole_level(texture, level);
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = texels;
  copy.srcPitch = copy.WidthInBytes;
  copy.srcHeight = copy.Height;
  copy.dstMemoryType = CU_MEMORYTYPE_ARRAY;
  copy.dstArray = array;
  return cuMemcpy3D(&copy);
}

std::size_t bytes_of_level(const TextureObject& texture, unsigned level) {
  const CUDA_MEMCPY3D copy = whole_level(texture, level);
  return copy.WidthInBytes * copy.Height * copy.Depth;
}

CUDA_TEXTURE_DESC reading_of(const TextureObject& texture) {
  CUDA_TEXTURE_DESC reading = {};
  for (unsigned d = 0; d < 3; ++d) reading.addressMode[d] = address_mode(texture.address[d]);
  reading.filterMode = texture.linear ? CU_TR_FILTER_MODE_LINEAR : CU_TR_FILTER_MODE_POINT;
  reading.mipmapFilterMode =
      texture.mip_linear ? CU_TR_FILTER_MODE_LINEAR : CU_TR_FILTER_MODE_POINT;
  const bool is_float = texture.type[0] == 'f';
  if (!is_float && !texture.as_float) reading.flags |= CU_TRSF_READ_AS_INTEGER;
  if (texture.normalized) reading.flags |= CU_TRSF_NORMALIZED_COORDINATES;
  if (texture.srgb) reading.flags |= CU_TRSF_SRGB;
  if (texture.seamless) reading.flags |= CU_TRSF_SEAMLESS_CUBEMAP;
  reading.mipmapLevelBias = texture.bias;
  reading.minMipmapLevelClamp = texture.least_level;
  reading.maxMipmapLevelClamp = texture.greatest_level;
  std::ranges::copy(texture.border, reading.borderColor);
  return reading;
}

CUresult make_mipmapped(const PtxParameter& parameter, CUDA_RESOURCE_DESC* resource) {
  const TextureObject& texture = *parameter.texture;
  const CUDA_ARRAY3D_DESCRIPTOR description = array_description(texture, false);
  resource->resType = CU_RESOURCE_TYPE_MIPMAPPED_ARRAY;
  CUmipmappedArray& whole = resource->res.mipmap.hMipmappedArray;
  CUresult result = cuMipmappedArrayCreate(&whole, &description, texture.levels);
  const std::vector<std::byte> bytes = parameter.bytes();
  const std::byte* texels = bytes.data();
  for (unsigned level = 0; level < texture.levels && result == CUDA_SUCCESS; ++level) {
    CUarray array = nullptr;
    result = cuMipmappedArrayGetLevel(&array, whole, level);
    if (result == CUDA_SUCCESS) result = fill_level(texture, level, array, texels);
    texels += bytes_of_level(texture, level);
  }
  return result;
}

CUresult make_plain(const PtxParameter& parameter, CUDA_RESOURCE_DESC* resource) {
  const bool surface = parameter.kind == ParameterKind::kSurface;
  const CUDA_ARRAY3D_DESCRIPTOR description = array_description(*parameter.texture, surface);
  resource->resType = CU_RESOURCE_TYPE_ARRAY;
  CUarray& array = resource->res.array.hArray;
  const CUresult result = cuArray3DCreate(&array, &description);
  if (result != CUDA_SUCCESS) return result;
  return fill_level(*parameter.texture, 0, array, parameter.bytes().data());
}

CUresult make_texture(const PtxParameter& parameter, CUdeviceptr* handle, CUarray* array) {
  CUDA_RESOURCE_DESC resource = {};
  const CUresult result = parameter.texture->levels > 1 ? make_mipmapped(parameter, &resource)
                                                        : make_plain(parameter, &resource);
  if (result != CUDA_SUCCESS) return result;
  if (parameter.kind == ParameterKind::kSurface) {
    *array = resource.res.array.hArray;
    return cuSurfObjectCreate(handle, &resource);
  }
  const CUDA_TEXTURE_DESC reading = reading_of(*parameter.texture);
  return cuTexObjectCreate(handle, &resource, &reading, nullptr);
}

CUresult make_buffer(const PtxParameter& parameter, CUdeviceptr* address) {
  const std::vector<std::byte> bytes = parameter.bytes();
  const CUresult result = cuMemAlloc(address, bytes.size());
  if (result != CUDA_SUCCESS) return result;
  return parameter.kind == ParameterKind::kIn ? cuMemcpyHtoD(*address, bytes.data(), bytes.size())
                                              : cuMemsetD8(*address, 0, bytes.size());
}

}  // namespace

CUresult Arguments::make(const PtxCase& test) {
  for (const PtxParameter& parameter : test.parameters) {
    Argument& argument = arguments_.emplace_back();
    const CUresult result = make_one(parameter, &argument);
    if (result != CUDA_SUCCESS) return result;
    pointers_.push_back(parameter.tensor ? static_cast<void*>(&argument.map) : &argument.number);
  }
  return CUDA_SUCCESS;
}

CUresult Arguments::make_one(const PtxParameter& parameter, Argument* argument) {
  if (parameter.tensor) return make_tensor(*parameter.tensor, argument);
  if (parameter.texture) return make_texture(parameter, &argument->number, &argument->array);
  if (parameter.kind != ParameterKind::kValue) return make_buffer(parameter, &argument->number);
  const std::vector<std::byte> bytes = parameter.bytes();
  std::memcpy(&argument->number, bytes.data(), std::min(bytes.size(), sizeof argument->number));
  return CUDA_SUCCESS;
}

CUresult Arguments::make_tensor(const TensorMap& tensor, Argument* argument) {
  const CUtensorMapDataType type = tensor_type(tensor.type);
  const auto rank = static_cast<cuuint32_t>(tensor.extents.size());
  void* address = reinterpret_cast<void*>(arguments_[tensor.buffer].number);
  const CUtensorMapSwizzle swizzle = tensor_swizzle(tensor);
  const CUtensorMapFloatOOBfill fill = tensor.nan
                                           ? CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA
                                           : CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE;
  if (tensor.wide || tensor.wide_128)
    return cuTensorMapEncodeIm2colWide(
        &argument->map, type, rank, address, tensor.extents.data(), tensor.strides.data(),
        tensor.lower.at(0), tensor.upper.at(0), tensor.channels, tensor.pixels, tensor.steps.data(),
        CU_TENSOR_MAP_INTERLEAVE_NONE,
        tensor.wide ? CU_TENSOR_MAP_IM2COL_WIDE_MODE_W : CU_TENSOR_MAP_IM2COL_WIDE_MODE_W128,
        swizzle, CU_TENSOR_MAP_L2_PROMOTION_NONE, fill);
  if (tensor.is_im2col())
    return cuTensorMapEncodeIm2col(&argument->map, type, rank, address, tensor.extents.data(),
                                   tensor.strides.data(), tensor.lower.data(), tensor.upper.data(),
                                   tensor.channels, tensor.pixels, tensor.steps.data(),
                                   CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle,
                                   CU_TENSOR_MAP_L2_PROMOTION_NONE, fill);
  return cuTensorMapEncodeTiled(&argument->map, type, rank, address, tensor.extents.data(),
                                tensor.strides.data(), tensor.box.data(), tensor.steps.data(),
                                CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle,
                                CU_TENSOR_MAP_L2_PROMOTION_NONE, fill);
}

CUresult Arguments::read_back(const PtxCase& test, std::size_t index,
                              std::vector<std::byte>* bytes) {
  const PtxParameter& parameter = test.parameters[index];
  bytes->resize(parameter.elements.size() * parameter.element_bytes);
  if (!parameter.texture)
    return cuMemcpyDtoH(bytes->data(), arguments_[index].number, bytes->size());
  CUDA_MEMCPY3D copy = whole_level(*parameter.texture, 0);
  copy.srcMemoryType = CU_MEMORYTYPE_ARRAY;
  copy.srcArray = arguments_[index].array;
  copy.dstMemoryType = CU_MEMORYTYPE_HOST;
  copy.dstHost = bytes->data();
  copy.dstPitch = copy.WidthInBytes;
  copy.dstHeight = copy.Height;
  return cuMemcpy3D(&copy);
}

}  // namespace cuda_shim::tests
