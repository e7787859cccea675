#pragma once
// Constants of BC6H and BC7 (Khronos Data Format Specification 1.4, "BPTC Compressed Texture Image
// Formats").

#include <cstdint>
#include <span>

namespace cuda_shim::devices::cpu {

extern const std::uint16_t kTwoSubsets[64];
extern const std::uint32_t kThreeSubsets[64];
/// The texel whose index lacks its highest bit, of the subsets but the first one.
extern const std::uint8_t kAnchorOfTwo[64];
extern const std::uint8_t kSecondAnchorOfThree[64];
extern const std::uint8_t kThirdAnchorOfThree[64];

/// `count` bits of an end point, from bit `low` on.
struct Bc6hPiece {
  std::uint8_t channel, end, low, count;
};
struct Bc6hMode {
  std::uint8_t number;
  bool is_transformed;  ///< the other end points are distances from the first
  bool has_partitions;
  std::uint8_t bits;      ///< of the first end point
  std::uint8_t other[3];  ///< of the others, by channel
  std::span<const Bc6hPiece> pieces;
};
extern const Bc6hMode kBc6hModes[14];

}  // namespace cuda_shim::devices::cpu
