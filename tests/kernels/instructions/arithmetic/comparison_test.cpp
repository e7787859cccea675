// setp, set, selp, slct.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "kernels/instructions/arithmetic/instruction_runner.h"

namespace cuda_shim::kernels::instructions::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct FloatComparison {
  const char* word;
  std::function<bool(float, float)> holds;
};

bool unordered(float a, float b) {
  return std::isnan(a) || std::isnan(b);
}

const FloatComparison kFloatComparisons[] = {
    {"eq", [](float a, float b) { return a == b; }},
    {"ne", [](float a, float b) { return !unordered(a, b) && a != b; }},
    {"lt", [](float a, float b) { return a < b; }},
    {"le", [](float a, float b) { return a <= b; }},
    {"gt", [](float a, float b) { return a > b; }},
    {"ge", [](float a, float b) { return a >= b; }},
    {"equ", [](float a, float b) { return unordered(a, b) || a == b; }},
    {"neu", [](float a, float b) { return unordered(a, b) || a != b; }},
    {"ltu", [](float a, float b) { return unordered(a, b) || a < b; }},
    {"leu", [](float a, float b) { return unordered(a, b) || a <= b; }},
    {"gtu", [](float a, float b) { return unordered(a, b) || a > b; }},
    {"geu", [](float a, float b) { return unordered(a, b) || a >= b; }},
    {"num", [](float a, float b) { return !unordered(a, b); }},
    {"nan", [](float a, float b) { return unordered(a, b); }},
};

TEST(Setp, ComparesFloatsOrderedAndUnordered) {
  const float values[] = {0.0f, -0.0f, 1.0f, -1.0f, INFINITY, -INFINITY, kNaN, 1e-40f};
  for (const FloatComparison& comparison : kFloatComparisons) {
    const std::string word = comparison.word;
    const Instruction single("setp." + word + ".f32 %p0, %r1, %r2"),
        wide("setp." + word + ".f64 %p0, %x1, %x2");
    for (float a : values)
      for (float b : values) {
        ASSERT_EQ(single(a, b), comparison.holds(a, b)) << word << " " << a << " " << b;
        ASSERT_EQ(wide(double{a}, double{b}), comparison.holds(a, b))
            << word << " " << a << " " << b;
      }
  }
}

TEST(Setp, ComparesIntegersAsTheTypeSays) {
  EXPECT_EQ(Instruction("setp.lt.s32 %p0, %r1, %r2")(-1, 1), 1u);
  EXPECT_EQ(Instruction("setp.lt.u32 %p0, %r1, %r2")(-1, 1), 0u);
  EXPECT_EQ(Instruction("setp.lo.u64 %p0, %x1, %x2")(1l, -1l), 1u);
  EXPECT_EQ(Instruction("setp.hs.u16 %p0, %h1, %h2")(std::uint16_t{0x8000}, std::uint16_t{1}), 1u);
  EXPECT_EQ(Instruction("setp.ne.b16 %p0, %h1, %h2")(std::uint16_t{1}, std::uint16_t{1}), 0u);
}

TEST(Setp, FlushesSubnormals) {
  EXPECT_EQ(Instruction("setp.gt.f32 %p0, %r1, %r2")(1e-40f, 0.0f), 1u);
  EXPECT_EQ(Instruction("setp.gt.ftz.f32 %p0, %r1, %r2")(1e-40f, 0.0f), 0u);
}

TEST(Setp, GivesTheComplementToo) {
  Slots slots = {0, 3, 4};
  Instruction("setp.eq.s32 %p0|%p5, %r1, %r2").run(slots);
  EXPECT_EQ(slots[0], 0u);
  EXPECT_EQ(slots[5], 1u);
}

TEST(Setp, CombinesBothResultsWithAPredicate) {
  for (unsigned c : {0u, 1u}) {
    Slots slots = {0, 3, 4, c};
    Instruction("setp.lt.and.s32 %p0|%p5, %r1, %r2, %p3").run(slots);
    EXPECT_EQ(slots[0], c);
    EXPECT_EQ(slots[5], 0u);
    Instruction("setp.lt.xor.s32 %p0|%p5, %r1, %r2, !%p3").run(slots);
    EXPECT_EQ(slots[0], c);
    EXPECT_EQ(slots[5], 1 - c);
  }
}

