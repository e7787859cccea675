// The .approx functions against long double, within the bounds of the PTX manual, over a sweep of
// all exponents; special values exactly.

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "kernels/instructions/arithmetic/host_floats.h"

namespace cuda_shim::kernels::instructions::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

float run(const Instruction& instruction, float x) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(instruction(x)));
}

/// Calls `check(x)` for floats from `first` to `last` (bit patterns of positive floats), about
/// 200,000 of them, and their negatives.
void sweep(float first, float last, const std::function<void(float)>& check) {
  const auto from = static_cast<std::uint32_t>(to_bits(first)),
             to = static_cast<std::uint32_t>(to_bits(last));
  const std::uint32_t step = std::max(1u, (to - from) / 200003);
  for (std::uint32_t bits = from; bits <= to; bits += step) {
    check(std::bit_cast<float>(bits));
    check(-std::bit_cast<float>(bits));
  }
}

TEST(Exp2, IsWithinTwoUlp) {
  const Instruction ex2("ex2.approx.f32 %r0, %r1");
  double worst = 0;
  sweep(1e-30f, 160.0f, [&](float x) {
    const double exact = std::exp2(double{x}), result = run(ex2, x);
    if (exact > std::numeric_limits<float>::max()) {
      EXPECT_TRUE(std::isinf(result) || x < 128.0f) << x;
      return;
    }
    const double ulp = std::max(std::ldexp(1.0, std::ilogb(exact) - 23), 0x1p-149);
    worst = std::max(worst, std::abs(result - exact) / ulp);
  });
  EXPECT_LE(worst, 2.0);
  for (int n = -149; n < 128; ++n)
    EXPECT_EQ(run(ex2, static_cast<float>(n)), std::ldexp(1.0f, n)) << n;
  EXPECT_EQ(run(ex2, -INFINITY), 0.0f);
  EXPECT_EQ(run(ex2, INFINITY), INFINITY);
  EXPECT_EQ(ex2(kNaN), 0x7fffffffu);
  EXPECT_EQ(Instruction("ex2.approx.ftz.f32 %r0, %r1")(-130.0f), 0u);
}

TEST(Log2, IsWithinTheManualsBounds) {
  const Instruction lg2("lg2.approx.f32 %r0, %r1");
  double absolute = 0, relative = 0;
  sweep(1e-45f, std::numeric_limits<float>::max(), [&](float x) {
    if (x < 0) return;
    const double exact = std::log2(double{x}), error = std::abs(run(lg2, x) - exact);
    if (x >= 0.5f && x <= 2.0f)
      absolute = std::max(absolute, error);
    else
      relative = std::max(relative, error / std::abs(exact));
  });
  sweep(0.5f, 2.0f, [&](float x) {
    if (x > 0) absolute = std::max(absolute, std::abs(run(lg2, x) - std::log2(double{x})));
  });
  EXPECT_LE(absolute, 0x1p-22);
  EXPECT_LE(relative, 0x1p-22);
  EXPECT_EQ(run(lg2, 0.0f), -INFINITY);
  EXPECT_EQ(run(lg2, -0.0f), -INFINITY);
  EXPECT_EQ(run(lg2, INFINITY), INFINITY);
  EXPECT_EQ(run(lg2, 1.0f), 0.0f);
  EXPECT_EQ(lg2(-1.0f), 0x7fffffffu);
  EXPECT_EQ(lg2(kNaN), 0x7fffffffu);
  EXPECT_EQ(Instruction("lg2.approx.ftz.f32 %r0, %r1")(1e-40f), to_bits(-INFINITY));
}

