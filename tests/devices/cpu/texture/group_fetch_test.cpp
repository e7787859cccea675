// A fetch by a group gives the bits that its lanes would get one by one, whatever the texture and
// wherever the lanes fetch.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "devices/cpu/texture/group.h"
#include "devices/cpu/texture/group_plan.h"
#include "devices/cpu/texture/texel.h"

namespace cuda_shim::devices::cpu {
namespace {

constexpr unsigned kMostLanes = 64;
constexpr std::uint32_t kUntouched = 0xdeadbeef;

using Results = std::vector<std::uint32_t>;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  unsigned below(unsigned end) { return static_cast<unsigned>(engine_() % end); }
  bool flip() { return below(2) != 0; }
  std::uint32_t bits() { return engine_(); }
  float between(float least, float greatest) {
    return std::uniform_real_distribution<float>(least, greatest)(engine_);
  }

 private:
  std::mt19937 engine_;
};

/// A texture of random format, size and sampling, with its texels.
class AnyTexture {
 public:
  explicit AnyTexture(Random& random) {
    texture_.magic = CUDA_SHIM_TEXTURE_MAGIC;
    texture_.texel = static_cast<std::uint8_t>(random.below(CUDA_SHIM_TEXEL_F32 + 1));
    texture_.channels = static_cast<std::uint8_t>(1u << random.below(3));
    texture_.levels = 1;
    for (auto& mode : texture_.address_mode) mode = static_cast<std::uint8_t>(random.below(4));
    texture_.linear_filter = random.flip();
    texture_.linear_levels = random.flip();
    texture_.normalized_coordinates = random.flip();
    const bool is_small = texture_.texel != CUDA_SHIM_TEXEL_U32 &&
                          texture_.texel != CUDA_SHIM_TEXEL_S32 &&
                          texture_.texel < CUDA_SHIM_TEXEL_F16;
    texture_.normalized_values = is_small && random.flip();
    texture_.srgb = texture_.texel == CUDA_SHIM_TEXEL_U8 && random.below(8) == 0;
    for (auto& channel : texture_.border)
      channel = std::bit_cast<std::uint32_t>(random.between(0, 1));
    texture_.kind = CUDA_SHIM_OPAQUE_TEXTURE;
    fill(random);
  }

  const cuda_shim_texture& get() const { return texture_; }

 private:
  void fill(Random& random) {
    cuda_shim_texture_level& level = texture_.level[0];
    level.width = 1 + random.below(random.flip() ? 4 : 70);
    level.height = 1 + random.below(random.flip() ? 4 : 40);
    level.depth = 1;
    level.pitch = level.width * texel_bytes(texture_) + 4 * random.below(8);
    level.slice = level.pitch * level.height;
    texels_.resize(level.slice);
    const bool any_bits = random.below(4) == 0;  // NaN, infinities and subnormals among them
    if (texture_.texel == CUDA_SHIM_TEXEL_F32 && !any_bits)
      for (std::size_t at = 0; at + 4 <= texels_.size(); at += 4) {
        const float value = random.between(-100, 100);
        std::memcpy(&texels_[at], &value, sizeof value);
      }
    else
      for (char& byte : texels_) byte = static_cast<char>(random.bits());
    level.address = reinterpret_cast<std::uint64_t>(texels_.data());
  }

