#include "devices/cpu/texture/group_plan.h"

#include <bit>

#include "devices/cpu/texture/texel.h"

namespace cuda_shim::devices::cpu {
namespace {

constexpr std::uint32_t kPlainOperation =
    CUDA_SHIM_TEXTURE_GEOMETRY_MASK | CUDA_SHIM_TEXTURE_INTEGER;
constexpr std::uint32_t kLevelOperation = CUDA_SHIM_TEXTURE_LOD | CUDA_SHIM_TEXTURE_GRADIENT;

/// Of more texels a float of 24 bits does not tell the places between two apart.
constexpr std::uint32_t kMostTexels = 1u << 20;
/// Places are bytes in 31 bits.
constexpr std::uint64_t kMostBytes = 1u << 30;

struct FormatRow {
  TexelBits bits;
  bool is_signed;
  float greatest;  ///< of the normalised format
};
// By cuda_shim_texel.
constexpr FormatRow kFormats[] = {
    {TexelBits::kByte, false, 255.0f},   {TexelBits::kShort, false, 65535.0f},
    {TexelBits::kWord, false, 0},        {TexelBits::kByte, true, 127.0f},
    {TexelBits::kShort, true, 32767.0f}, {TexelBits::kWord, true, 0},
    {TexelBits::kHalf, false, 0},        {TexelBits::kWord, false, 0}};

/// Levels mean nothing where there is one, but for footprints of several samples.
bool is_plain(const cuda_shim_texture& texture, std::uint32_t operation) {
  const bool one_level = texture.levels == 1 && texture.greatest_anisotropy <= 1;
  const std::uint32_t known = kPlainOperation | (one_level ? kLevelOperation : 0);
  const std::uint32_t geometry = operation & CUDA_SHIM_TEXTURE_GEOMETRY_MASK;
  return (operation & ~known) == 0 && geometry <= CUDA_SHIM_GEOMETRY_2D && texture.srgb == 0 &&
         texture.blocks == CUDA_SHIM_BLOCKS_NONE;
}

/// Coordinates that are turns come out at most one texel beyond the ends.
bool takes_coordinates(const GroupPlan& plan, cuda_shim_address_mode mode) {
  const bool repeats = mode == CUDA_SHIM_ADDRESS_WRAP || mode == CUDA_SHIM_ADDRESS_MIRROR;
  return !repeats || (plan.normalized && !plan.integer);
}

}  // namespace

bool plan_group(const cuda_shim_texture& texture, std::uint32_t operation, GroupPlan& plan) {
  if (!is_plain(texture, operation)) return false;
  const FormatRow& format = kFormats[texture.texel];
  const cuda_shim_texture_level& level = texture.level[0];
  const std::uint32_t extents[] = {level.width, level.height};
  const std::uint64_t steps[] = {texel_bytes(texture), level.pitch};
  const bool floats = returns_floats(texture);
  plan = {
      .base = reinterpret_cast<const char*>(level.address),
      .texture = &texture,
      .axis = {},
      .dimensions =
          (operation & CUDA_SHIM_TEXTURE_GEOMETRY_MASK) == CUDA_SHIM_GEOMETRY_2D ? 2u : 1u,
      .normalized = texture.normalized_coordinates != 0,
      .integer = (operation & CUDA_SHIM_TEXTURE_INTEGER) != 0,
      .linear = false,
      .has_border = false,
      .is_signed = format.is_signed,
      .greatest = texture.normalized_values ? format.greatest : 0,
      .channel_one = floats ? std::bit_cast<std::uint32_t>(1.0f) : 1u,
      .bits = format.bits,
      .channels = static_cast<unsigned>(std::countr_zero(unsigned{texture.channels})),
  };
  plan.linear = texture.linear_filter && !plan.integer;
  if (plan.linear && !floats) return false;
  std::uint64_t bytes = 0;
  for (unsigned d = 0; d < plan.dimensions; ++d) {
    const auto mode = static_cast<cuda_shim_address_mode>(texture.address_mode[d]);
    if (!takes_coordinates(plan, mode)) return false;
    if (extents[d] > kMostTexels && !plan.integer) return false;
    if (steps[d] > kMostBytes) return false;
    bytes += steps[d] * extents[d];
    if (bytes > kMostBytes) return false;
    plan.has_border |= mode == CUDA_SHIM_ADDRESS_BORDER;
    plan.axis[d] = {static_cast<std::int32_t>(extents[d]), static_cast<std::int32_t>(steps[d]),
                    mode};
  }
  return true;
}

}  // namespace cuda_shim::devices::cpu