TEST(SinCos, AreWithinTheManualsBoundFarOut) {
  const Instruction sine("sin.approx.f32 %r0, %r1"), cosine("cos.approx.f32 %r0, %r1");
  double worst = 0;
  sweep(1e-30f, 1e6f, [&](float x) {
    worst = std::max(worst, std::abs(run(sine, x) - std::sin(double{x})));
    worst = std::max(worst, std::abs(run(cosine, x) - std::cos(double{x})));
  });
  EXPECT_LE(worst, std::exp2(-20.5));
  sweep(1e6f, std::numeric_limits<float>::max(),
        [&](float x) { ASSERT_LE(std::abs(run(sine, x)), 1.0f + 0x1p-20f) << x; });
  EXPECT_EQ(sine(-0.0f), to_bits(-0.0f));
  EXPECT_EQ(run(cosine, 0.0f), 1.0f);
  EXPECT_EQ(sine(INFINITY), 0x7fffffffu);
  EXPECT_EQ(cosine(kNaN), 0x7fffffffu);
}

TEST(Tanh, IsWithinTheManualsBound) {
  const Instruction tanh("tanh.approx.f32 %r0, %r1");
  double worst = 0;
  sweep(1e-38f, std::numeric_limits<float>::max(), [&](float x) {
    worst = std::max(worst, std::abs(run(tanh, x) / std::tanh(double{x}) - 1));
  });
  EXPECT_LE(worst, 0x1p-11);
  EXPECT_EQ(tanh(-0.0f), to_bits(-0.0f));
  EXPECT_EQ(run(tanh, -INFINITY), -1.0f);
  EXPECT_EQ(tanh(kNaN), 0x7fffffffu);
}

TEST(Quotients, AreWithinTheManualsBounds) {
  const Instruction rcp("rcp.approx.f32 %r0, %r1"), rsqrt("rsqrt.approx.f32 %r0, %r1"),
      sqrt("sqrt.approx.f32 %r0, %r1");
  double reciprocal = 0, root = 0, reciprocal_root = 0;
  sweep(0x1p-126f, 0x1p126f, [&](float x) {
    reciprocal = std::max(reciprocal, std::abs(run(rcp, x) * double{x} - 1));
    if (x < 0) return;
    root = std::max(root, std::abs(run(sqrt, x) / std::sqrt(double{x}) - 1));
    reciprocal_root = std::max(reciprocal_root, std::abs(run(rsqrt, x) * std::sqrt(double{x}) - 1));
  });
  EXPECT_LE(reciprocal, 0x1p-23);
  EXPECT_LE(root, 0x1p-23);
  EXPECT_LE(reciprocal_root, std::exp2(-22.9));
  EXPECT_EQ(run(rsqrt, 0.0f), INFINITY);
  EXPECT_EQ(run(rsqrt, -0.0f), -INFINITY);
  EXPECT_EQ(run(rcp, -INFINITY), -0.0f);
  EXPECT_EQ(rsqrt(-1.0f), 0x7fffffffu);
}

TEST(DivApprox, TreatsAHugeDivisorAsInfinite) {
  const Instruction div("div.approx.f32 %r0, %r1, %r2");
  EXPECT_EQ(div(3.0f, 2.0f), to_bits(1.5f));
  EXPECT_EQ(div(-0x1p127f, 0x1.8p126f), to_bits(-0.0f));
  EXPECT_EQ(div(INFINITY, 0x1.8p126f), 0x7fffffffu);
}

TEST(Gross, GivesTheUpperWordOfADouble) {
  const Instruction rcp("rcp.approx.ftz.f64 %x0, %x1"), rsqrt("rsqrt.approx.ftz.f64 %x0, %x1");
  EXPECT_EQ(rcp(4.0), to_bits(0.25));
  EXPECT_EQ(rsqrt(4.0), to_bits(0.5));
  EXPECT_EQ(rcp(3.0) & 0xffffffffu, 0u);
  EXPECT_NEAR(std::bit_cast<double>(rcp(3.0)), 1 / 3.0, 1e-6);
  EXPECT_EQ(rcp(1e-310), to_bits(double{INFINITY}));
  EXPECT_EQ(rcp(-double{INFINITY}), to_bits(-0.0));
  EXPECT_TRUE(std::isnan(std::bit_cast<double>(rsqrt(-1.0))));
  EXPECT_TRUE(std::isnan(std::bit_cast<double>(rcp(double{kNaN}))));
}

}  // namespace
}  // namespace cuda_shim::kernels::instructions::testing
