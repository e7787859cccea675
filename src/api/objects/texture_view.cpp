#include "api/objects/texture_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "api/objects/array.h"

namespace cuda_shim::objects {
namespace {

constexpr unsigned kBlockTexels = 4;
constexpr unsigned kCubeFaces = 6;

struct FormatRow {
  CUresourceViewFormat format;
  cuda_shim_texel texel;
  std::uint8_t channels;
  std::uint8_t bytes;  ///< of a texel, or of a block
  cuda_shim_texel_blocks blocks = CUDA_SHIM_BLOCKS_NONE;
};

constexpr FormatRow kFormats[] = {
    {CU_RES_VIEW_FORMAT_UINT_1X8, CUDA_SHIM_TEXEL_U8, 1, 1},
    {CU_RES_VIEW_FORMAT_UINT_2X8, CUDA_SHIM_TEXEL_U8, 2, 2},
    {CU_RES_VIEW_FORMAT_UINT_4X8, CUDA_SHIM_TEXEL_U8, 4, 4},
    {CU_RES_VIEW_FORMAT_SINT_1X8, CUDA_SHIM_TEXEL_S8, 1, 1},
    {CU_RES_VIEW_FORMAT_SINT_2X8, CUDA_SHIM_TEXEL_S8, 2, 2},
    {CU_RES_VIEW_FORMAT_SINT_4X8, CUDA_SHIM_TEXEL_S8, 4, 4},
    {CU_RES_VIEW_FORMAT_UINT_1X16, CUDA_SHIM_TEXEL_U16, 1, 2},
    {CU_RES_VIEW_FORMAT_UINT_2X16, CUDA_SHIM_TEXEL_U16, 2, 4},
    {CU_RES_VIEW_FORMAT_UINT_4X16, CUDA_SHIM_TEXEL_U16, 4, 8},
    {CU_RES_VIEW_FORMAT_SINT_1X16, CUDA_SHIM_TEXEL_S16, 1, 2},
    {CU_RES_VIEW_FORMAT_SINT_2X16, CUDA_SHIM_TEXEL_S16, 2, 4},
    {CU_RES_VIEW_FORMAT_SINT_4X16, CUDA_SHIM_TEXEL_S16, 4, 8},
    {CU_RES_VIEW_FORMAT_UINT_1X32, CUDA_SHIM_TEXEL_U32, 1, 4},
    {CU_RES_VIEW_FORMAT_UINT_2X32, CUDA_SHIM_TEXEL_U32, 2, 8},
    {CU_RES_VIEW_FORMAT_UINT_4X32, CUDA_SHIM_TEXEL_U32, 4, 16},
    {CU_RES_VIEW_FORMAT_SINT_1X32, CUDA_SHIM_TEXEL_S32, 1, 4},
    {CU_RES_VIEW_FORMAT_SINT_2X32, CUDA_SHIM_TEXEL_S32, 2, 8},
    {CU_RES_VIEW_FORMAT_SINT_4X32, CUDA_SHIM_TEXEL_S32, 4, 16},
    {CU_RES_VIEW_FORMAT_FLOAT_1X16, CUDA_SHIM_TEXEL_F16, 1, 2},
    {CU_RES_VIEW_FORMAT_FLOAT_2X16, CUDA_SHIM_TEXEL_F16, 2, 4},
    {CU_RES_VIEW_FORMAT_FLOAT_4X16, CUDA_SHIM_TEXEL_F16, 4, 8},
    {CU_RES_VIEW_FORMAT_FLOAT_1X32, CUDA_SHIM_TEXEL_F32, 1, 4},
    {CU_RES_VIEW_FORMAT_FLOAT_2X32, CUDA_SHIM_TEXEL_F32, 2, 8},
    {CU_RES_VIEW_FORMAT_FLOAT_4X32, CUDA_SHIM_TEXEL_F32, 4, 16},
    {CU_RES_VIEW_FORMAT_UNSIGNED_BC1, CUDA_SHIM_TEXEL_F32, 4, 8, CUDA_SHIM_BLOCKS_BC1},
    {CU_RES_VIEW_FORMAT_UNSIGNED_BC2, CUDA_SHIM_TEXEL_F32, 4, 16, CUDA_SHIM_BLOCKS_BC2},
    {CU_RES_VIEW_FORMAT_UNSIGNED_BC3, CUDA_SHIM_TEXEL_F32, 4, 16, CUDA_SHIM_BLOCKS_BC3},
    {CU_RES_VIEW_FORMAT_UNSIGNED_BC4, CUDA_SHIM_TEXEL_F32, 1, 8, CUDA_SHIM_BLOCKS_BC4},
    {CU_RES_VIEW_FORMAT_SIGNED_BC4, CUDA_SHIM_TEXEL_F32, 1, 8, CUDA_SHIM_BLOCKS_BC4_SIGNED},
    {CU_RES_VIEW_FORMAT_UNSIGNED_BC5, CUDA_SHIM_TEXEL_F32, 2, 16, CUDA_SHIM_BLOCKS_BC5},
    {CU_RES_VIEW_FORMAT_SIGNED_BC5, CUDA_SHIM_TEXEL_F32, 2, 16, CUDA_SHIM_BLOCKS_BC5_SIGNED},
    {CU_RES_VIEW_FORMAT_UNSIGNED_BC6H, CUDA_SHIM_TEXEL_F32, 4, 16, CUDA_SHIM_BLOCKS_BC6H},
    {CU_RES_VIEW_FORMAT_SIGNED_BC6H, CUDA_SHIM_TEXEL_F32, 4, 16, CUDA_SHIM_BLOCKS_BC6H_SIGNED},
    {CU_RES_VIEW_FORMAT_UNSIGNED_BC7, CUDA_SHIM_TEXEL_F32, 4, 16, CUDA_SHIM_BLOCKS_BC7},
};

Status refuse(std::string why) {
  return Status(StatusCode::kInvalidValue, std::move(why));
}

/// The array of the resource, or its base level; null if there is none.
const Array* base_of(const CUDA_RESOURCE_DESC& resource) {
  if (resource.resType == CU_RESOURCE_TYPE_ARRAY) return find<Array>(resource.res.array.hArray);
  if (resource.resType != CU_RESOURCE_TYPE_MIPMAPPED_ARRAY) return nullptr;
  const auto* levels = find<MipmappedArray>(resource.res.mipmap.hMipmappedArray);
  return levels != nullptr ? &levels->level(0) : nullptr;
}

unsigned texel_bytes(const Array& array) {
  return array.format().channel_bytes * array.description().NumChannels;
}

/// Blocks lie in arrays of 32-bit integers.
Status check_format(const Array& base, const FormatRow& row) {
  const bool fits =
      row.bytes == texel_bytes(base) && (row.blocks == CUDA_SHIM_BLOCKS_NONE ||
                                         base.description().Format == CU_AD_FORMAT_UNSIGNED_INT32);
  if (fits) return {};
  return refuse(fmt::format("View format 0x{:x} does not fit texels of {} bytes in format 0x{:x}.",
                            static_cast<unsigned>(row.format), texel_bytes(base),
                            static_cast<unsigned>(base.description().Format)));
}

Status apply_format(const Array& base, CUresourceViewFormat format, cuda_shim_texture& texture) {
  if (format == CU_RES_VIEW_FORMAT_NONE) return {};
  const auto* row = std::ranges::find(kFormats, format, &FormatRow::format);
  if (row == std::end(kFormats))
    return Status(StatusCode::kNotSupported, fmt::format("View format 0x{:x} is not supported.",
                                                         static_cast<unsigned>(format)));
  if (Status status = check_format(base, *row); !status) return status;
  texture.texel = static_cast<std::uint8_t>(row->texel);
  texture.channels = row->channels;
  texture.blocks = static_cast<std::uint8_t>(row->blocks);
  texture.normalized_values = 0;
  return {};
}

Status apply_extents(const Array& base, const CUDA_RESOURCE_VIEW_DESC& view,
                     cuda_shim_texture& texture) {
  const CUDA_ARRAY3D_DESCRIPTOR& array = base.description();
  const unsigned texels = texture.blocks != CUDA_SHIM_BLOCKS_NONE ? kBlockTexels : 1;
  if (view.width != texels * array.Width || view.height != texels * array.Height ||
      view.depth != array.Depth)
    return refuse(fmt::format("A view of {} x {} x {} is not that of an array of {} x {} x {}.",
                              view.width, view.height, view.depth, array.Width, array.Height,
                              array.Depth));
  if (texels == 1) return {};
  for (unsigned i = 0; i < texture.levels; ++i) {
    texture.level[i].width = std::max(static_cast<std::uint32_t>(view.width) >> i, 1u);
    texture.level[i].height = std::max(static_cast<std::uint32_t>(view.height) >> i, 1u);
  }
  return {};
}

Status apply_levels(const CUDA_RESOURCE_VIEW_DESC& view, cuda_shim_texture& texture) {
  const unsigned first = view.firstMipmapLevel, last = view.lastMipmapLevel;
  if (first > last || last >= texture.levels)
    return refuse(
        fmt::format("Levels {} to {} are not among {}.", first, last, unsigned{texture.levels}));
  std::copy(texture.level + first, texture.level + last + 1, texture.level);
  texture.levels = static_cast<std::uint8_t>(last - first + 1);
  return {};
}

Status apply_layers(const Array& base, const CUDA_RESOURCE_VIEW_DESC& view,
                    cuda_shim_texture& texture) {
  const CUDA_ARRAY3D_DESCRIPTOR& array = base.description();
  const unsigned first = view.firstLayer, last = view.lastLayer;
  const bool layered = (array.Flags & CUDA_ARRAY3D_LAYERED) != 0;
  if (!layered && first == 0 && last == 0) return {};
  const bool cubes = (array.Flags & CUDA_ARRAY3D_CUBEMAP) != 0;
  if (!layered || first > last || last >= array.Depth ||
      (cubes && (first % kCubeFaces != 0 || (last + 1) % kCubeFaces != 0)))
    return refuse(fmt::format("Layers {} to {} are not among those of the array.", first, last));
  for (unsigned i = 0; i < texture.levels; ++i) {
    texture.level[i].address += first * texture.level[i].slice;
    texture.level[i].depth = last - first + 1;
  }
  return {};
}

}  // namespace

Status apply_view(const CUDA_RESOURCE_DESC& resource, const CUDA_RESOURCE_VIEW_DESC& view,
                  cuda_shim_texture& texture) {
  const Array* base = base_of(resource);
  if (base == nullptr) return refuse("Only an array has views.");
  Status status = apply_format(*base, view.format, texture);
  if (status) status = apply_extents(*base, view, texture);
  if (status) status = apply_levels(view, texture);
  return status ? apply_layers(*base, view, texture) : std::move(status);
}

}  // namespace cuda_shim::objects
