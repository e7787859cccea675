#pragma once
// Compressed texels: blocks of 4 x 4 (Khronos Data Format Specification, "S3TC", "RGTC" and "BPTC
// Compressed Texture Image Formats").

#include <cstdint>

#include "devices/cpu/texture/texel.h"

namespace cuda_shim::devices::cpu {

constexpr unsigned kBlockTexels = 4;  ///< along each side

unsigned block_bytes(const cuda_shim_texture& texture);
/// The texel at column x and row y of the block.
Texel read_block_texel(const cuda_shim_texture& texture, std::uint64_t block, unsigned x,
                       unsigned y);

}  // namespace cuda_shim::devices::cpu
