// fp8, fp6, fp4, tf32, ue8m0 and cvt.pack.

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "kernels/instructions/arithmetic/host_floats.h"
#include "kernels/instructions/arithmetic/host_small_floats.h"

namespace cuda_shim::kernels::instructions::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct SmallType {
  const char* word;
  char result;  ///< register letter of the pair
  unsigned element_bits;
  HostFormat format;
};

const SmallType kTypes[] = {
    {"e4m3x2", 'h', 8, {4, 3, 0x7e, 0, 0x7f}}, {"e5m2x2", 'h', 8, {5, 2, 0x7b, 0x7c, 0x7f}},
    {"e2m1x2", 'b', 4, {2, 1, 0x7, 0, 0x7}},   {"e2m3x2", 'h', 8, {2, 3, 0x1f, 0, 0x1f}},
    {"e3m2x2", 'h', 8, {3, 2, 0x1f, 0, 0x1f}},
};

TEST(SmallFloat, EncodesToNearestAndSaturates) {
  for (const SmallType& type : kTypes) {
    const Instruction cvt("cvt.rn.satfinite." + std::string(type.word) + ".f32 %" + type.result +
                          "0, %r1, %r2");
    std::mt19937_64 random(9);
    for (int i = 0; i < 20000; ++i) {
      const std::uint32_t exponent = static_cast<std::uint32_t>(105 + random() % 42),
                          mantissa = static_cast<std::uint32_t>(random() % 64) << 17;
      const float a = std::bit_cast<float>(exponent << 23 | mantissa |
                                           static_cast<std::uint32_t>(random() % 2) << 31 |
                                           (random() % 4 == 0));
      const std::uint64_t expected = encode(a, type.format, FE_TONEAREST, true);
      ASSERT_EQ(cvt(a, 0.0f), expected << type.element_bits) << type.word << " " << a;
      ASSERT_EQ(cvt(0.0f, a), expected) << type.word << " " << a;
    }
    EXPECT_EQ(cvt(INFINITY, kNaN), type.format.largest << type.element_bits | type.format.nan)
        << type.word;
  }
}

TEST(SmallFloat, DecodesEveryPatternAndComesBack) {
  for (const SmallType& type : kTypes) {
    const std::string letter(1, type.result);
    const Instruction decode_pair("cvt.rn.f16x2." + std::string(type.word) + " %r0, %" + letter +
                                  "1");
    const unsigned bits = 1 + type.format.exponent_bits + type.format.mantissa_bits;
    for (unsigned pattern = 0; pattern < 1u << bits; ++pattern) {
      const auto result =
          static_cast<std::uint32_t>(decode_pair(static_cast<std::uint16_t>(pattern)));
      const unsigned magnitude = pattern & ((1u << (bits - 1)) - 1);
      const double value = decode_half(result & 0xffff, kHostF16);
      if (magnitude > type.format.largest) {
        ASSERT_TRUE(std::isnan(value) || magnitude == type.format.infinity) << type.word << pattern;
        continue;
      }
      const double sign = pattern >> (bits - 1) ? -1 : 1;
      ASSERT_EQ(value,
                sign * decode(magnitude, type.format.exponent_bits, type.format.mantissa_bits))
          << type.word << " " << pattern;
    }
  }
}

TEST(SmallFloat, TakesHalvesAndRectifies) {
  EXPECT_EQ(Instruction("cvt.rn.satfinite.e4m3x2.f16x2 %h0, %r1")(0x3c00'c000u), 0x38c0u);
  EXPECT_EQ(Instruction("cvt.rn.satfinite.relu.e4m3x2.f16x2 %h0, %r1")(0x3c00'c000u), 0x3800u);
  EXPECT_EQ(Instruction("cvt.rn.relu.f16x2.e5m2x2 %r0, %h1")(std::uint16_t{0x3cbc}), 0x3c00'0000u);
}

TEST(Tf32, KeepsTenBits) {
  const Instruction rna("cvt.rna.tf32.f32 %r0, %r1"), rn("cvt.rn.tf32.f32 %r0, %r1"),
      rz("cvt.rz.tf32.f32 %r0, %r1");
  const float tie = std::bit_cast<float>(0x3f801000u);
  EXPECT_EQ(rna(tie), 0x3f802000u);
  EXPECT_EQ(rn(tie), 0x3f800000u);
  EXPECT_EQ(rz(std::bit_cast<float>(0x3f803fffu)), 0x3f802000u);
  EXPECT_EQ(rna(-1e-45f), 0x80000000u);
  EXPECT_EQ(rna(INFINITY), 0x7f800000u);
  EXPECT_EQ(rna(kNaN) & 0x7fffe000u, 0x7fffe000u);
}

TEST(Ue8m0, HoldsPowersOfTwo) {
  const Instruction up("cvt.rp.satfinite.ue8m0x2.f32 %h0, %r1, %r2"),
      down("cvt.rz.satfinite.ue8m0x2.f32 %h0, %r1, %r2");
  EXPECT_EQ(up(1.0f, 1.1f), 0x7f80u);
  EXPECT_EQ(down(1.0f, 1.9f), 0x7f7fu);
  EXPECT_EQ(up(0.0f, kNaN), 0x00ffu);
  EXPECT_EQ(up(INFINITY, std::numeric_limits<float>::max()), 0xfefeu);
  EXPECT_EQ(Instruction("cvt.rn.bf16x2.ue8m0x2 %r0, %h1")(std::uint16_t{0x7f00}), 0x3f80'0040u);
}

TEST(CvtPack, SaturatesAndJoins) {
  EXPECT_EQ(Instruction("cvt.pack.sat.s16.s32 %r0, %r1, %r2")(70000, -5), 0x7fff'fffbu);
  EXPECT_EQ(Instruction("cvt.pack.sat.u8.s32.b32 %r0, %r1, %r2, %r3")(300, -5, 0x1234u),
            0x1234'ff00u);
  EXPECT_EQ(Instruction("cvt.pack.sat.s4.s32.b32 %r0, %r1, %r2, %r3")(-9, 3, 0xabcdefu),
            0xabcd'ef83u);
}

}  // namespace
}  // namespace cuda_shim::kernels::instructions::testing
