// Literals and constant expressions.

#include <bit>

#include "parse_helpers.h"

namespace cuda_shim::kernels::ptx {
namespace {

struct Case {
  const char* text;
  std::uint64_t bits;
  Immediate::Kind kind = Immediate::Kind::kInteger;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.text;
}

class Constant : public testing::TestWithParam<Case> {};

TEST_P(Constant, HasItsValue) {
  const ParsedInstruction instruction("mov.b64 d, " + std::string(GetParam().text) + ";");
  const Immediate* value = instruction.operand(1).immediate();
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(value->kind, GetParam().kind);
  EXPECT_EQ(value->bits, GetParam().bits);
}

constexpr std::uint64_t minus(std::uint64_t x) {
  return 0 - x;
}
constexpr auto kF32 = Immediate::Kind::kF32;
constexpr auto kF64 = Immediate::Kind::kF64;
std::uint64_t of(double x) {
  return std::bit_cast<std::uint64_t>(x);
}

INSTANTIATE_TEST_SUITE_P(Integers, Constant,
                         testing::Values(Case{"0", 0}, Case{"42U", 42}, Case{"0x1fU", 31},
                                         Case{"0XFF", 255}, Case{"0777", 511}, Case{"0b1011", 11},
                                         Case{"18446744073709551615", ~0ull},
                                         Case{"-9223372036854775808", 1ull << 63},
                                         Case{"WARP_SZ", 32}));

INSTANTIATE_TEST_SUITE_P(Floats, Constant,
                         testing::Values(Case{"0f3F800000", 0x3f800000, kF32},
                                         Case{"-0F3f800000", 0xbf800000, kF32},
                                         Case{"0d3FF0000000000000", 0x3ff0000000000000, kF64},
                                         Case{"0D7ff8000000000000", 0x7ff8000000000000, kF64},
                                         Case{"1.5", of(1.5), kF64}, Case{"1.", of(1), kF64},
                                         Case{".5", of(0.5), kF64}, Case{"1e5", of(1e5), kF64},
                                         Case{"12.5E-3", of(12.5e-3), kF64},
                                         Case{"-2.0e+2", of(-200), kF64}));

INSTANTIATE_TEST_SUITE_P(
    Expressions, Constant,
    testing::Values(Case{"2+3*4", 14}, Case{"(2+3)*4", 20}, Case{"1<<4|1", 17}, Case{"7%4-1", 2},
                    Case{"-7/2", minus(3)}, Case{"-7%4", minus(3)}, Case{"~0", ~0ull},
                    Case{"!5", 0}, Case{"!0", 1}, Case{"5>3&&2>=2", 1}, Case{"0||0", 0},
                    Case{"1?2:3", 2}, Case{"0?2:0?4:5", 5}, Case{"-1<1", 1}, Case{"-1<1U", 0},
                    Case{"-8>>1", minus(4)}, Case{"(.u64)-8>>1", 0x7ffffffffffffffc},
                    Case{"(.s64)0xffffffffffffffff<0", 1}, Case{"6^5&3", 7}, Case{"1==1!=0", 1},
                    Case{"- -3", 3}, Case{"1<<64", 0}, Case{"WARP_SZ*2", 64},
                    Case{"(.s64)-9223372036854775808/-1", 1ull << 63}));

TEST(ConstantError, NamesWhatIsWrong) {
  EXPECT_NE(message_about(".global .u32 x = 1/0;").find("divides by zero"), std::string::npos);
  EXPECT_NE(message_about(".global .u32 x = 08;").find("`08` is not a number"), std::string::npos);
  EXPECT_NE(message_about(".global .f32 x = 0f3F8;").find("`0f3F8`"), std::string::npos);
  EXPECT_NE(message_about(".global .u32 x = 99999999999999999999;").find("not a number"),
            std::string::npos);
  EXPECT_NE(message_about(".global .f32 x = 1.0+2.0;").find("floating-point"), std::string::npos);
  EXPECT_NE(message_about(".global .u32 x = (.f32)1;").find("cast"), std::string::npos);
}

}  // namespace
}  // namespace cuda_shim::kernels::ptx
