#include "api/objects/array.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/objects/allocations.h"
#include "api/objects/memory.h"

namespace cuda_shim::objects {
namespace {

constexpr ArrayFormat kFormats[] = {
    {CU_AD_FORMAT_UNSIGNED_INT8, CUDA_SHIM_TEXEL_U8, 1, 0, false},
    {CU_AD_FORMAT_UNSIGNED_INT16, CUDA_SHIM_TEXEL_U16, 2, 0, false},
    {CU_AD_FORMAT_UNSIGNED_INT32, CUDA_SHIM_TEXEL_U32, 4, 0, false},
    {CU_AD_FORMAT_SIGNED_INT8, CUDA_SHIM_TEXEL_S8, 1, 0, false},
    {CU_AD_FORMAT_SIGNED_INT16, CUDA_SHIM_TEXEL_S16, 2, 0, false},
    {CU_AD_FORMAT_SIGNED_INT32, CUDA_SHIM_TEXEL_S32, 4, 0, false},
    {CU_AD_FORMAT_HALF, CUDA_SHIM_TEXEL_F16, 2, 0, false},
    {CU_AD_FORMAT_FLOAT, CUDA_SHIM_TEXEL_F32, 4, 0, false},
    {CU_AD_FORMAT_UNORM_INT8X1, CUDA_SHIM_TEXEL_U8, 1, 1, true},
    {CU_AD_FORMAT_UNORM_INT8X2, CUDA_SHIM_TEXEL_U8, 1, 2, true},
    {CU_AD_FORMAT_UNORM_INT8X4, CUDA_SHIM_TEXEL_U8, 1, 4, true},
    {CU_AD_FORMAT_UNORM_INT16X1, CUDA_SHIM_TEXEL_U16, 2, 1, true},
    {CU_AD_FORMAT_UNORM_INT16X2, CUDA_SHIM_TEXEL_U16, 2, 2, true},
    {CU_AD_FORMAT_UNORM_INT16X4, CUDA_SHIM_TEXEL_U16, 2, 4, true},
    {CU_AD_FORMAT_SNORM_INT8X1, CUDA_SHIM_TEXEL_S8, 1, 1, true},
    {CU_AD_FORMAT_SNORM_INT8X2, CUDA_SHIM_TEXEL_S8, 1, 2, true},
    {CU_AD_FORMAT_SNORM_INT8X4, CUDA_SHIM_TEXEL_S8, 1, 4, true},
    {CU_AD_FORMAT_SNORM_INT16X1, CUDA_SHIM_TEXEL_S16, 2, 1, true},
    {CU_AD_FORMAT_SNORM_INT16X2, CUDA_SHIM_TEXEL_S16, 2, 2, true},
    {CU_AD_FORMAT_SNORM_INT16X4, CUDA_SHIM_TEXEL_S16, 2, 4, true},
};

// The rest either is graphics interoperability or changes what the memory is.
constexpr unsigned kKnownFlags = CUDA_ARRAY3D_LAYERED | CUDA_ARRAY3D_SURFACE_LDST |
                                 CUDA_ARRAY3D_CUBEMAP | CUDA_ARRAY3D_TEXTURE_GATHER |
                                 CUDA_ARRAY3D_COLOR_ATTACHMENT;
constexpr unsigned kCubeFaces = 6;

Status refuse(std::string why) {
  return Status(StatusCode::kInvalidValue, std::move(why));
}

// The largest extents of each kind of array.
struct Limits {
  CUdevice_attribute width, height, depth;  // 0: must be 0
};
constexpr CUdevice_attribute kNone = {};

Limits limits_of(const CUDA_ARRAY3D_DESCRIPTOR& d) {
  const bool layered = (d.Flags & CUDA_ARRAY3D_LAYERED) != 0;
  if (d.Flags & CUDA_ARRAY3D_CUBEMAP)
    return {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURECUBEMAP_LAYERED_WIDTH,
            CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURECUBEMAP_LAYERED_WIDTH,
            CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURECUBEMAP_LAYERED_LAYERS};
  if (layered && d.Height == 0)
    return {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_LAYERED_WIDTH, kNone,
            CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_LAYERED_LAYERS};
  if (layered)
    return {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_WIDTH,
            CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_HEIGHT,
            CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_LAYERS};
  if (d.Depth != 0)
    return {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_WIDTH,
            CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_HEIGHT,
            CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_DEPTH};
  if (d.Height != 0)
    return {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_WIDTH,
            CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_HEIGHT, kNone};
  return {CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_WIDTH, kNone, kNone};
}

bool within(const Device& device, std::size_t extent, CUdevice_attribute limit) {
  if (limit == kNone) return extent == 0;
  Result<int> most = device_attribute(device, limit);
  return most && extent <= static_cast<std::size_t>(*most);
}

Status check_extents(const Device& device, const CUDA_ARRAY3D_DESCRIPTOR& d) {
  const Limits limits = limits_of(d);
  const bool fits = d.Width != 0 && within(device, d.Width, limits.width) &&
                    within(device, d.Height, limits.height) &&
                    within(device, d.Depth, limits.depth);
  if (fits) return {};
  return refuse(
      fmt::format("No array of this kind has {} x {} x {} texels.", d.Width, d.Height, d.Depth));
}

Status check_kind(const CUDA_ARRAY3D_DESCRIPTOR& d) {
  const bool layered = (d.Flags & CUDA_ARRAY3D_LAYERED) != 0;
  if (layered && d.Depth == 0) return refuse("A layered array needs layers.");
  if (!layered && d.Depth != 0 && d.Height == 0)
    return refuse("An array with depth and without height has layers.");
  if ((d.Flags & CUDA_ARRAY3D_CUBEMAP) == 0) return {};
  const bool faces = layered ? d.Depth % kCubeFaces == 0 : d.Depth == kCubeFaces;
  if (d.Width == d.Height && faces) return {};
  return refuse(
      fmt::format("{} x {} x {} are not the faces of cubes.", d.Width, d.Height, d.Depth));
}

Status check(const Device& device, const CUDA_ARRAY3D_DESCRIPTOR& d, const ArrayFormat** format) {
  if (d.Flags & ~kKnownFlags)
    return Status(StatusCode::kNotSupported,
                  fmt::format("Array flags 0x{:x} are not supported.", d.Flags & ~kKnownFlags));
  *format = find_array_format(d.Format);
  if (*format == nullptr)
    return Status(StatusCode::kNotSupported, fmt::format("Array format 0x{:x} is not supported.",
                                                         static_cast<unsigned>(d.Format)));
  const unsigned channels = d.NumChannels;
  const bool fits = (*format)->channels != 0 ? channels == (*format)->channels
                                             : channels == 1 || channels == 2 || channels == 4;
  if (!fits) return refuse(fmt::format("The format has no {} channels.", channels));
  Status status = check_kind(d);
  return status ? check_extents(device, d) : std::move(status);
}

constexpr std::size_t kLevelAlignment = 256;

std::size_t round_up(std::size_t bytes) {
  return (bytes + kLevelAlignment - 1) / kLevelAlignment * kLevelAlignment;
}

// The next smaller level. Layers and faces stay as many as they are.
CUDA_ARRAY3D_DESCRIPTOR half_of(const CUDA_ARRAY3D_DESCRIPTOR& d) {
  CUDA_ARRAY3D_DESCRIPTOR half = d;
  const auto halve = [](std::size_t extent) {
    return extent == 0 ? 0 : std::max<std::size_t>(extent / 2, 1);
  };
  half.Width = halve(d.Width);
  half.Height = halve(d.Height);
  if ((d.Flags & (CUDA_ARRAY3D_LAYERED | CUDA_ARRAY3D_CUBEMAP)) == 0) half.Depth = halve(d.Depth);
  return half;
}

bool is_smallest(const CUDA_ARRAY3D_DESCRIPTOR& d) {
  const CUDA_ARRAY3D_DESCRIPTOR half = half_of(d);
  return half.Width == d.Width && half.Height == d.Height && half.Depth == d.Depth;
}

}  // namespace

const ArrayFormat* find_array_format(CUarray_format format) {
  const auto* found = std::ranges::find(kFormats, format, &ArrayFormat::format);
  return found != std::end(kFormats) ? found : nullptr;
}

// --- DeviceBlock

Result<DeviceBlock> DeviceBlock::make(Context& context, std::size_t bytes) {
  Result<std::uint64_t> address = allocate_device(context, bytes, MemoryKind::kArray, 0, 512);
  if (!address) return error(std::move(address.error()));
  return DeviceBlock(context, *address);
}

DeviceBlock::~DeviceBlock() {
  if (address_ == 0 || !allocations().erase(address_, MemoryKind::kArray)) return;
  [[maybe_unused]] Status freed = context_.instance().free(address_);
}

// --- Array

Array::Array(Context& context, const CUDA_ARRAY3D_DESCRIPTOR& description,
             const ArrayFormat& format)
    : context_(context), description_(description), format_(format) {
  const auto extent = [](std::size_t texels) {
    return static_cast<std::uint32_t>(std::max<std::size_t>(texels, 1));
  };
  storage_.width = extent(description.Width);
  storage_.height = extent(description.Height);
  storage_.depth = extent(description.Depth);
  storage_.pitch = std::uint64_t{storage_.width} * texel_bytes();
  storage_.slice = storage_.pitch * storage_.height;
}

Result<std::unique_ptr<Array>> Array::make(Context& context,
                                           const CUDA_ARRAY3D_DESCRIPTOR& description) {
  const ArrayFormat* format = nullptr;
  if (Status status = check(context.device(), description, &format); !status)
    return error(std::move(status));
  std::unique_ptr<Array> array(new Array(context, description, *format));
  Result<DeviceBlock> memory = DeviceBlock::make(context, array->bytes());
  if (!memory) return error(std::move(memory.error()));
  array->memory_ = std::make_unique<DeviceBlock>(*std::move(memory));
  array->storage_.address = array->memory_->address();
  return array;
}

// --- MipmappedArray

Result<std::unique_ptr<MipmappedArray>> MipmappedArray::make(
    Context& context, const CUDA_ARRAY3D_DESCRIPTOR& description, unsigned levels) {
  const ArrayFormat* format = nullptr;
  if (Status status = check(context.device(), description, &format); !status)
    return error(std::move(status));
  if (levels == 0) return error(refuse("A mipmapped array needs at least one level."));
  std::vector<std::unique_ptr<Array>> arrays;
  std::size_t bytes = 0;
  CUDA_ARRAY3D_DESCRIPTOR next = description;
  for (unsigned i = 0; i < std::min<unsigned>(levels, CUDA_SHIM_TEXTURE_LEVELS); ++i) {
    arrays.push_back(std::unique_ptr<Array>(new Array(context, next, *format)));
    arrays.back()->storage_.address = bytes;
    bytes += round_up(arrays.back()->bytes());
    if (is_smallest(next)) break;
    next = half_of(next);
  }
  Result<DeviceBlock> memory = DeviceBlock::make(context, bytes);
  if (!memory) return error(std::move(memory.error()));
  for (std::unique_ptr<Array>& array : arrays) array->storage_.address += memory->address();
  std::unique_ptr<MipmappedArray> made(new MipmappedArray(context, *std::move(memory)));
  made->levels_ = std::move(arrays);
  return made;
}

}  // namespace cuda_shim::objects
