// cvt between scalar types, against the host and against rounding by definition.

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "kernels/instructions/arithmetic/host_floats.h"
#include "kernels/instructions/arithmetic/host_small_floats.h"

namespace cuda_shim::kernels::instructions::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr std::int64_t kIntegers[] = {0,
                                      1,
                                      -1,
                                      5,
                                      127,
                                      128,
                                      -128,
                                      -129,
                                      255,
                                      256,
                                      2049,
                                      32767,
                                      32768,
                                      -32768,
                                      65535,
                                      65536,
                                      65520,
                                      16777217,
                                      33554435,
                                      2147483647,
                                      2147483648,
                                      -2147483648,
                                      4294967295,
                                      9007199254740993,
                                      -9007199254740993,
                                      0x7fff'ffff'ffff'ffff,
                                      -0x7fff'ffff'ffff'ffff - 1,
                                      0x4000'0040'0000'0001,
                                      0x7fff'ffbf'ffff'ffff};

TEST(CvtInteger, ExtendsAndTruncates) {
  EXPECT_EQ(Instruction("cvt.s64.s32 %x0, %r1")(-5), to_bits(std::int64_t{-5}));
  EXPECT_EQ(Instruction("cvt.u64.u32 %x0, %r1")(-5), 0xfffffffbu);
  EXPECT_EQ(Instruction("cvt.s32.s8 %r0, %r1")(0x12345680u), 0xffffff80u);
  EXPECT_EQ(Instruction("cvt.u32.u8 %r0, %r1")(0x12345680u), 0x80u);
  EXPECT_EQ(Instruction("cvt.u16.u32 %h0, %r1")(0x12345680u), 0x5680u);
  EXPECT_EQ(Instruction("cvt.s8.s32 %r0, %r1")(0x12345680u), 0xffffff80u);
  EXPECT_EQ(Instruction("cvt.u8.s32 %r0, %r1")(0x12345680u), 0x80u);
}

TEST(CvtInteger, Saturates) {
  EXPECT_EQ(Instruction("cvt.sat.u8.s32 %r0, %r1")(-5), 0u);
  EXPECT_EQ(Instruction("cvt.sat.u8.s32 %r0, %r1")(500), 255u);
  EXPECT_EQ(Instruction("cvt.sat.s8.s32 %r0, %r1")(-500), 0xffffff80u);
  EXPECT_EQ(Instruction("cvt.sat.s32.u32 %r0, %r1")(~0u), 0x7fffffffu);
  EXPECT_EQ(Instruction("cvt.sat.u64.s64 %x0, %x1")(std::int64_t{-1}), 0u);
  EXPECT_EQ(Instruction("cvt.sat.s64.u64 %x0, %x1")(~0ul), 0x7fff'ffff'ffff'fffful);
}

TEST(CvtToFloat, RoundsInEveryDirection) {
  for (const Mode& mode : kModes) {
    const std::string prefix = "cvt." + std::string(mode.word);
    const Instruction f32_s64(prefix + ".f32.s64 %r0, %x1"), f32_u64(prefix + ".f32.u64 %r0, %x1"),
        f32_s32(prefix + ".f32.s32 %r0, %r1");
    const Instruction f32_u32(prefix + ".f32.u32 %r0, %r1"), f64_s64(prefix + ".f64.s64 %x0, %x1"),
        f64_u64(prefix + ".f64.u64 %x0, %x1");
    const Instruction f16_s64(prefix + ".f16.s64 %h0, %x1"),
        bf16_s64(prefix + ".bf16.s64 %h0, %x1"), f16_u32(prefix + ".f16.u32 %h0, %r1");
    for (volatile std::int64_t a : kIntegers) {
      const std::int64_t value = a;
      volatile auto s32 = static_cast<std::int32_t>(value);
      volatile auto u32 = static_cast<std::uint32_t>(value);
      // Long double holds all 64 bits.
      const auto single = [&](long double exact) {
        volatile long double x = exact;  // read under the mode, not before

        return to_bits(under(mode.host, [&] { return static_cast<float>(x); }));
      };
      const auto wide = [&](long double exact) {
        volatile long double x = exact;  // read under the mode, not before

        return to_bits(under(mode.host, [&] { return static_cast<double>(x); }));
      };
      ASSERT_EQ(f32_s64(value), single(value)) << mode.word << value;
      ASSERT_EQ(f32_u64(value), single(static_cast<std::uint64_t>(value))) << mode.word << value;
      ASSERT_EQ(f32_s32(std::int32_t{s32}), single(s32)) << mode.word << value;
      ASSERT_EQ(f32_u32(std::uint32_t{u32}), single(u32)) << mode.word << value;
      ASSERT_EQ(f64_s64(value), wide(value)) << mode.word << value;
      ASSERT_EQ(f64_u64(value), wide(static_cast<std::uint64_t>(value))) << mode.word << value;
      ASSERT_EQ(f16_u32(std::uint32_t{u32}), encode(u32, kHostF16, mode.host, false))
          << mode.word << value;
      if (std::abs(value / 2) < (1ll << 52)) {
        ASSERT_EQ(f16_s64(value), encode(static_cast<double>(value), kHostF16, mode.host, false))
            << mode.word << value;
        ASSERT_EQ(bf16_s64(value), encode(static_cast<double>(value), kHostBf16, mode.host, false))
            << mode.word << value;
      }
    }
  }
}

TEST(CvtToNarrowFloat, KeepsTheLastBitOfA64BitInteger) {
  // 2^62 * (1 + 2^-8) is a tie for bf16; one more is not.
  const Instruction cvt("cvt.rn.bf16.s64 %h0, %x1");
  EXPECT_EQ(cvt(std::int64_t{0x4040'0000'0000'0000}), 0x5e80u);
  EXPECT_EQ(cvt(std::int64_t{0x4040'0000'0000'0001}), 0x5e81u);
  EXPECT_EQ(cvt(std::int64_t{-0x4040'0000'0000'0001}), 0xde81u);
}

template <class T>
std::uint64_t to_integer(double rounded) {
  if (rounded <= static_cast<double>(std::numeric_limits<T>::min()))
    return to_bits(std::numeric_limits<T>::min());
  if (rounded >= static_cast<double>(std::numeric_limits<T>::max()))
    return to_bits(std::numeric_limits<T>::max());
  return to_bits(static_cast<T>(rounded));
}

TEST(CvtToInteger, RoundsAndClamps) {
  const Mode modes[] = {
      {"rni", FE_TONEAREST}, {"rzi", FE_TOWARDZERO}, {"rmi", FE_DOWNWARD}, {"rpi", FE_UPWARD}};
  for (const Mode& mode : modes) {
    const std::string prefix = "cvt." + std::string(mode.word);
    const Instruction s32(prefix + ".s32.f32 %r0, %r1"), u32(prefix + ".u32.f32 %r0, %r1"),
        s64(prefix + ".s64.f32 %x0, %r1");
    const Instruction u64(prefix + ".u64.f64 %x0, %x1"), s16(prefix + ".s16.f32 %h0, %r1"),
        u8(prefix + ".u8.f64 %h0, %x1");
    const Instruction f32(prefix + ".f32.f32 %r0, %r1"), f64(prefix + ".f64.f64 %x0, %x1");
    for (float a : singles(3000)) {
      const double rounded = under(mode.host, [&] { return std::rint(double{a}); });
      ASSERT_EQ(s32(a), to_integer<std::int32_t>(rounded)) << mode.word << a;
      ASSERT_EQ(u32(a), to_integer<std::uint32_t>(rounded)) << mode.word << a;
      ASSERT_EQ(s64(a), to_integer<std::int64_t>(rounded)) << mode.word << a;
      ASSERT_EQ(s16(a), to_integer<std::int16_t>(rounded)) << mode.word << a;
      ASSERT_EQ(u64(double{a}), to_integer<std::uint64_t>(rounded)) << mode.word << a;
      ASSERT_EQ(u8(double{a}), to_integer<std::uint8_t>(rounded)) << mode.word << a;
      ASSERT_EQ(f32(a), to_bits(static_cast<float>(rounded))) << mode.word << a;
      ASSERT_EQ(f64(double{a}), to_bits(rounded)) << mode.word << a;
    }
  }
}

TEST(CvtToInteger, HasAValueForNan) {
  EXPECT_EQ(Instruction("cvt.rzi.s32.f32 %r0, %r1")(kNaN), 0u);
  EXPECT_EQ(Instruction("cvt.rni.u32.f32 %r0, %r1")(kNaN), 0u);
  EXPECT_EQ(Instruction("cvt.rzi.s64.f32 %x0, %r1")(kNaN), 0x8000'0000'0000'0000u);
  EXPECT_EQ(Instruction("cvt.rzi.s32.f64 %r0, %x1")(double{kNaN}), 0x8000'0000u);
  EXPECT_EQ(Instruction("cvt.rzi.u64.f64 %x0, %x1")(double{kNaN}), 0x8000'0000'0000'0000u);
  EXPECT_EQ(Instruction("cvt.rzi.s16.f16 %h0, %h1")(std::uint16_t{0x7e00}), 0u);
}

TEST(CvtFloat, NarrowsInEveryDirection) {
  for (const Mode& mode : kModes) {
    const std::string prefix = "cvt." + std::string(mode.word);
    const Instruction f32_f64(prefix + ".f32.f64 %r0, %x1"), f16_f32(prefix + ".f16.f32 %h0, %r1"),
        bf16_f32(prefix + ".bf16.f32 %h0, %r1");
    const Instruction f16_f64(prefix + ".f16.f64 %h0, %x1"),
        bf16_f64(prefix + ".bf16.f64 %h0, %x1");
    for (volatile double a : doubles(3000))
      ASSERT_EQ(f32_f64(double{a}),
                canonical(under(mode.host, [&] { return static_cast<float>(a); })))
          << a;
    std::mt19937_64 random(5);
    for (int i = 0; i < 30000; ++i) {
      // Exponents about the range of f16, and mantissas that are often close to a tie.
      const std::uint32_t mantissa = random() % 3 == 0
                                         ? static_cast<std::uint32_t>(random()) & 0x7fffff
                                         : (static_cast<std::uint32_t>(random()) & 0x7ff000) +
                                               static_cast<std::uint32_t>(random() % 3) - 1;
      const auto exponent = static_cast<std::uint32_t>(i % 2 ? 95 + random() % 50 : random() % 255);
      const float a = std::bit_cast<float>((mantissa & 0x7fffff) | exponent << 23 |
                                           static_cast<std::uint32_t>(random() % 2) << 31);
      const double wide = std::nextafter(double{a}, i % 3 == 0 ? 1e300 : double{a});
      ASSERT_EQ(f16_f32(a), encode(a, kHostF16, mode.host, false)) << mode.word << a;
      ASSERT_EQ(bf16_f32(a), encode(a, kHostBf16, mode.host, false)) << mode.word << a;
      ASSERT_EQ(f16_f64(wide), encode(wide, kHostF16, mode.host, false)) << mode.word << wide;
      ASSERT_EQ(bf16_f64(wide), encode(wide, kHostBf16, mode.host, false)) << mode.word << wide;
    }
  }
}

TEST(CvtFloat, WidensEveryHalfExactly) {
  const Instruction f32_f16("cvt.f32.f16 %r0, %h1"), f64_bf16("cvt.f64.bf16 %x0, %h1"),
      back("cvt.rn.f16.f32 %h0, %r1");
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const double f16 = decode_half(bits, kHostF16), bf16 = decode_half(bits, kHostBf16);
    if (std::isnan(f16))
      ASSERT_EQ(f32_f16(half), 0x7fffffffu);
    else
      ASSERT_EQ(f32_f16(half), to_bits(static_cast<float>(f16)));
    if (!std::isnan(f16)) ASSERT_EQ(back(static_cast<float>(f16)), bits);
    if (!std::isnan(bf16)) ASSERT_EQ(f64_bf16(half), to_bits(bf16));
  }
}

TEST(CvtFloat, ObeysModifiers) {
  EXPECT_EQ(Instruction("cvt.sat.f32.f32 %r0, %r1")(1.5f), to_bits(1.0f));
  EXPECT_EQ(Instruction("cvt.sat.f32.f32 %r0, %r1")(kNaN), 0u);
  EXPECT_EQ(Instruction("cvt.sat.f32.f32 %r0, %r1")(-0.0f), 0u);
  EXPECT_EQ(Instruction("cvt.ftz.f64.f32 %x0, %r1")(-1e-40f), to_bits(-0.0));
  EXPECT_EQ(Instruction("cvt.rn.ftz.f32.f64 %r0, %x1")(-1e-40), to_bits(-0.0f));
  EXPECT_EQ(Instruction("cvt.rpi.ftz.f32.f32 %r0, %r1")(1e-40f), 0u);
  EXPECT_EQ(Instruction("cvt.rn.relu.f16.f32 %h0, %r1")(-1.0f), 0u);
  EXPECT_EQ(Instruction("cvt.rn.relu.f16.f32 %h0, %r1")(kNaN), 0x7fffu);
  EXPECT_EQ(Instruction("cvt.rn.satfinite.f16.f32 %h0, %r1")(1e9f), 0x7bffu);
  EXPECT_EQ(Instruction("cvt.rn.sat.f16.f32 %h0, %r1")(2.0f), 0x3c00u);
  EXPECT_EQ(Instruction("cvt.rn.f16x2.f32 %r0, %r1, %r2")(1.0f, 2.0f), 0x3c00'4000u);
  EXPECT_EQ(Instruction("cvt.rz.bf16x2.f32 %r0, %r1, %r2")(1.9999999f, -2.0f), 0x3fff'c000u);
}

}  // namespace
}  // namespace cuda_shim::kernels::instructions::testing
