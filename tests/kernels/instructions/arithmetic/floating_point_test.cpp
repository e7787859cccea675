// f32 and f64 arithmetic, bit for bit against the host under its own rounding modes.

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "kernels/instructions/arithmetic/host_floats.h"

namespace cuda_shim::kernels::instructions::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

template <class F>
void expect_f32(const std::string& opcode, F host) {
  for (const Mode& mode : kModes) {
    const Instruction plain(opcode + "." + mode.word + ".f32 %r0, %r1, %r2"),
        ftz(opcode + "." + mode.word + ".ftz.f32 %r0, %r1, %r2");
    for (volatile float a : singles(120))
      for (volatile float b : singles(120)) {
        ASSERT_EQ(plain(float{a}, float{b}),
                  canonical(under(mode.host, [&] { return host(a, b); })))
            << opcode << mode.word << " " << a << " " << b;
        volatile float fa = flushed(a), fb = flushed(b);
        ASSERT_EQ(ftz(float{a}, float{b}),
                  canonical(flushed(under(mode.host, [&] { return host(fa, fb); }))))
            << opcode << mode.word << " " << a << " " << b;
      }
  }
}

template <class F>
void expect_f64(const std::string& opcode, F host) {
  for (const Mode& mode : kModes) {
    const Instruction plain(opcode + "." + mode.word + ".f64 %x0, %x1, %x2");
    for (volatile double a : doubles(120))
      for (volatile double b : doubles(120)) {
        const double expected = under(mode.host, [&] { return host(a, b); });
        const std::uint64_t result = plain(double{a}, double{b});
        if (std::isnan(expected))
          ASSERT_TRUE(std::isnan(std::bit_cast<double>(result)));
        else
          ASSERT_EQ(result, to_bits(expected)) << opcode << mode.word << " " << a << " " << b;
      }
  }
}

TEST(Add, RoundsInEveryDirection) {
  expect_f32("add", [](float a, float b) { return a + b; });
  expect_f64("add", [](double a, double b) { return a + b; });
}

TEST(Sub, RoundsInEveryDirection) {
  expect_f32("sub", [](float a, float b) { return a - b; });
  expect_f64("sub", [](double a, double b) { return a - b; });
}

TEST(Mul, RoundsInEveryDirection) {
  expect_f32("mul", [](float a, float b) { return a * b; });
  expect_f64("mul", [](double a, double b) { return a * b; });
}

TEST(Div, RoundsInEveryDirection) {
  expect_f32("div", [](float a, float b) { return a / b; });
  expect_f64("div", [](double a, double b) { return a / b; });
}

TEST(Fma, RoundsOnceInEveryDirection) {
  for (const Mode& mode : kModes) {
    const std::string word = mode.word;
    const Instruction single("fma." + word + ".f32 %r0, %r1, %r2, %r3"),
        wide("fma." + word + ".f64 %x0, %x1, %x2, %x3");
    for (float a : singles(40))
      for (float b : singles(40))
        for (float c : singles(40)) {
          ASSERT_EQ(single(a, b, c), canonical(under(mode.host, [&] { return std::fma(a, b, c); })))
              << word << a << " " << b << " " << c;
          const double expected =
              under(mode.host, [&] { return std::fma(double{a} * 1e9, double{b}, double{c}); });
          const double scaled = under(mode.host, [&] { return double{a} * 1e9; });
          if (!std::isnan(expected))
            ASSERT_EQ(wide(scaled, double{b}, double{c}), to_bits(expected)) << word;
        }
  }
}

TEST(Roots, RoundInEveryDirection) {
  for (const Mode& mode : kModes) {
    const std::string word = mode.word;
    const Instruction root("sqrt." + word + ".f32 %r0, %r1"),
        reciprocal("rcp." + word + ".f32 %r0, %r1");
    const Instruction wide_root("sqrt." + word + ".f64 %x0, %x1"),
        wide_reciprocal("rcp." + word + ".f64 %x0, %x1");
    for (volatile float a : singles(2000)) {
      ASSERT_EQ(root(float{a}), canonical(under(mode.host, [&] { return std::sqrt(float{a}); })))
          << a;
      ASSERT_EQ(reciprocal(float{a}), canonical(under(mode.host, [&] { return 1.0f / a; }))) << a;
    }
    for (volatile double a : doubles(2000)) {
      if (a >= 0)
        ASSERT_EQ(wide_root(double{a}),
                  to_bits(under(mode.host, [&] { return std::sqrt(double{a}); })))
            << a;
      ASSERT_EQ(wide_reciprocal(double{a}), to_bits(under(mode.host, [&] { return 1.0 / a; })))
          << a;
    }
  }
}

TEST(Nan, IsCanonicalWhateverWentIn) {
  const float signaling = std::bit_cast<float>(0xff812345u);
  EXPECT_EQ(Instruction("add.f32 %r0, %r1, %r2")(signaling, 1.0f), 0x7fffffffu);
  EXPECT_EQ(Instruction("fma.rn.f32 %r0, %r1, %r2, %r3")(1.0f, signaling, 1.0f), 0x7fffffffu);
  EXPECT_EQ(Instruction("mul.f32 %r0, %r1, 0f00000000")(INFINITY), 0x7fffffffu);
  EXPECT_EQ(Instruction("sqrt.rn.f32 %r0, 0fBF800000")(), 0x7fffffffu);
}

