// What messages say, and where.

#include "parse_helpers.h"

namespace cuda_shim::kernels::ptx {
namespace {

TEST(Diagnostic, NamesLineColumnAndText) {
  EXPECT_EQ(message_about(".entry k() {\n  add.s32 a, ;\n}"),
            "line 3, column 14: Expected an operand, found `;`. `add.s32 a, ;`");
}

TEST(Diagnostic, NamesWhatIsMissing) {
  EXPECT_EQ(message_about(".entry k() {\n  add.s32 a, b\n  ret;\n}"),
            "line 4, column 3: Expected `;` after the operands, found `ret`. `ret;`");
  EXPECT_EQ(message_about(".global x;"),
            "line 2, column 9: Expected a type (such as .b32) in the declaration, found `x`. "
            "`.global x;`");
}

TEST(Diagnostic, NamesUnknownDirectives) {
  EXPECT_NE(message_about(".surprise .u32 x;").find("The directive `.surprise` is not known."),
            std::string::npos);
  EXPECT_NE(message_about(".entry k() .surprise 3 {}").find("`.surprise`"), std::string::npos);
  EXPECT_NE(message_about(".entry k() { .surprise 3; }").find("`.surprise`"), std::string::npos);
}

TEST(Diagnostic, RefusesTextThatIsNotPtx) {
  const auto module = parse_module("#!/bin/sh");
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().location.line, 1u);
  EXPECT_FALSE(parse_module("").has_value());
  EXPECT_FALSE(parse_module("\x7f"
                            "ELF")
                   .has_value());
}

TEST(Diagnostic, RefusesImpossibleSizes) {
  EXPECT_NE(message_about(".global .b8 x[4294967296][4294967296];").find("exceeds"),
            std::string::npos);
  EXPECT_NE(message_about(".global .align 3 .b8 x;").find("power of two"), std::string::npos);
  EXPECT_NE(message_about(".entry k() { .reg .b32 %r<99999999>; }").find("registers"),
            std::string::npos);
  EXPECT_NE(message_about(".entry k() .maxntid 1,2,3,4 {}").find("4 values"), std::string::npos);
  EXPECT_NE(message_about(".global .global .b8 x;").find("one state space"), std::string::npos);
}

TEST(Diagnostic, RefusesWhatIsNeverClosed) {
  EXPECT_NE(message_about(".entry k() { ret;").find("never closed"), std::string::npos);
  EXPECT_NE(message_about("/* no end").find("never closed"), std::string::npos);
  EXPECT_NE(message_about(".pragma \"no end\n;").find("no closing quote"), std::string::npos);
}

TEST(Diagnostic, QuotesAtMostOneShortLine) {
  const auto module = parse_module(with_header(std::string(5000, '?') + "\nmore"));
  ASSERT_FALSE(module);
  EXPECT_LT(module.error().text.size(), 200u);
  EXPECT_EQ(module.error().text.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace cuda_shim::kernels::ptx
