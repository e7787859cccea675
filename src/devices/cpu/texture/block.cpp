// A block holds two end points and, for each texel, which of the colours between them it has. BC1
// is such a block of colours; BC4 one of a single channel; BC2, BC3 and BC5 put two halves
// together. BC6H and BC7 are a family of their own (block_bptc.h).

#include "devices/cpu/texture/block.h"

#include <algorithm>
#include <cstring>

#include "devices/cpu/texture/block_bptc.h"

namespace cuda_shim::devices::cpu {
namespace {

constexpr unsigned kHalfBytes = 8;

std::uint64_t load_half(std::uint64_t address) {
  std::uint64_t half;
  std::memcpy(&half, reinterpret_cast<const void*>(address), sizeof half);
  return half;
}

float blend(float first, float second, unsigned share, unsigned parts) {
  return (static_cast<float>(parts - share) * first + static_cast<float>(share) * second) /
         static_cast<float>(parts);
}

// --- Colours

struct Color {
  float channel[4];
};

Color expanded(std::uint64_t rgb565) {
  return {{static_cast<float>(rgb565 >> 11 & 31) / 31.0f,
           static_cast<float>(rgb565 >> 5 & 63) / 63.0f, static_cast<float>(rgb565 & 31) / 31.0f,
           1.0f}};
}

Color blend(const Color& first, const Color& second, unsigned share, unsigned parts) {
  Color result = {};
  for (unsigned c = 0; c < 4; ++c)
    result.channel[c] = blend(first.channel[c], second.channel[c], share, parts);
  return result;
}

/// `may_be_clear`: a block whose first end point is not the greater one has three colours, and
/// texels that are none.
Color color_of(std::uint64_t half, unsigned texel, bool may_be_clear) {
  const std::uint64_t first = half & 0xffff, second = half >> 16 & 0xffff;
  const unsigned choice = half >> (32 + 2 * texel) & 3;
  const Color ends[] = {expanded(first), expanded(second)};
  if (choice < 2) return ends[choice];
  if (!may_be_clear || first > second) return blend(ends[0], ends[1], choice - 1, 3);
  return choice == 2 ? blend(ends[0], ends[1], 1, 2) : Color{};
}

// --- Single channels

/// Two bytes, then three bits for each texel.
float channel_of(std::uint64_t half, unsigned texel, bool is_signed) {
  const auto end = [&](unsigned shift) {
    const auto byte = static_cast<std::uint8_t>(half >> shift);
    return is_signed ? std::max(static_cast<float>(static_cast<std::int8_t>(byte)) / 127.0f, -1.0f)
                     : static_cast<float>(byte) / 255.0f;
  };
  const float first = end(0), second = end(8);
  const unsigned choice = half >> (16 + 3 * texel) & 7;
  if (choice < 2) return choice == 0 ? first : second;
  if (first > second) return blend(first, second, choice - 1, 7);
  if (choice < 6) return blend(first, second, choice - 1, 5);
  if (choice == 7) return 1.0f;
  return is_signed ? -1.0f : 0.0f;
}

float alpha_of(std::uint64_t half, unsigned texel) {
  return static_cast<float>(half >> (4 * texel) & 15) / 15.0f;
}

float half_to_float(std::uint16_t bits) {
  return static_cast<float>(std::bit_cast<_Float16>(bits));
}

Color read_bptc(cuda_shim_texel_blocks blocks, std::uint64_t address, unsigned texel) {
  Color color = {{0, 0, 0, 1}};
  if (blocks == CUDA_SHIM_BLOCKS_BC7) {
    const auto fractions = read_bc7(address, texel);
    for (unsigned c = 0; c < 4; ++c) color.channel[c] = static_cast<float>(fractions[c]) / 255.0f;
    return color;
  }
  const auto halves = read_bc6h(address, texel, blocks == CUDA_SHIM_BLOCKS_BC6H_SIGNED);
  for (unsigned c = 0; c < 3; ++c) color.channel[c] = half_to_float(halves[c]);
  return color;
}

Color read_color(cuda_shim_texel_blocks blocks, std::uint64_t address, unsigned texel) {
  const std::uint64_t first = load_half(address);
  const auto second = [&] { return load_half(address + kHalfBytes); };
  Color color = {{0, 0, 0, 1}};
  switch (blocks) {
    case CUDA_SHIM_BLOCKS_NONE:
      break;
    case CUDA_SHIM_BLOCKS_BC1:
      return color_of(first, texel, true);
    case CUDA_SHIM_BLOCKS_BC2:
      color = color_of(second(), texel, false);
      color.channel[3] = alpha_of(first, texel);
      break;
    case CUDA_SHIM_BLOCKS_BC3:
      color = color_of(second(), texel, false);
      color.channel[3] = channel_of(first, texel, false);
      break;
    case CUDA_SHIM_BLOCKS_BC4:
    case CUDA_SHIM_BLOCKS_BC4_SIGNED:
      color.channel[0] = channel_of(first, texel, blocks == CUDA_SHIM_BLOCKS_BC4_SIGNED);
      break;
    case CUDA_SHIM_BLOCKS_BC5:
    case CUDA_SHIM_BLOCKS_BC5_SIGNED:
      color.channel[0] = channel_of(first, texel, blocks == CUDA_SHIM_BLOCKS_BC5_SIGNED);
      color.channel[1] = channel_of(second(), texel, blocks == CUDA_SHIM_BLOCKS_BC5_SIGNED);
      break;
    case CUDA_SHIM_BLOCKS_BC6H:
    case CUDA_SHIM_BLOCKS_BC6H_SIGNED:
    case CUDA_SHIM_BLOCKS_BC7:
      return read_bptc(blocks, address, texel);
  }
  return color;
}

}  // namespace

unsigned block_bytes(const cuda_shim_texture& texture) {
  const bool one_half = texture.blocks == CUDA_SHIM_BLOCKS_BC1 ||
                        texture.blocks == CUDA_SHIM_BLOCKS_BC4 ||
                        texture.blocks == CUDA_SHIM_BLOCKS_BC4_SIGNED;
  return one_half ? kHalfBytes : 2 * kHalfBytes;
}

Texel read_block_texel(const cuda_shim_texture& texture, std::uint64_t block, unsigned x,
                       unsigned y) {
  const auto blocks = static_cast<cuda_shim_texel_blocks>(texture.blocks);
  const Color color = read_color(blocks, block, y * kBlockTexels + x);
  Texel texel;
  for (unsigned c = 0; c < 4; ++c) {
    const bool curved = texture.srgb != 0 && c < 3;
    const float value = curved ? srgb_to_linear(color.channel[c]) : color.channel[c];
    texel.bits[c] = std::bit_cast<std::uint32_t>(value);
  }
  return texel;
}

}  // namespace cuda_shim::devices::cpu
