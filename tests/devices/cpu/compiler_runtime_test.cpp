// Conversions to bfloat16 that translated code calls where the CPU has no instruction.

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>

extern "C" __bf16 __truncsfbf2(float value);
extern "C" __bf16 __truncdfbf2(double value);

namespace {

std::uint16_t bits_of(__bf16 value) {
  return std::bit_cast<std::uint16_t>(value);
}

TEST(CompilerRuntime, FloatRoundsToNearestEvenBfloat16) {
  EXPECT_EQ(bits_of(__truncsfbf2(1.0f)), 0x3f80);
  EXPECT_EQ(bits_of(__truncsfbf2(std::bit_cast<float>(0x3f808000u))), 0x3f80);  // tie, even below
  EXPECT_EQ(bits_of(__truncsfbf2(std::bit_cast<float>(0x3f818000u))), 0x3f82);  // tie, even above
  EXPECT_EQ(bits_of(__truncsfbf2(std::bit_cast<float>(0x3f808001u))), 0x3f81);
  EXPECT_EQ(bits_of(__truncsfbf2(std::bit_cast<float>(0x7f7fffffu))), 0x7f80);  // to infinity
  EXPECT_TRUE(std::isnan(static_cast<float>(__truncsfbf2(std::bit_cast<float>(0x7f800001u)))));
}

TEST(CompilerRuntime, DoubleIsRoundedOnce) {
  // Just above a tie: rounding to float first would make it the tie, and then even.
  EXPECT_EQ(bits_of(__truncdfbf2(1.00390625 + 0x1p-40)), 0x3f81);
  EXPECT_EQ(bits_of(__truncdfbf2(1.00390625 - 0x1p-40)), 0x3f80);
  EXPECT_EQ(bits_of(__truncdfbf2(-1.01171875 - 0x1p-45)), 0xbf82);
  EXPECT_EQ(bits_of(__truncdfbf2(1e300)), 0x7f80);
}

}  // namespace
