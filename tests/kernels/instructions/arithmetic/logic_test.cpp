// Logic, shifts and prmt.

#include <gtest/gtest.h>

#include <random>

#include "kernels/instructions/arithmetic/instruction_runner.h"

namespace cuda_shim::kernels::instructions::testing {
namespace {

TEST(Logic, WorksOnBitsAndPredicates) {
  EXPECT_EQ(Instruction("and.b16 %h0, %h1, %h2")(std::uint16_t{0xff0f}, std::uint16_t{0x0ff0}),
            0x0f00u);
  EXPECT_EQ(Instruction("xor.b64 %x0, %x1, %x2")(5ul, 6ul), 3u);
  EXPECT_EQ(Instruction("or.pred %p0, %p1, %p2")(0u, 1u), 1u);
  EXPECT_EQ(Instruction("not.pred %p0, %p1")(1u), 0u);
  EXPECT_EQ(Instruction("not.b32 %r0, %r1")(5u), ~5u);
  EXPECT_EQ(Instruction("cnot.b32 %r0, %r1")(5u), 0u);
  EXPECT_EQ(Instruction("cnot.b32 %r0, %r1")(0u), 1u);
}

TEST(Lop3, FollowsEveryTable) {
  for (unsigned table = 0; table < 256; ++table) {
    const Instruction lop3("lop3.b32 %r0, %r1, %r2, %r3, " + std::to_string(table));
    // With these three operands, bit i of the result is bit i of the table.
    ASSERT_EQ(lop3(0xf0f0f0f0u, 0xccccccccu, 0xaaaaaaaau), table * 0x01010101u) << table;
  }
}

TEST(Lop3, CombinesAPredicate) {
  Slots slots = {0, 1, 2, 4, 0, 1};
  Instruction("lop3.and.b32 %r0|%p6, %r1, %r2, %r3, 0x80, %p5").run(slots);
  EXPECT_EQ(slots[6], 0u);
  Instruction("lop3.or.b32 %r0|%p6, %r1, %r2, %r3, 0x80, %p5").run(slots);
  EXPECT_EQ(slots[6], 1u);
}

TEST(Shift, ClampsAtTheWidth) {
  for (unsigned amount :
       {0u, 1u, 15u, 16u, 31u, 32u, 33u, 63u, 64u, 65u, 255u, 256u, 0x80000000u, ~0u}) {
    const std::uint64_t a = 0x9234'5678'9abc'def1;
    const auto a32 = static_cast<std::uint32_t>(a);
    const auto a16 = static_cast<std::uint16_t>(a);
    const auto s32 = static_cast<std::int32_t>(a);
    ASSERT_EQ(Instruction("shl.b16 %h0, %h1, %r2")(a16, amount),
              amount > 15 ? 0 : static_cast<std::uint16_t>(a16 << amount));
    ASSERT_EQ(Instruction("shl.b32 %r0, %r1, %r2")(a32, amount), amount > 31 ? 0 : a32 << amount);
    ASSERT_EQ(Instruction("shl.b64 %x0, %x1, %r2")(a, amount), amount > 63 ? 0 : a << amount);
    ASSERT_EQ(Instruction("shr.u32 %r0, %r1, %r2")(a32, amount), amount > 31 ? 0 : a32 >> amount);
    ASSERT_EQ(Instruction("shr.b64 %x0, %x1, %r2")(a, amount), amount > 63 ? 0 : a >> amount);
    ASSERT_EQ(Instruction("shr.s32 %r0, %r1, %r2")(a32, amount),
              to_bits(s32 >> std::min(amount, 31u)));
    ASSERT_EQ(Instruction("shr.s16 %h0, %h1, %r2")(a16, amount),
              to_bits(static_cast<std::int16_t>(static_cast<std::int16_t>(a16) >>
                                                std::min(amount, 15u))));
    ASSERT_EQ(Instruction("shr.s64 %x0, %x1, %r2")(a, amount),
              to_bits(static_cast<std::int64_t>(a) >> std::min(amount, 63u)));
  }
}

TEST(Shift, OfAConstantAmountBeyondTheWidthIsZero) {
  EXPECT_EQ(Instruction("shl.b32 %r0, %r1, 32")(~0u), 0u);
  EXPECT_EQ(Instruction("shr.u32 %r0, %r1, 400")(~0u), 0u);
  EXPECT_EQ(Instruction("shr.s32 %r0, %r1, 400")(~0u), ~0u);
}

TEST(Shf, ShiftsThePair) {
  for (unsigned amount = 0; amount < 70; ++amount) {
    const std::uint32_t low = 0x9234'5678, high = 0x8765'4321;
    const std::uint64_t both = std::uint64_t{high} << 32 | low;
    const unsigned wrapped = amount & 31, clamped = std::min(amount, 32u);
    ASSERT_EQ(Instruction("shf.l.wrap.b32 %r0, %r1, %r2, %r3")(low, high, amount),
              static_cast<std::uint32_t>(both << wrapped >> 32));
    ASSERT_EQ(Instruction("shf.r.wrap.b32 %r0, %r1, %r2, %r3")(low, high, amount),
              static_cast<std::uint32_t>(both >> wrapped));
    ASSERT_EQ(Instruction("shf.l.clamp.b32 %r0, %r1, %r2, %r3")(low, high, amount),
              static_cast<std::uint32_t>(both << clamped >> 32));
    ASSERT_EQ(Instruction("shf.r.clamp.b32 %r0, %r1, %r2, %r3")(low, high, amount),
              static_cast<std::uint32_t>(both >> clamped));
  }
}

TEST(Prmt, PicksAnyByteOrItsSign) {
  const std::uint32_t a = 0x83828180, b = 0x07060504;
  const Instruction prmt("prmt.b32 %r0, %r1, %r2, %r3");
  EXPECT_EQ(prmt(a, b, 0x7531u), 0x07058381u);
  EXPECT_EQ(prmt(a, b, 0xffffu), 0x00000000u);
  EXPECT_EQ(prmt(a, b, 0x8c18u), 0xff0081ffu);
  EXPECT_EQ(prmt(a, b, 0xabc03210u), a);
}

TEST(Prmt, HasModes) {
  const std::uint32_t a = 0x03020100, b = 0x07060504;
  EXPECT_EQ(Instruction("prmt.b32.f4e %r0, %r1, %r2, %r3")(a, b, 1u), 0x04030201u);
  EXPECT_EQ(Instruction("prmt.b32.b4e %r0, %r1, %r2, %r3")(a, b, 1u), 0x06070001u);
  EXPECT_EQ(Instruction("prmt.b32.rc8 %r0, %r1, %r2, %r3")(a, b, 2u), 0x02020202u);
  EXPECT_EQ(Instruction("prmt.b32.ecl %r0, %r1, %r2, %r3")(a, b, 1u), 0x03020101u);
  EXPECT_EQ(Instruction("prmt.b32.ecr %r0, %r1, %r2, %r3")(a, b, 2u), 0x02020100u);
  EXPECT_EQ(Instruction("prmt.b32.rc16 %r0, %r1, %r2, %r3")(a, b, 3u), 0x03020302u);
}

}  // namespace
}  // namespace cuda_shim::kernels::instructions::testing
