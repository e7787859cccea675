#include "devices/cpu/texture/texel.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace cuda_shim::devices::cpu {
namespace {

template <class T>
T load(std::uint64_t address) {
  T value;
  std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}

// By integers: not every processor has the conversion, and not every library the function.
float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16, magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00) return std::bit_cast<float>(sign | 0x7f800000u | magnitude << 13);
  // The float of the same bits is too small by 2^112; scaling is exact, for subnormals too.
  const float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(scaled));
}

// IEC 61966-2-1.
float srgb_to_linear(float value) {
  return value <= 0.04045f ? value / 12.92f : std::pow((value + 0.055f) / 1.055f, 2.4f);
}

std::uint32_t extended(cuda_shim_texel texel, std::uint64_t address) {
  switch (texel) {
    case CUDA_SHIM_TEXEL_U8:
      return load<std::uint8_t>(address);
    case CUDA_SHIM_TEXEL_U16:
      return load<std::uint16_t>(address);
    case CUDA_SHIM_TEXEL_S8:
      return static_cast<std::uint32_t>(load<std::int8_t>(address));
    case CUDA_SHIM_TEXEL_S16:
      return static_cast<std::uint32_t>(load<std::int16_t>(address));
    case CUDA_SHIM_TEXEL_F16:
      return std::bit_cast<std::uint32_t>(half_to_float(load<std::uint16_t>(address)));
    case CUDA_SHIM_TEXEL_U32:
    case CUDA_SHIM_TEXEL_S32:
    case CUDA_SHIM_TEXEL_F32:
      return load<std::uint32_t>(address);
  }
  return 0;
}

// The most negative integer and the next one are both -1.
float normalized(cuda_shim_texel texel, std::uint32_t bits) {
  const auto number = static_cast<float>(static_cast<std::int32_t>(bits));
  switch (texel) {
    case CUDA_SHIM_TEXEL_U8:
      return number / 255.0f;
    case CUDA_SHIM_TEXEL_U16:
      return number / 65535.0f;
    case CUDA_SHIM_TEXEL_S8:
      return std::max(number / 127.0f, -1.0f);
    case CUDA_SHIM_TEXEL_S16:
      return std::max(number / 32767.0f, -1.0f);
    case CUDA_SHIM_TEXEL_U32:
    case CUDA_SHIM_TEXEL_S32:
    case CUDA_SHIM_TEXEL_F16:
    case CUDA_SHIM_TEXEL_F32:
      break;
  }
  return std::bit_cast<float>(bits);
}

unsigned channel_bytes(cuda_shim_texel texel) {
  constexpr unsigned char kBytes[] = {1, 2, 4, 1, 2, 4, 2, 4};
  return kBytes[texel];
}

}  // namespace

bool returns_floats(const cuda_shim_texture& texture) {
  return texture.normalized_values || texture.texel == CUDA_SHIM_TEXEL_F16 ||
         texture.texel == CUDA_SHIM_TEXEL_F32;
}

unsigned texel_bytes(const cuda_shim_texture& texture) {
  return channel_bytes(static_cast<cuda_shim_texel>(texture.texel)) * texture.channels;
}

Texel read_texel(const cuda_shim_texture& texture, std::uint64_t address) {
  const auto format = static_cast<cuda_shim_texel>(texture.texel);
  const std::uint32_t one = returns_floats(texture) ? std::bit_cast<std::uint32_t>(1.0f) : 1u;
  Texel texel = {{0, 0, 0, one}};
  const unsigned bytes = channel_bytes(format);
  if (bytes == 4) {  // as they are
    for (unsigned c = 0; c < texture.channels; ++c)
      texel.bits[c] = load<std::uint32_t>(address + 4 * c);
    return texel;
  }
  for (unsigned c = 0; c < texture.channels; ++c) {
    texel.bits[c] = extended(format, address + c * bytes);
    if (!texture.normalized_values) continue;
    float value = normalized(format, texel.bits[c]);
    if (texture.srgb && c < 3) value = srgb_to_linear(value);
    texel.bits[c] = std::bit_cast<std::uint32_t>(value);
  }
  return texel;
}

Texel border_texel(const cuda_shim_texture& texture) {
  Texel texel;
  std::ranges::copy(texture.border, texel.bits);
  return texel;
}

}  // namespace cuda_shim::devices::cpu