TEST(Sat, ClampsToTheUnitInterval) {
  const Instruction add("add.sat.f32 %r0, %r1, %r2");
  EXPECT_EQ(add(0.75f, 0.5f), to_bits(1.0f));
  EXPECT_EQ(add(-0.75f, 0.5f), to_bits(0.0f));
  EXPECT_EQ(add(0.25f, 0.5f), to_bits(0.75f));
  EXPECT_EQ(add(kNaN, 0.5f), to_bits(0.0f));
  EXPECT_EQ(add(-0.0f, -0.0f), to_bits(0.0f));
}

TEST(Packed, ComputesBothLanes) {
  const auto pair = [](float low, float high) { return to_bits(high) << 32 | to_bits(low); };
  EXPECT_EQ(Instruction("fma.rn.f32x2 %x0, %x1, %x2, %x3")(pair(2, 3), pair(5, 7), pair(1, -1)),
            pair(11, 20));
  EXPECT_EQ(Instruction("add.rz.ftz.f32x2 %x0, %x1, %x2")(pair(1, 1e-40f), pair(1e-20f, 0)),
            pair(1, 0));
}

TEST(MinMax, PreferNumbersAndOrderZeros) {
  const Instruction min("min.f32 %r0, %r1, %r2"), max("max.f32 %r0, %r1, %r2");
  EXPECT_EQ(min(kNaN, 1.0f), to_bits(1.0f));
  EXPECT_EQ(max(1.0f, kNaN), to_bits(1.0f));
  EXPECT_EQ(min(kNaN, kNaN), 0x7fffffffu);
  EXPECT_EQ(min(std::bit_cast<float>(0x7f800001u), 1.0f), to_bits(1.0f));
  EXPECT_EQ(min(0.0f, -0.0f), to_bits(-0.0f));
  EXPECT_EQ(min(-0.0f, 0.0f), to_bits(-0.0f));
  EXPECT_EQ(max(-0.0f, 0.0f), to_bits(0.0f));
  EXPECT_EQ(max(0.0f, -0.0f), to_bits(0.0f));
  EXPECT_EQ(Instruction("max.f64 %x0, %x1, %x2")(-3.0, 2.0), to_bits(2.0));
  EXPECT_EQ(Instruction("min.f64 %x0, %x1, %x2")(std::numeric_limits<double>::quiet_NaN(), 2.0),
            to_bits(2.0));
}

TEST(MinMax, HaveVariants) {
  EXPECT_EQ(Instruction("max.NaN.f32 %r0, %r1, %r2")(kNaN, 1.0f), 0x7fffffffu);
  EXPECT_EQ(Instruction("min.ftz.f32 %r0, %r1, %r2")(1e-40f, 1.0f), 0u);
  EXPECT_EQ(Instruction("max.xorsign.abs.f32 %r0, %r1, %r2")(-3.0f, 2.0f), to_bits(-3.0f));
  EXPECT_EQ(Instruction("min.xorsign.abs.f32 %r0, %r1, %r2")(-3.0f, -2.0f), to_bits(2.0f));
  EXPECT_EQ(Instruction("min.f32 %r0, %r1, %r2, %r3")(3.0f, 2.0f, 1.0f), to_bits(1.0f));
}

TEST(Signs, ChangeOnlyTheSign) {
  EXPECT_EQ(Instruction("neg.f32 %r0, %r1")(kNaN), 0xffc00000u);
  EXPECT_EQ(Instruction("neg.ftz.f32 %r0, %r1")(1e-40f), 0x80000000u);
  EXPECT_EQ(Instruction("abs.f64 %x0, %x1")(-2.0), to_bits(2.0));
  EXPECT_EQ(Instruction("copysign.f32 %r0, %r1, %r2")(-1.0f, 5.0f), to_bits(-5.0f));
}

TEST(Testp, ClassifiesValues) {
  const float values[] = {1.0f, 0.0f, 1e-40f, INFINITY, kNaN};
  const std::pair<const char*, std::array<unsigned, 5>> rows[] = {
      {"finite", {1, 1, 1, 0, 0}}, {"infinite", {0, 0, 0, 1, 0}},
      {"number", {1, 1, 1, 1, 0}}, {"notanumber", {0, 0, 0, 0, 1}},
      {"normal", {1, 0, 0, 0, 0}}, {"subnormal", {0, 0, 1, 0, 0}},
  };
  for (const auto& [word, expected] : rows)
    for (unsigned i = 0; i < 5; ++i)
      EXPECT_EQ(Instruction("testp." + std::string(word) + ".f32 %p0, %r1")(values[i]), expected[i])
          << word << " " << values[i];
}

TEST(MixedPrecision, WidensExactly) {
  const std::uint16_t half = 0x3e00, bf16 = 0x3fc0;  // 1.5
  EXPECT_EQ(Instruction("add.f32.f16 %r0, %h1, %r2")(half, 0.25f), to_bits(1.75f));
  EXPECT_EQ(Instruction("sub.rz.f32.bf16 %r0, %h1, %r2")(bf16, 0.25f), to_bits(1.25f));
  EXPECT_EQ(Instruction("fma.rn.f32.f16 %r0, %h1, %h2, %r3")(half, half, 1.0f), to_bits(3.25f));
}

}  // namespace
}  // namespace cuda_shim::kernels::instructions::testing
