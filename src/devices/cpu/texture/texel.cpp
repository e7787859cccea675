#include "devices/cpu/texture/texel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

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

// To nearest even, by integers as the other way.
std::uint32_t float_to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return 0x7fffu;
  if (magnitude >= 0x477ff000u) return sign | 0x7c00u;  // rounds to 2^16, or more
  if (magnitude < 0x38800000u) {
    // Adding a half moves the last place of a subnormal to that of the sum.
    const float sum = std::bit_cast<float>(magnitude) + 0.5f;
    return sign | (std::bit_cast<std::uint32_t>(sum) - 0x3f000000u);
  }
  const std::uint32_t even = magnitude >> 13 & 1;
  return sign | ((magnitude - 0x38000000u + 0xfffu + even) >> 13);
}

// A fraction of a normalised format's greatest integer, to nearest even.
std::uint32_t fraction(float value, float least, float greatest) {
  if (std::isnan(value)) return 0;
  const float number = std::clamp(value, least, 1.0f) * greatest;
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(std::nearbyint(number)));
}

template <class T>
std::uint32_t clamped(std::int64_t value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, std::numeric_limits<T>::min(),
                                                             std::numeric_limits<T>::max()));
}

std::uint32_t converted(const cuda_shim_texture& texture, cuda_shim_texel format,
                        std::uint32_t word) {
  const bool fractions = texture.normalized_values != 0;
  const float number = std::bit_cast<float>(word);
  const std::int64_t with_sign = static_cast<std::int32_t>(word);
  switch (format) {
    case CUDA_SHIM_TEXEL_U8:
      return fractions ? fraction(number, 0, 255) : clamped<std::uint8_t>(word);
    case CUDA_SHIM_TEXEL_U16:
      return fractions ? fraction(number, 0, 65535) : clamped<std::uint16_t>(word);
    case CUDA_SHIM_TEXEL_S8:
      return fractions ? fraction(number, -1, 127) : clamped<std::int8_t>(with_sign);
    case CUDA_SHIM_TEXEL_S16:
      return fractions ? fraction(number, -1, 32767) : clamped<std::int16_t>(with_sign);
    case CUDA_SHIM_TEXEL_F16:
      return float_to_half(number);
    case CUDA_SHIM_TEXEL_U32:
    case CUDA_SHIM_TEXEL_S32:
    case CUDA_SHIM_TEXEL_F32:
      break;
  }
  return word;
}

unsigned channel_bytes(cuda_shim_texel texel) {
  constexpr unsigned char kBytes[] = {1, 2, 4, 1, 2, 4, 2, 4};
  return kBytes[texel];
}

}  // namespace

float srgb_to_linear(float value) {
  return value <= 0.04045f ? value / 12.92f : std::pow((value + 0.055f) / 1.055f, 2.4f);
}

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

void write_texel(const cuda_shim_texture& texture, std::uint64_t address,
                 const std::uint32_t* channels, unsigned count) {
  const auto format = static_cast<cuda_shim_texel>(texture.texel);
  const unsigned bytes = channel_bytes(format);
  for (unsigned c = 0; c < std::min<unsigned>(count, texture.channels); ++c) {
    const std::uint32_t bits = converted(texture, format, channels[c]);
    std::memcpy(reinterpret_cast<void*>(address + c * bytes), &bits, bytes);
  }
}

Texel border_texel(const cuda_shim_texture& texture) {
  Texel texel;
  std::ranges::copy(texture.border, texel.bits);
  return texel;
}

}  // namespace cuda_shim::devices::cpu
