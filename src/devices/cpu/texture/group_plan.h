#pragma once
// What vector code needs to know of a texture, found out once for all lanes.

#include <array>
#include <cstdint>

#include "cuda_shim/texture.h"
#include "devices/cpu/texture/group.h"

namespace cuda_shim::devices::cpu {

/// How a texel's channels lie in memory.
enum class TexelBits { kWord, kHalf, kShort, kByte };
constexpr unsigned kTexelBits = 4;
constexpr unsigned kChannelCounts = 3;  ///< 1, 2, 4

struct GroupAxis {
  std::int32_t extent;
  std::int32_t step;  ///< bytes from texel to texel
  cuda_shim_address_mode mode;
};

struct GroupPlan {
  const char* base;
  const cuda_shim_texture* texture;
  GroupAxis axis[2];
  unsigned dimensions;
  bool normalized;  ///< coordinates
  bool integer;     ///< coordinates
  bool linear;
  bool has_border;
  bool is_signed;             ///< integers in memory
  float greatest;             ///< of a normalised format; 0: integers stay such
  std::uint32_t channel_one;  ///< what the last channel is where the format lacks it
  TexelBits bits;
  unsigned channels;  ///< log2
};

/// False: lane by lane.
bool plan_group(const cuda_shim_texture& texture, std::uint32_t operation, GroupPlan& plan);

/// Lanes that vector code leaves to the code for one, because their coordinates are far away or not
/// a number.
using GroupFetch = std::uint64_t (*)(const GroupPlan& plan, const LaneGroup& group);

/// Vector code for one instruction set.
struct GroupFetches {
  GroupFetch fetch[kTexelBits][kChannelCounts];
};
/// Of the sets that this machine has, best first, up to a null pointer.
constexpr unsigned kInstructionSets = 2;
using VectorCodes = std::array<const GroupFetches*, kInstructionSets + 1>;
VectorCodes vector_codes();

/// As fetch_texture_group by this code; null: lane by lane.
void fetch_by(const GroupFetches* code, const cuda_shim_texture& texture, std::uint32_t operation,
              const LaneGroup& group);

}  // namespace cuda_shim::devices::cpu
