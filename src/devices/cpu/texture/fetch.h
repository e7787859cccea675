#pragma once
// Texture fetches: tex, tld4 and txq on one descriptor.

#include <cstdint>

#include "cuda_shim/texture.h"

namespace cuda_shim::devices::cpu {

/// What a fetch returns to the kernel in four words. `operation` and `words` as in texture.h.
void fetch_texture(const cuda_shim_texture& texture, std::uint32_t operation,
                   const std::uint32_t* words, std::uint32_t* result);
/// `question`: cuda_shim_texture_question. Extents are those of the level.
std::uint32_t query_texture(const cuda_shim_texture& texture, std::uint32_t question,
                            std::uint32_t level);

}  // namespace cuda_shim::devices::cpu