  cuda_shim_texture texture_ = {};
  std::vector<char> texels_;
};

std::uint32_t any_operation(Random& random) {
  std::uint32_t operation = random.flip() ? CUDA_SHIM_GEOMETRY_2D : CUDA_SHIM_GEOMETRY_1D;
  if (random.below(8) == 0) operation = random.below(CUDA_SHIM_GEOMETRY_ACUBE + 1);
  if (random.below(4) == 0) operation |= CUDA_SHIM_TEXTURE_INTEGER;
  if (random.below(6) == 0) operation |= CUDA_SHIM_TEXTURE_LOD;
  if (random.below(6) == 0) operation |= CUDA_SHIM_TEXTURE_OFFSET;
  if (random.below(8) == 0)
    operation |= CUDA_SHIM_TEXTURE_GATHER | random.below(4) << CUDA_SHIM_TEXTURE_CHANNEL_SHIFT;
  return operation;
}

float any_coordinate(Random& random, const cuda_shim_texture& texture) {
  constexpr float kOdd[] = {std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN(),
                            -0.0f,
                            -1e-10f,
                            1e-40f,
                            0x1p31f,
                            -0x1p23f,
                            3e38f,
                            1.0f,
                            -1.0f};
  if (random.below(40) == 0) return kOdd[random.below(std::size(kOdd))];
  const float extent = texture.normalized_coordinates ? 1 : 40;
  const float place = random.between(-1.5f * extent, 2.5f * extent);
  return random.below(4) == 0 ? std::round(place * 2) / 2 : place;
}

std::vector<std::uint32_t> any_words(Random& random, const cuda_shim_texture& texture,
                                     std::uint32_t operation, unsigned lanes) {
  std::vector<std::uint32_t> words(CUDA_SHIM_TEXTURE_WORDS * lanes);
  for (unsigned i = 0; i < words.size(); ++i) {
    const unsigned word = i / lanes;
    const bool coordinate =
        word >= CUDA_SHIM_TEXTURE_WORD_COORDINATES && word < CUDA_SHIM_TEXTURE_WORD_COORDINATES + 3;
    const bool integer = !coordinate || (operation & CUDA_SHIM_TEXTURE_INTEGER) != 0;
    words[i] = integer ? random.below(100) - 20
                       : std::bit_cast<std::uint32_t>(any_coordinate(random, texture));
    if (word == CUDA_SHIM_TEXTURE_WORD_LAYER) words[i] = random.below(3);
    if (word == CUDA_SHIM_TEXTURE_WORD_OFFSETS) words[i] = random.below(16) - 8;
  }
  return words;
}

Results of_active(Results results, unsigned lanes, std::uint64_t active) {
  for (unsigned i = 0; i < results.size(); ++i)
    if ((active >> (i % lanes) & 1) == 0) results[i] = kUntouched;
  return results;
}

TEST(GroupFetch, GivesTheBitsThatEachLaneWouldGet) {
  Random random(20260);
  const VectorCodes codes = vector_codes();
  const auto used = static_cast<unsigned>(std::ranges::find(codes, nullptr) - codes.begin());
  if (used == 0) GTEST_SKIP() << "there is no vector code for this processor";
  unsigned by_vectors = 0;
  for (unsigned round = 0; round < 20000; ++round) {
    const AnyTexture texture(random);
    const std::uint32_t operation = any_operation(random);
    const unsigned lanes = 1u << random.below(7);
    const std::vector<std::uint32_t> words = any_words(random, texture.get(), operation, lanes);
    const std::uint64_t active =
        random.flip() ? ~std::uint64_t{0} >> (64 - lanes)
                      : (std::uint64_t{random.bits()} << 32 | random.bits()) >> (64 - lanes);
    Results group(4 * lanes, kUntouched), single(4 * lanes, kUntouched);
    const GroupFetches* code = codes[round % used];
    fetch_by(code, texture.get(), operation, {words.data(), group.data(), lanes, active});
    fetch_by(nullptr, texture.get(), operation, {words.data(), single.data(), lanes, active});
    GroupPlan plan;
    by_vectors += plan_group(texture.get(), operation, plan);
    ASSERT_EQ(of_active(group, lanes, active), of_active(single, lanes, active))
        << "round " << round << ", code " << round % used << ", operation " << operation
        << ", texel " << int{texture.get().texel} << " x " << int{texture.get().channels}
        << ", modes " << int{texture.get().address_mode[0]} << " "
        << int{texture.get().address_mode[1]} << ", linear " << int{texture.get().linear_filter}
        << ", normalised " << int{texture.get().normalized_coordinates}
        << int{texture.get().normalized_values} << ", extent " << texture.get().level[0].width
        << " x " << texture.get().level[0].height;
  }
  EXPECT_GT(by_vectors, 5000u);
}

TEST(GroupFetch, ReadsNothingBeyondTheTexels) {
  // Sanitizers say so; here the last byte is the last of the allocation.
  Random random(7);
  for (unsigned channels : {1u, 2u, 4u}) {
    std::vector<unsigned char> texels(3 * channels, 0xff);
    cuda_shim_texture texture = {};
    texture.magic = CUDA_SHIM_TEXTURE_MAGIC;
    texture.texel = CUDA_SHIM_TEXEL_U8;
    texture.channels = static_cast<std::uint8_t>(channels);
    texture.levels = 1;
    texture.normalized_values = 1;
    texture.linear_filter = 1;
    texture.level[0] = {reinterpret_cast<std::uint64_t>(texels.data()), 3, 3, 3, 1, 1, 0};
    texture.address_mode[0] = CUDA_SHIM_ADDRESS_CLAMP;
    const auto words = any_words(random, texture, CUDA_SHIM_GEOMETRY_1D, kMostLanes);
    Results results(4 * kMostLanes);
    fetch_texture_group(texture, CUDA_SHIM_GEOMETRY_1D,
                        {words.data(), results.data(), kMostLanes, ~std::uint64_t{0}});
    for (unsigned lane = 0; lane < kMostLanes; ++lane)
      EXPECT_EQ(std::bit_cast<float>(results[lane]), 1.0f) << "lane " << lane;
  }
}

}  // namespace
}  // namespace cuda_shim::devices::cpu
