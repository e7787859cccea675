// A block has one to three subsets of texels; each subset has two end points, and each texel an
// index that says where between them it lies. The mode, in the lowest bits, says how many bits all
// that has. One texel of each subset, the anchor, has an index whose highest bit is 0 and left out.

#include "devices/cpu/texture/block_bptc.h"

#include <bit>
#include <cstring>
#include <utility>

#include "devices/cpu/texture/block_bptc_tables.h"

namespace cuda_shim::devices::cpu {
namespace {

constexpr unsigned kTexels = 16;

/// Reads a block from its lowest bit on.
class Bits {
 public:
  explicit Bits(std::uint64_t block) {
    std::memcpy(half_, reinterpret_cast<const void*>(block), sizeof half_);
  }
  unsigned take(unsigned count) {
    const unsigned value = at(place_, count);
    place_ += count;
    return value;
  }
  void skip(unsigned count) { place_ += count; }
  unsigned at(unsigned place, unsigned count) const {
    unsigned value = 0;
    for (unsigned i = 0; i < count; ++i)
      value |= static_cast<unsigned>(half_[(place + i) / 64] >> (place + i) % 64 & 1) << i;
    return value;
  }

 private:
  std::uint64_t half_[2];
  unsigned place_ = 0;
};

struct Subsets {
  unsigned count, partition;

