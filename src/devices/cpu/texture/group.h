#pragma once
// Fetches of all lanes of a group from one texture. What most programs do is done by vector code
// made for several instruction sets (group_body.h); the rest lane by lane. Both give the same bits.

#include <cstdint>

#include "cuda_shim/texture.h"

namespace cuda_shim::devices::cpu {

/// Up to 64 lanes; word k of lane i is element k * lanes + i.
struct LaneGroup {
  const std::uint32_t* words;
  std::uint32_t* results;
  unsigned lanes;
  std::uint64_t active;
};

void fetch_texture_group(const cuda_shim_texture& texture, std::uint32_t operation,
                         const LaneGroup& group);

}  // namespace cuda_shim::devices::cpu
