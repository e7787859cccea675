// Integer arithmetic against wide host arithmetic, on edge values and random ones; exhaustive where
// operands are narrow.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "kernels/instructions/arithmetic/instruction_runner.h"

namespace cuda_shim::kernels::instructions::testing {
namespace {

using Wide = __int128;

template <class T>
std::vector<T> samples() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> values = {0,
                           1,
                           2,
                           3,
                           7,
                           31,
                           32,
                           100,
                           static_cast<T>(-1),
                           static_cast<T>(-2),
                           static_cast<T>(-100),
                           Limits::min(),
                           Limits::max(),
                           static_cast<T>(Limits::max() - 1),
                           static_cast<T>(Limits::min() + 1)};
  std::mt19937_64 random(1);
  for (int i = 0; i < 20; ++i) values.push_back(static_cast<T>(random() >> (i * 3 % 64)));
  return values;
}

/// Runs `text` on every pair of samples and compares with `expected(a, b)`, cut to the result's
/// width.
template <class T, class Result = T, class F>
void expect_binary(std::string_view text, F expected) {
  const Instruction instruction(text);
  for (T a : samples<T>())
    for (T b : samples<T>())
      ASSERT_EQ(instruction(a, b), to_bits(static_cast<Result>(expected(a, b))))
          << text << " " << +a << " " << +b;
}

template <class T, class F>
void expect_unary(std::string_view text, F expected) {
  const Instruction instruction(text);
  for (T a : samples<T>())
    ASSERT_EQ(instruction(a), to_bits(static_cast<T>(expected(a)))) << text << " " << +a;
}

template <class T>
Wide clamp(Wide value) {
  return std::clamp<Wide>(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
}

TEST(Add, Wraps) {
  expect_binary<std::uint16_t>("add.u16 %h0, %h1, %h2", [](Wide a, Wide b) { return a + b; });
  expect_binary<std::int32_t>("add.s32 %r0, %r1, %r2", [](Wide a, Wide b) { return a + b; });
  expect_binary<std::uint64_t>("add.u64 %x0, %x1, %x2", [](Wide a, Wide b) { return a + b; });
}

TEST(Add, Saturates) {
  expect_binary<std::int32_t>("add.sat.s32 %r0, %r1, %r2",
                              [](Wide a, Wide b) { return clamp<std::int32_t>(a + b); });
}

TEST(Add, AddsHalvesApart) {
  expect_binary<std::uint32_t>("add.u16x2 %r0, %r1, %r2", [](std::uint32_t a, std::uint32_t b) {
    return ((a + b) & 0xffff) | (((a >> 16) + (b >> 16)) << 16);
  });
}

TEST(Sub, WrapsAndSaturates) {
  expect_binary<std::int16_t>("sub.s16 %h0, %h1, %h2", [](Wide a, Wide b) { return a - b; });
  expect_binary<std::int64_t>("sub.s64 %x0, %x1, %x2", [](Wide a, Wide b) { return a - b; });
  expect_binary<std::int32_t>("sub.sat.s32 %r0, %r1, %r2",
                              [](Wide a, Wide b) { return clamp<std::int32_t>(a - b); });
}

TEST(Mul, GivesEitherHalfOrTheWhole) {
  expect_binary<std::int32_t>("mul.lo.s32 %r0, %r1, %r2", [](Wide a, Wide b) { return a * b; });
  expect_binary<std::int32_t>("mul.hi.s32 %r0, %r1, %r2",
                              [](Wide a, Wide b) { return a * b >> 32; });
  expect_binary<std::uint32_t>("mul.hi.u32 %r0, %r1, %r2",
                               [](Wide a, Wide b) { return a * b >> 32; });
  expect_binary<std::int16_t>("mul.hi.s16 %h0, %h1, %h2",
                              [](Wide a, Wide b) { return a * b >> 16; });
  expect_binary<std::int64_t>("mul.hi.s64 %x0, %x1, %x2",
                              [](Wide a, Wide b) { return a * b >> 64; });
  expect_binary<std::uint64_t>("mul.hi.u64 %x0, %x1, %x2", [](auto a, auto b) {
    return static_cast<unsigned __int128>(a) * b >> 64;
  });
  expect_binary<std::int32_t, std::int64_t>("mul.wide.s32 %x0, %r1, %r2",
                                            [](Wide a, Wide b) { return a * b; });
  expect_binary<std::uint32_t, std::uint64_t>("mul.wide.u32 %x0, %r1, %r2",
                                              [](Wide a, Wide b) { return a * b; });
  expect_binary<std::uint16_t, std::uint32_t>("mul.wide.u16 %r0, %h1, %h2",
                                              [](Wide a, Wide b) { return a * b; });
}

TEST(Mad, AddsToTheProduct) {
  const Instruction low("mad.lo.s32 %r0, %r1, %r2, %r3"), wide("mad.wide.u32 %x0, %r1, %r2, %x3"),
      sat("mad.hi.sat.s32 %r0, %r1, %r2, %r3");
  EXPECT_EQ(low(7, -3, 100), to_bits(79));
  EXPECT_EQ(wide(~0u, ~0u, std::uint64_t{5}), 0xffff'fffe'0000'0001u + 5);
  const int most = std::numeric_limits<int>::max();
  EXPECT_EQ(sat(most, most, most), to_bits(most));
  EXPECT_EQ(sat(most, -most, -most), to_bits(std::numeric_limits<int>::min()));
}

TEST(Mul24, ReadsTheLow24Bits) {
  const auto low = [](std::int32_t a) {
    return static_cast<Wide>(static_cast<std::int32_t>(static_cast<std::uint32_t>(a) << 8) >> 8);
  };
  expect_binary<std::int32_t>("mul24.lo.s32 %r0, %r1, %r2",
                              [&](auto a, auto b) { return low(a) * low(b); });
  expect_binary<std::int32_t>("mul24.hi.s32 %r0, %r1, %r2",
                              [&](auto a, auto b) { return low(a) * low(b) >> 16; });
  expect_binary<std::uint32_t>("mul24.hi.u32 %r0, %r1, %r2", [](Wide a, Wide b) {
    return (a & 0xffffff) * (b & 0xffffff) >> 16;
  });
  EXPECT_EQ(Instruction("mad24.lo.u32 %r0, %r1, %r2, %r3")(0xff000003u, 5u, 7u), 22u);
}

TEST(Sad, AddsTheDistance) {
  const Instruction sad("sad.s32 %r0, %r1, %r2, %r3");
  EXPECT_EQ(sad(-5, 7, 100), 112u);
  EXPECT_EQ(sad(std::numeric_limits<int>::max(), std::numeric_limits<int>::min(), 0), ~0u);
}

template <class T>
void expect_division(std::string_view quotient, std::string_view rest) {
  expect_binary<T>(quotient, [](T a, T b) { return b == 0 ? Wide{-1} : Wide{a} / Wide{b}; });
  expect_binary<T>(rest, [](T a, T b) { return b == 0 ? Wide{-1} : Wide{a} % Wide{b}; });
}

TEST(Div, GivesAllOnesForZeroAndWrapsForTheMostNegative) {
  expect_division<std::int16_t>("div.s16 %h0, %h1, %h2", "rem.s16 %h0, %h1, %h2");
  expect_division<std::uint16_t>("div.u16 %h0, %h1, %h2", "rem.u16 %h0, %h1, %h2");
  expect_division<std::int32_t>("div.s32 %r0, %r1, %r2", "rem.s32 %r0, %r1, %r2");
  expect_division<std::uint32_t>("div.u32 %r0, %r1, %r2", "rem.u32 %r0, %r1, %r2");
  expect_division<std::int64_t>("div.s64 %x0, %x1, %x2", "rem.s64 %x0, %x1, %x2");
  expect_division<std::uint64_t>("div.u64 %x0, %x1, %x2", "rem.u64 %x0, %x1, %x2");
}

TEST(Div, HoldsForConstants) {
  EXPECT_EQ(Instruction("div.s32 %r0, %r1, 0")(5), ~0u);
  EXPECT_EQ(Instruction("rem.s32 %r0, %r1, -1")(std::numeric_limits<int>::min()), 0u);
  EXPECT_EQ(Instruction("div.s32 %r0, -2147483648, %r1")(-1), 0x80000000u);
}

TEST(AbsNeg, WrapForTheMostNegative) {
  expect_unary<std::int32_t>("abs.s32 %r0, %r1", [](Wide a) { return a < 0 ? -a : a; });
  expect_unary<std::int16_t>("abs.s16 %h0, %h1", [](Wide a) { return a < 0 ? -a : a; });
  expect_unary<std::int64_t>("neg.s64 %x0, %x1", [](Wide a) { return -a; });
}

TEST(MinMax, CompareAsTheTypeSays) {
  expect_binary<std::int32_t>("min.s32 %r0, %r1, %r2",
                              [](Wide a, Wide b) { return std::min(a, b); });
  expect_binary<std::uint32_t>("max.u32 %r0, %r1, %r2",
                               [](Wide a, Wide b) { return std::max(a, b); });
  expect_binary<std::int32_t>("max.relu.s32 %r0, %r1, %r2",
                              [](Wide a, Wide b) { return std::max({a, b, Wide{0}}); });
  expect_binary<std::uint32_t>("min.s16x2 %r0, %r1, %r2", [](std::uint32_t a, std::uint32_t b) {
    const auto low = std::min(static_cast<std::int16_t>(a), static_cast<std::int16_t>(b));
    const auto high =
        std::min(static_cast<std::int16_t>(a >> 16), static_cast<std::int16_t>(b >> 16));
    return static_cast<std::uint32_t>(static_cast<std::uint16_t>(low)) |
           static_cast<std::uint32_t>(static_cast<std::uint16_t>(high)) << 16;
  });
}

TEST(DotProduct, AddsProductsOfBytes) {
  EXPECT_EQ(Instruction("dp4a.s32.s32 %r0, %r1, %r2, %r3")(0xff010203u, 0x02ff0304u, 10u),
            to_bits(10 - 2 - 1 + 6 + 12));
  EXPECT_EQ(Instruction("dp4a.u32.u32 %r0, %r1, %r2, %r3")(0xff010203u, 0x02ff0304u, 10u),
            to_bits(10 + 510 + 255 + 6 + 12));
  EXPECT_EQ(Instruction("dp4a.u32.s32 %r0, %r1, %r2, %r3")(0xff000000u, 0xff000000u, 0u),
            to_bits(-255));
  EXPECT_EQ(Instruction("dp2a.lo.s32.s32 %r0, %r1, %r2, %r3")(0xffff0002u, 0x0a0bff03u, 1u),
            to_bits(1 + 6 + 1));
  EXPECT_EQ(Instruction("dp2a.hi.s32.u32 %r0, %r1, %r2, %r3")(0xffff0002u, 0x0aff0303u, 1u),
            to_bits(1 + 2 * 255 - 10));
}

TEST(ExtendedPrecision, CarriesThroughAnAddition) {
  for (std::uint64_t a : samples<std::uint64_t>())
    for (std::uint64_t b : samples<std::uint64_t>()) {
      Slots slots = {0, a & ~0u, b & ~0u};
      Instruction("add.cc.u32 %r0, %r1, %r2").run(slots);
      const std::uint64_t low = slots[0];
      slots[1] = a >> 32, slots[2] = b >> 32;
      Instruction("addc.cc.u32 %r0, %r1, %r2").run(slots);
      ASSERT_EQ(slots[0] << 32 | low, a + b);
      ASSERT_EQ(slots[kCarrySlot], a + b < a);
    }
}

TEST(ExtendedPrecision, BorrowsThroughASubtraction) {
  for (std::uint64_t a : samples<std::uint64_t>())
    for (std::uint64_t b : samples<std::uint64_t>()) {
      Slots slots = {0, a & ~0u, b & ~0u};
      Instruction("sub.cc.u32 %r0, %r1, %r2").run(slots);
      const std::uint64_t low = slots[0];
      slots[1] = a >> 32, slots[2] = b >> 32;
      Instruction("subc.cc.u32 %r0, %r1, %r2").run(slots);
      ASSERT_EQ(slots[0] << 32 | low, a - b);
      ASSERT_EQ(slots[kCarrySlot], a < b);
    }
}

TEST(ExtendedPrecision, CarriesThroughAProduct) {
  for (std::uint32_t a : samples<std::uint32_t>())
    for (std::uint32_t b : samples<std::uint32_t>()) {
      Slots slots = {0, a, b, 0xdeadbeef};
      Instruction("mad.lo.cc.u32 %r0, %r1, %r2, %r3").run(slots);
      const std::uint64_t low = slots[0];
      slots[3] = 0x1234567;
      Instruction("madc.hi.u32 %r0, %r1, %r2, %r3").run(slots);
      ASSERT_EQ(slots[0] << 32 | low, std::uint64_t{a} * b + 0x1234567deadbeef);
    }
}

TEST(ExtendedPrecision, LeavesTheCarryWithoutCc) {
  Slots slots = {0, ~0u, 1};
  slots[kCarrySlot] = 1;
  Instruction("addc.u32 %r0, %r1, %r2").run(slots);
  EXPECT_EQ(slots[0], 1u);
  EXPECT_EQ(slots[kCarrySlot], 1u);
}

}  // namespace
}  // namespace cuda_shim::kernels::instructions::testing