  unsigned of(unsigned texel) const {
    if (count == 1) return 0;
    return count == 2 ? kTwoSubsets[partition] >> texel & 1
                      : kThreeSubsets[partition] >> 2 * texel & 3;
  }
  bool is_anchor(unsigned texel) const {
    if (texel == 0) return true;
    if (count == 2) return texel == kAnchorOfTwo[partition];
    return count == 3 &&
           (texel == kSecondAnchorOfThree[partition] || texel == kThirdAnchorOfThree[partition]);
  }
};

/// All indices; returns that of the texel.
unsigned take_index(Bits& bits, const Subsets& subsets, unsigned width, unsigned texel) {
  unsigned found = 0;
  for (unsigned i = 0; i < kTexels; ++i) {
    const unsigned index = bits.take(width - (subsets.is_anchor(i) ? 1 : 0));
    if (i == texel) found = index;
  }
  return found;
}

int between(int first, int second, unsigned index, unsigned width) {
  constexpr std::uint8_t kWeights[][16] = {
      {0, 21, 43, 64},
      {0, 9, 18, 27, 37, 46, 55, 64},
      {0, 4, 9, 13, 17, 21, 26, 30, 34, 38, 43, 47, 51, 55, 60, 64}};
  const int weight = kWeights[width - 2][index];
  return ((64 - weight) * first + weight * second + 32) >> 6;
}

// --- BC7

struct Bc7Mode {
  std::uint8_t subsets, partition, rotation, selection, color, alpha, end_bits, subset_bits, index,
      second_index;
};
constexpr Bc7Mode kBc7Modes[] = {{3, 4, 0, 0, 4, 0, 1, 0, 3, 0}, {2, 6, 0, 0, 6, 0, 0, 1, 3, 0},
                                 {3, 6, 0, 0, 5, 0, 0, 0, 2, 0}, {2, 6, 0, 0, 7, 0, 1, 0, 2, 0},
                                 {1, 0, 2, 1, 5, 6, 0, 0, 2, 3}, {1, 0, 2, 0, 7, 8, 0, 0, 2, 2},
                                 {1, 0, 0, 0, 7, 7, 1, 0, 4, 0}, {2, 6, 0, 0, 5, 5, 1, 0, 2, 0}};
constexpr unsigned kMostEnds = 6, kChannels = 4, kAlpha = 3;

/// End points by channel.
struct Ends {
  unsigned value[kChannels][kMostEnds] = {};
};

/// To eight bits, whose lowest ones repeat the highest.
unsigned widened(unsigned value, unsigned width) {
  value <<= 8 - width;
  return value | value >> width;
}

Ends take_ends(Bits& bits, const Bc7Mode& mode) {
  Ends ends;
  const unsigned count = 2u * mode.subsets;
  const auto width = [&](unsigned channel) { return channel == kAlpha ? mode.alpha : mode.color; };
  for (unsigned c = 0; c < kChannels; ++c)
    for (unsigned e = 0; e < count; ++e) ends.value[c][e] = bits.take(width(c));
  unsigned lowest[kMostEnds] = {};
  for (unsigned e = 0; e < count; ++e) {
    if (mode.end_bits != 0) lowest[e] = bits.take(1);
    if (mode.subset_bits != 0) lowest[e] = e % 2 == 0 ? bits.take(1) : lowest[e - 1];
  }
  const unsigned more = mode.end_bits + mode.subset_bits;
  for (unsigned c = 0; c < kChannels; ++c)
    for (unsigned e = 0; e < count; ++e) {
      unsigned& value = ends.value[c][e];
      if (width(c) == 0)
        value = 255;
      else
        value = widened(more != 0 ? value << 1 | lowest[e] : value, width(c) + more);
    }
  return ends;
}

}  // namespace

std::array<std::uint8_t, 4> read_bc7(std::uint64_t block, unsigned texel) {
  Bits bits(block);
  const unsigned number = static_cast<unsigned>(std::countr_zero(bits.at(0, 8) | 1u << 8));
  if (number >= std::size(kBc7Modes)) return {};
  const Bc7Mode& mode = kBc7Modes[number];
  bits.skip(number + 1);
  const Subsets subsets = {mode.subsets, bits.take(mode.partition)};
  const unsigned rotation = bits.take(mode.rotation), selection = bits.take(mode.selection);
  const Ends ends = take_ends(bits, mode);
  unsigned color_width = mode.index, alpha_width = mode.index;
  unsigned color = take_index(bits, subsets, mode.index, texel), alpha = color;
  if (mode.second_index != 0) {
    alpha_width = mode.second_index;
    alpha = take_index(bits, subsets, mode.second_index, texel);
  }
  if (selection != 0) {
    std::swap(color, alpha);
    std::swap(color_width, alpha_width);
  }
  std::array<std::uint8_t, 4> result;
  const unsigned first = 2 * subsets.of(texel);
  for (unsigned c = 0; c < kChannels; ++c)
    result[c] = static_cast<std::uint8_t>(
        between(static_cast<int>(ends.value[c][first]), static_cast<int>(ends.value[c][first + 1]),
                c == kAlpha ? alpha : color, c == kAlpha ? alpha_width : color_width));
  if (rotation != 0) std::swap(result[kAlpha], result[rotation - 1]);
  return result;
}

// --- BC6H

namespace {

constexpr unsigned kColors = 3, kBc6hEnds = 4;
constexpr unsigned kPlaceOfPartition = 77, kPartitionBits = 5;
constexpr unsigned kIndicesOfOne = 65, kIndicesOfTwo = 82;

struct HalfEnds {
  int value[kColors][kBc6hEnds] = {};
};

const Bc6hMode* find_mode(const Bits& bits) {
  const unsigned low = bits.at(0, 2);
  const unsigned number = low < 2 ? low : bits.at(0, 5);
  for (const Bc6hMode& mode : kBc6hModes)
    if (mode.number == number) return &mode;
  return nullptr;
}

int sign_extended(int value, unsigned width) {
  const unsigned unused = 32 - width;
  return static_cast<int>(static_cast<unsigned>(value) << unused) >> unused;
}

HalfEnds take_half_ends(Bits bits, const Bc6hMode& mode, bool is_signed) {
  HalfEnds ends;
  bits.skip(mode.number < 2 ? 2 : 5);
  for (const Bc6hPiece& piece : mode.pieces)
    ends.value[piece.channel][piece.end] |= static_cast<int>(bits.take(piece.count) << piece.low);
  for (unsigned c = 0; c < kColors; ++c) {
    int (&value)[kBc6hEnds] = ends.value[c];
    if (is_signed) value[0] = sign_extended(value[0], mode.bits);
    for (unsigned e = 1; e < kBc6hEnds; ++e) {
      if (is_signed || mode.is_transformed) value[e] = sign_extended(value[e], mode.other[c]);
      if (!mode.is_transformed) continue;
      value[e] = (value[0] + value[e]) & ((1 << mode.bits) - 1);
      if (is_signed) value[e] = sign_extended(value[e], mode.bits);
    }
  }
  return ends;
}

/// To 16 bits.
int unquantized(int value, unsigned width, bool is_signed) {
  if (!is_signed) {
    if (width >= 15 || value == 0) return value;
    return value == (1 << width) - 1 ? 0xffff : ((value << 15) + 0x4000) >> (width - 1);
  }
  if (width >= 16 || value == 0) return value;
  const int magnitude = value < 0 ? -value : value;
  const int wide =
      magnitude >= (1 << (width - 1)) - 1 ? 0x7fff : ((magnitude << 15) + 0x4000) >> (width - 1);
  return value < 0 ? -wide : wide;
}

/// To the bits of a number.
std::uint16_t as_half(int value, bool is_signed) {
  if (!is_signed) return static_cast<std::uint16_t>((value * 31) >> 6);
  return static_cast<std::uint16_t>(value < 0 ? ((-value * 31) >> 5) | 0x8000 : (value * 31) >> 5);
}

}  // namespace

std::array<std::uint16_t, 3> read_bc6h(std::uint64_t block, unsigned texel, bool is_signed) {
  Bits bits(block);
  const Bc6hMode* mode = find_mode(bits);
  if (mode == nullptr) return {};
  const HalfEnds ends = take_half_ends(bits, *mode, is_signed);
  const bool two = mode->has_partitions;
  const Subsets subsets = {two ? 2u : 1u, two ? bits.at(kPlaceOfPartition, kPartitionBits) : 0};
  bits.skip(two ? kIndicesOfTwo : kIndicesOfOne);
  const unsigned width = two ? 3 : 4;
  const unsigned index = take_index(bits, subsets, width, texel);
  const unsigned first = 2 * subsets.of(texel);
  std::array<std::uint16_t, 3> result;
  for (unsigned c = 0; c < kColors; ++c)
    result[c] =
        as_half(between(unquantized(ends.value[c][first], mode->bits, is_signed),
                        unquantized(ends.value[c][first + 1], mode->bits, is_signed), index, width),
                is_signed);
  return result;
}

}  // namespace cuda_shim::devices::cpu
