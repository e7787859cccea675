// Bit instructions against loops written from the manual's text, on random and edge operands.

#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "kernels/instructions/arithmetic/instruction_runner.h"

namespace cuda_shim::kernels::instructions::testing {
namespace {

constexpr int kRounds = 20000;

/// Random bits with runs of equal bits, and small numbers, more often than chance gives.
class Source {
 public:
  std::uint64_t operator()() {
    const std::uint64_t value = random_();
    switch (random_() % 6) {
      case 0:
        return value;
      case 1:
        return value & random_() & random_();
      case 2:
        return ~(value & random_() & random_());
      case 3:
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(value) >> (random_() % 64));
      case 4:
        return value % 70;
      default:
        return value % 2 == 0 ? 0 : ~0ull;
    }
  }
  std::uint32_t word() { return static_cast<std::uint32_t>((*this)()); }
  std::uint32_t small() { return static_cast<std::uint32_t>(random_() % 300); }

 private:
  std::mt19937_64 random_{7};
};

/// The manual's definition: bit i of the field, or the sign bit.
template <class T>
T extract(T a, unsigned position, unsigned length, bool sign) {
  constexpr unsigned kTop = sizeof(T) * 8 - 1;
  position &= 0xff, length &= 0xff;
  const T fill = sign && length != 0 ? a >> std::min(position + length - 1, kTop) & 1 : 0;
  T result = 0;
  for (unsigned i = 0; i <= kTop; ++i) {
    const T bit = i < length && position + i <= kTop ? a >> (position + i) & 1 : fill;
    result |= bit << i;
  }
  return result;
}

template <class T>
T insert(T a, T b, unsigned position, unsigned length) {
  constexpr unsigned kTop = sizeof(T) * 8 - 1;
  position &= 0xff, length &= 0xff;
  for (unsigned i = 0; i < length && position + i <= kTop; ++i) {
    const T mask = T{1} << (position + i);
    b = (a >> i & 1) != 0 ? b | mask : b & ~mask;
  }
  return b;
}

TEST(Bfe, TakesFieldsThatReachBeyondTheTop) {
  Source source;
  const Instruction u32("bfe.u32 %r0, %r1, %r2, %r3"), s32("bfe.s32 %r0, %r1, %r2, %r3");
  const Instruction u64("bfe.u64 %x0, %x1, %r2, %r3"), s64("bfe.s64 %x0, %x1, %r2, %r3");
  for (int i = 0; i < kRounds; ++i) {
    const std::uint64_t a = source();
    const unsigned position = i % 2 ? source.small() : source.small() % 66,
                   length = i % 3 ? source.small() % 66 : source.small();
    ASSERT_EQ(u32(static_cast<std::uint32_t>(a), position, length),
              extract(static_cast<std::uint32_t>(a), position, length, false));
    ASSERT_EQ(s32(static_cast<std::uint32_t>(a), position, length),
              extract(static_cast<std::uint32_t>(a), position, length, true))
        << a << " " << position << " " << length;
    ASSERT_EQ(u64(a, position, length), extract(a, position, length, false));
    ASSERT_EQ(s64(a, position, length), extract(a, position, length, true));
  }
}

TEST(Bfi, InsertsFieldsThatReachBeyondTheTop) {
  Source source;
  const Instruction b32("bfi.b32 %r0, %r1, %r2, %r3, %r4"), b64("bfi.b64 %x0, %x1, %x2, %r3, %r4");
  for (int i = 0; i < kRounds; ++i) {
    const std::uint64_t a = source(), b = source();
    const unsigned position = i % 2 ? source.small() : source.small() % 66,
                   length = i % 3 ? source.small() % 66 : source.small();
    const auto a32 = static_cast<std::uint32_t>(a), b32_value = static_cast<std::uint32_t>(b);
    ASSERT_EQ(b32(a32, b32_value, position, length), insert(a32, b32_value, position, length));
    ASSERT_EQ(b64(a, b, position, length), insert(a, b, position, length));
  }
}

TEST(Counts, MatchTheHosts) {
  Source source;
  for (int i = 0; i < kRounds; ++i) {
    const std::uint64_t a = source();
    const auto low = static_cast<std::uint32_t>(a);
    ASSERT_EQ(Instruction("popc.b32 %r0, %r1")(low), static_cast<unsigned>(std::popcount(low)));
    ASSERT_EQ(Instruction("popc.b64 %r0, %x1")(a), static_cast<unsigned>(std::popcount(a)));
    ASSERT_EQ(Instruction("clz.b32 %r0, %r1")(low), static_cast<unsigned>(std::countl_zero(low)));
    ASSERT_EQ(Instruction("clz.b64 %r0, %x1")(a), static_cast<unsigned>(std::countl_zero(a)));
  }
}

TEST(Bfind, FindsTheTopSignificantBit) {
  EXPECT_EQ(Instruction("bfind.u32 %r0, %r1")(0u), ~0u);
  EXPECT_EQ(Instruction("bfind.u32 %r0, %r1")(0x00010000u), 16u);
  EXPECT_EQ(Instruction("bfind.s32 %r0, %r1")(-1), ~0u);
  EXPECT_EQ(Instruction("bfind.s32 %r0, %r1")(-5), 2u);
  EXPECT_EQ(Instruction("bfind.shiftamt.u32 %r0, %r1")(0x00010000u), 15u);
  EXPECT_EQ(Instruction("bfind.shiftamt.u32 %r0, %r1")(0u), ~0u);
  EXPECT_EQ(Instruction("bfind.u64 %r0, %x1")(std::uint64_t{1} << 40), 40u);
  EXPECT_EQ(Instruction("bfind.shiftamt.s64 %r0, %x1")(std::int64_t{-1} << 40), 24u);
}

TEST(Brev, ReversesBits) {
  EXPECT_EQ(Instruction("brev.b32 %r0, %r1")(0x00000001u), 0x80000000u);
  EXPECT_EQ(Instruction("brev.b64 %x0, %x1")(std::uint64_t{0x2}), 0x4000'0000'0000'0000u);
}

std::uint32_t find_nth_set(std::uint32_t mask, std::uint32_t base, std::int32_t offset) {
  if (base >= 32) return ~0u;
  if (offset == 0) return (mask >> base & 1) != 0 ? base : ~0u;
  std::int64_t left = std::abs(static_cast<std::int64_t>(offset));
  for (int position = static_cast<int>(base); position >= 0 && position < 32;
       position += offset > 0 ? 1 : -1)
    if ((mask >> position & 1) != 0 && --left == 0) return static_cast<std::uint32_t>(position);
  return ~0u;
}

TEST(Fns, FindsTheNthSetBitInEitherDirection) {
  Source source;
  const Instruction fns("fns.b32 %r0, %r1, %r2, %r3");
  for (int i = 0; i < kRounds; ++i) {
    const std::uint32_t mask = source.word(), base = source.small() % 36;
    const auto offset = static_cast<std::int32_t>(source.small() % 24) - 12;
    ASSERT_EQ(fns(mask, base, offset), find_nth_set(mask, base, offset))
        << mask << " " << base << " " << offset;
  }
}

TEST(Bmsk, ClampsOrWraps) {
  const Instruction clamp("bmsk.clamp.b32 %r0, %r1, %r2"), wrap("bmsk.wrap.b32 %r0, %r1, %r2");
  EXPECT_EQ(wrap(1u, 2u), 6u);
  EXPECT_EQ(wrap(33u, 34u), 6u);
  EXPECT_EQ(clamp(33u, 2u), 0u);
  EXPECT_EQ(clamp(4u, 32u), 0xfffffff0u);
  EXPECT_EQ(clamp(4u, 0u), 0u);
  EXPECT_EQ(clamp(30u, 10u), 0xc0000000u);
  EXPECT_EQ(wrap(30u, 10u), 0xc0000000u);
  EXPECT_EQ(clamp(0u, 0xffffffffu), 0xffffffffu);
}

TEST(Szext, ExtendsNBits) {
  const Instruction clamp("szext.clamp.s32 %r0, %r1, %r2"), wrap("szext.wrap.u32 %r0, %r1, %r2");
  EXPECT_EQ(clamp(0x8fu, 8u), 0xffffff8fu);
  EXPECT_EQ(clamp(0x8fu, 0u), 0u);
  EXPECT_EQ(clamp(0x8000008fu, 32u), 0x8000008fu);
  EXPECT_EQ(clamp(0x8000008fu, 77u), 0x8000008fu);
  EXPECT_EQ(wrap(0xffffffffu, 0u), 0u);
  EXPECT_EQ(wrap(0xffffffffu, 35u), 7u);
}

}  // namespace
}  // namespace cuda_shim::kernels::instructions::testing