TEST(Setp, ComparesHalves) {
  const std::uint16_t one = 0x3c00, nan = 0x7e00, bf_one = 0x3f80;
  EXPECT_EQ(Instruction("setp.ge.f16 %p0, %h1, %h2")(one, one), 1u);
  EXPECT_EQ(Instruction("setp.ge.f16 %p0, %h1, %h2")(one, nan), 0u);
  EXPECT_EQ(Instruction("setp.geu.f16 %p0, %h1, %h2")(one, nan), 1u);
  EXPECT_EQ(Instruction("setp.lt.bf16 %p0, %h1, %h2")(std::uint16_t{0}, bf_one), 1u);
  Slots slots = {0, 0x3c00'0000, 0x3c00'3c00};
  Instruction("setp.eq.f16x2 %p0|%p5, %r1, %r2").run(slots);
  EXPECT_EQ(slots[0], 0u);
  EXPECT_EQ(slots[5], 1u);
}

TEST(Set, WritesAllOnesOrOne) {
  EXPECT_EQ(Instruction("set.lt.u32.s32 %r0, %r1, %r2")(-1, 1), ~0u);
  EXPECT_EQ(Instruction("set.lt.f32.s32 %r0, %r1, %r2")(-1, 1), to_bits(1.0f));
  EXPECT_EQ(Instruction("set.gt.f32.s32 %r0, %r1, %r2")(-1, 1), 0u);
  EXPECT_EQ(Instruction("set.gt.or.s32.f64 %r0, %x1, %x2, %p3")(1.0, 2.0, 1u), ~0u);
  EXPECT_EQ(Instruction("set.eq.f16.f16 %h0, %h1, %h2")(std::uint16_t{0}, std::uint16_t{0x8000}),
            0x3c00u);
  EXPECT_EQ(Instruction("set.eq.bf16.bf16 %h0, %h1, %h2")(std::uint16_t{0}, std::uint16_t{0x8000}),
            0x3f80u);
  EXPECT_EQ(Instruction("set.eq.f16x2.f16x2 %r0, %r1, %r2")(0x3c00'0000u, 0x3c00'3c00u),
            0x3c00'0000u);
  EXPECT_EQ(Instruction("set.eq.u32.f16x2 %r0, %r1, %r2")(0x3c00'0000u, 0x3c00'3c00u),
            0xffff'0000u);
}

TEST(Selp, SelectsByThePredicate) {
  EXPECT_EQ(Instruction("selp.b32 %r0, %r1, %r2, %p3")(5u, 6u, 1u), 5u);
  EXPECT_EQ(Instruction("selp.f64 %x0, %x1, %x2, %p3")(5.0, 6.0, 0u), to_bits(6.0));
}

TEST(Slct, SelectsBySign) {
  EXPECT_EQ(Instruction("slct.b32.s32 %r0, %r1, %r2, %r3")(5u, 6u, 0), 5u);
  EXPECT_EQ(Instruction("slct.b32.s32 %r0, %r1, %r2, %r3")(5u, 6u, -1), 6u);
  EXPECT_EQ(Instruction("slct.f32.f32 %r0, %r1, %r2, %r3")(5.0f, 6.0f, -0.0f), to_bits(5.0f));
  EXPECT_EQ(Instruction("slct.f32.f32 %r0, %r1, %r2, %r3")(5.0f, 6.0f, kNaN), to_bits(6.0f));
  EXPECT_EQ(Instruction("slct.f32.f32 %r0, %r1, %r2, %r3")(5.0f, 6.0f, -1e-40f), to_bits(6.0f));
  EXPECT_EQ(Instruction("slct.ftz.f32.f32 %r0, %r1, %r2, %r3")(5.0f, 6.0f, -1e-40f), to_bits(5.0f));
}

}  // namespace
}  // namespace cuda_shim::kernels::instructions::testing
