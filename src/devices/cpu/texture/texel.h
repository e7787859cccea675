#pragma once
// Texels: from the bits in memory to what a fetch returns.

#include <bit>
#include <cstdint>

#include "cuda_shim/texture.h"

namespace cuda_shim::devices::cpu {

/// Four channels as a fetch returns them: floats, or integers extended to 32 bits. Channels that
/// the format lacks are 0, the last of them 1.
struct Texel {
  std::uint32_t bits[4];
};

/// What a sum is that is not a number, whichever of its parts is not.
constexpr std::uint32_t kCanonicalNan = 0x7fffffff;

/// Whether fetches return floats: formats of floats, and normalised integers.
bool returns_floats(const cuda_shim_texture& texture);
/// Bytes of a texel in memory.
unsigned texel_bytes(const cuda_shim_texture& texture);
/// The texel whose first byte is at the address.
Texel read_texel(const cuda_shim_texture& texture, std::uint64_t address);
/// Stores `count` channels; a word is a float or an integer as the format is. Integers are clamped.
void write_texel(const cuda_shim_texture& texture, std::uint64_t address,
                 const std::uint32_t* channels, unsigned count);
/// A fraction of a colour by IEC 61966-2-1.
float srgb_to_linear(float value);
Texel border_texel(const cuda_shim_texture& texture);

}  // namespace cuda_shim::devices::cpu
