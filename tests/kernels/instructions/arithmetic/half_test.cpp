// f16 and bf16 arithmetic against exact results in long double, rounded once by definition; unary
// forms on every pattern.

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "kernels/instructions/arithmetic/host_small_floats.h"
#include "kernels/instructions/arithmetic/instruction_runner.h"

namespace cuda_shim::kernels::instructions::testing {
namespace {

struct Type {
  const char* word;
  HostFormat format;
};

const Type kTypes[] = {{"f16", kHostF16}, {"bf16", kHostBf16}};

/// Random patterns with exponents close together more often than chance gives, so that sums round
/// in interesting ways.
class Source {
 public:
  std::uint16_t operator()() {
    const auto bits = static_cast<std::uint16_t>(random_());
    return random_() % 3 == 0
               ? bits
               : static_cast<std::uint16_t>((bits & 0x83ff) | (0x3800 + (random_() % 4 << 10)));
  }

 private:
  std::mt19937_64 random_{11};
};

TEST(HalfAddMul, RoundOnce) {
  for (const Type& type : kTypes) {
    const std::string word = type.word;
    const Instruction add("add." + word + " %h0, %h1, %h2"), sub("sub." + word + " %h0, %h1, %h2"),
        mul("mul." + word + " %h0, %h1, %h2");
    Source source;
    for (int i = 0; i < 50000; ++i) {
      const std::uint16_t a = source(), b = source();
      const double x = decode_half(a, type.format), y = decode_half(b, type.format);
      const auto expected = [&](double value) {
        return encode(value, type.format, FE_TONEAREST, false);
      };
      ASSERT_EQ(mul(a, b), expected(x * y)) << word << std::hex << a << " " << b;
      if (std::abs(x) > 1e15 || std::abs(y) > 1e15)
        continue;  // the sum might not be exact in a double
      ASSERT_EQ(add(a, b), expected(x + y)) << word << std::hex << a << " " << b;
      ASSERT_EQ(sub(a, b), expected(x - y)) << word << std::hex << a << " " << b;
    }
  }
}

TEST(HalfFma, RoundsOnce) {
  for (const Type& type : kTypes) {
    const Instruction fma("fma.rn." + std::string(type.word) + " %h0, %h1, %h2, %h3");
    Source source;
    for (int i = 0; i < 100000; ++i) {
      const std::uint16_t a = source(), b = source(), c = source();
      const long double x = decode_half(a, type.format), y = decode_half(b, type.format),
                        z = decode_half(c, type.format);
      // A long double's 64 bits hold the sum exactly unless the exponents are far apart; then a
      // nudge stands for the small part.
      long double sum = x * y + z;
      const long double error =
          std::abs(x * y) >= std::abs(z) ? z - (sum - x * y) : x * y - (sum - z);
      const double nearest = static_cast<double>(sum);
      const long double rest = sum - nearest + error;
      const double exact = std::isfinite(nearest) && rest != 0 && std::abs(rest) < INFINITY
                               ? (std::bit_cast<std::uint64_t>(nearest) % 2 == 1
                                      ? nearest
                                      : std::nextafter(nearest, rest > 0 ? INFINITY : -INFINITY))
                               : nearest;
      ASSERT_EQ(fma(a, b, c), encode(exact, type.format, FE_TONEAREST, false))
          << type.word << std::hex << " " << a << " " << b << " " << c;
    }
  }
}

TEST(HalfFma, IsNotFooledByATinyAddend) {
  // 0x3c01 * 0x3c01 = 1 + 2^-9 + 2^-20; with an addend that makes the product a tie but for a last
  // bit, rounding twice would go to even.
  const Instruction bf16("fma.rn.bf16 %h0, %h1, %h2, %h3");
  // (1 + 2^-7) * (1 + 2^-1) = 1.5 + 2^-7 + 2^-8 is a tie at 8 bits; plus or minus the smallest
  // subnormal it is not.
  EXPECT_EQ(bf16(std::uint16_t{0x3f81}, std::uint16_t{0x3fc0}, std::uint16_t{0x0001}), 0x3fc2u);
  EXPECT_EQ(bf16(std::uint16_t{0x3f81}, std::uint16_t{0x3fc0}, std::uint16_t{0x8001}), 0x3fc1u);
}

TEST(HalfUnary, WorksOnEveryPattern) {
  for (const Type& type : kTypes) {
    const std::string word = type.word;
    const Instruction neg("neg." + word + " %h0, %h1"), abs("abs." + word + " %h0, %h1"),
        max("max." + word + " %h0, %h1, 0");
    const Instruction tanh("tanh.approx." + word + " %h0, %h1");
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
      const auto a = static_cast<std::uint16_t>(bits);
      ASSERT_EQ(neg(a), bits ^ 0x8000);
      ASSERT_EQ(abs(a), bits & 0x7fff);
      const double value = decode_half(bits, type.format);
      if (std::isnan(value)) {
        ASSERT_EQ(tanh(a), 0x7fffu);
        continue;
      }
      ASSERT_EQ(max(a), (bits & 0x8000) != 0 ? 0 : bits);
      ASSERT_NEAR(decode_half(static_cast<unsigned>(tanh(a)), type.format), std::tanh(value),
                  type.format.mantissa_bits == 10 ? std::exp2(-10.987) : 0x1p-8);
    }
  }
}

TEST(HalfExp2, IsWithinTheManualsBounds) {
  const Instruction f16("ex2.approx.f16 %h0, %h1");
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const double value = decode_half(bits, kHostF16);
    if (std::isnan(value)) continue;
    const double exact = std::exp2(value),
                 result = decode_half(static_cast<unsigned>(f16(static_cast<std::uint16_t>(bits))),
                                      kHostF16);
    if (exact < 65504)
      ASSERT_NEAR(result, exact, std::max(exact * std::exp2(-9.9), 0x1p-24)) << bits;
  }
}

TEST(HalfMinMax, FollowTheFloats) {
  const std::uint16_t nan = 0x7e01, one = 0x3c00, minus_zero = 0x8000, zero = 0;
  EXPECT_EQ(Instruction("min.f16 %h0, %h1, %h2")(nan, one), one);
  EXPECT_EQ(Instruction("min.NaN.f16 %h0, %h1, %h2")(nan, one), 0x7fffu);
  EXPECT_EQ(Instruction("min.f16 %h0, %h1, %h2")(zero, minus_zero), minus_zero);
  EXPECT_EQ(Instruction("max.bf16 %h0, %h1, %h2")(minus_zero, zero), zero);
  EXPECT_EQ(Instruction("max.NaN.xorsign.abs.f16 %h0, %h1, %h2")(std::uint16_t{0xc000}, one),
            0xc000u);
}

TEST(HalfPacked, WorksOnBothLanes) {
  EXPECT_EQ(Instruction("add.f16x2 %r0, %r1, %r2")(0x3c00'4000u, 0x3c00'3c00u), 0x4000'4200u);
  EXPECT_EQ(
      Instruction("fma.rn.bf16x2 %r0, %r1, %r2, %r3")(0x3f80'4000u, 0x4000'4000u, 0x3f80'0000u),
      0x4040'4080u);
  EXPECT_EQ(Instruction("neg.f16x2 %r0, %r1")(0x3c00'c000u), 0xbc00'4000u);
}

TEST(HalfModifiers, FlushSaturateAndRectify) {
  EXPECT_EQ(Instruction("add.ftz.f16 %h0, %h1, %h2")(std::uint16_t{0x8001}, std::uint16_t{0x8000}),
            0x8000u);
  EXPECT_EQ(Instruction("add.sat.f16 %h0, %h1, %h2")(std::uint16_t{0x3c00}, std::uint16_t{0x3c00}),
            0x3c00u);
  EXPECT_EQ(Instruction("fma.rn.relu.f16 %h0, %h1, %h2, %h3")(
                std::uint16_t{0xbc00}, std::uint16_t{0x3c00}, std::uint16_t{0}),
            0u);
  EXPECT_EQ(Instruction("fma.rn.relu.bf16 %h0, %h1, %h2, %h3")(std::uint16_t{0x7fc0},
                                                               std::uint16_t{0}, std::uint16_t{0}),
            0x7fffu);
}

}  // namespace
}  // namespace cuda_shim::kernels::instructions::testing
