// Names between units.

#include "open_helpers.h"

namespace cuda_shim::kernels {
namespace {

TEST(Link, FindsTheDefinitionInAnotherUnit) {
  const auto program = open({".extern .func f(); .entry k() { call f; }", ".visible .func f() {}"});
  unsigned unit = 9;
  const ptx::Function* function = program->find_function(0, "f", &unit);
  ASSERT_NE(function, nullptr);
  EXPECT_EQ(unit, 1u);
  EXPECT_TRUE(function->has_body());
}

TEST(Link, KeepsNamesWithoutLinkagePrivate) {
  const auto program =
      open({".func f() {} .global .u32 x;", ".func f() { ret; } .global .u64 x;", ".entry k() {}"});
  unsigned unit = 9;
  program->find_function(1, "f", &unit);
  EXPECT_EQ(unit, 1u);
  EXPECT_EQ(program->find_variable(0, "x")->bytes, 4u);
  EXPECT_EQ(program->find_variable(1, "x")->bytes, 8u);
  EXPECT_EQ(program->find_function(2, "f", &unit), nullptr);
  EXPECT_EQ(program->find_variable(2, "x"), nullptr);
}

TEST(Link, PrefersAVisibleDefinitionToAWeakOne) {
  const auto program = open({".weak .global .u32 x = 1;", ".visible .global .u32 x = 2;"});
  ASSERT_EQ(program->variables().size(), 1u);
  EXPECT_EQ(program->variables()[0].unit, 1u);
}

TEST(Link, KeepsTheFirstOfWeakDefinitions) {
  const auto program = open({".weak .func f() {}", ".weak .func f() {}"});
  unsigned unit = 9;
  program->find_function(1, "f", &unit);
  EXPECT_EQ(unit, 0u);
}

TEST(Link, MergesCommonVariablesToTheLargest) {
  const auto program = open({".common .global .u32 x[2];", ".common .global .u32 x[5];"});
  ASSERT_EQ(program->variables().size(), 1u);
  EXPECT_EQ(program->variables()[0].bytes, 20u);
  const auto defined = open({".common .global .u32 x[5];", ".visible .global .u32 x[2];"});
  EXPECT_EQ(defined->variable("x")->bytes, 8u);
}

TEST(Link, RefusesTwoVisibleDefinitionsAndNamesBoth) {
  const std::string message = link_message({".visible .func f() {}", "\n.visible .func f() {}"});
  EXPECT_NE(message.find("`f`"), std::string::npos);
  EXPECT_NE(message.find("unit 'unit0', line 2"), std::string::npos);
  EXPECT_NE(message.find("unit 'unit1', line 3"), std::string::npos);
  EXPECT_NE(link_message({".global .u32 x; .global .u32 x;"}), "");
}

TEST(Link, LeavesUndefinedFunctionsUndefined) {
  const auto program = open({".extern .func vprintf(); .entry k() { call vprintf; }"});
  EXPECT_EQ(program->find_function(0, "vprintf", nullptr), nullptr);
}

TEST(Link, RefusesUndefinedVariablesAndNamesTheUnit) {
  const std::string message = link_message({".extern .global .u32 nowhere;"});
  EXPECT_NE(message.find("`nowhere`"), std::string::npos);
  EXPECT_NE(message.find("unit0"), std::string::npos);
}

TEST(Link, LeavesDynamicSharedMemoryOutOfTheBlock) {
  const auto program =
      open({".extern .shared .b8 s[];", ".visible .global .u32 s; .shared .b8 t[16];"});
  EXPECT_EQ(program->find_variable(0, "s"), nullptr);
  EXPECT_NE(program->find_variable(1, "s"), nullptr);
  EXPECT_EQ(program->memory_bytes(), 4u);
}

TEST(Link, FollowsAliases) {
  const auto program = open({".func g() {} .visible .func f(); .alias f, g;",
                             ".extern .func f(); .entry k() { call f; }"});
  unsigned unit = 9;
  const ptx::Function* function = program->find_function(1, "f", &unit);
  ASSERT_NE(function, nullptr);
  EXPECT_EQ(function->name, "g");
  EXPECT_EQ(unit, 0u);
  EXPECT_NE(link_message({".func f(); .alias f, nobody;"}), "");
}

TEST(Link, NumbersFunctionsWhoseAddressIsTaken) {
  const auto program = open(
      {".func called() {} .func (.reg .b32 r) with_result() {} .func taken() {} .func stored() {}\n"
       ".global .u64 t = stored;\n"
       ".entry k() { .reg .b64 r; .reg .b32 x; call called; call (x), with_result, ();\n"
       " // , called;\n mov.u64 r, taken; }"});
  const auto addressed = program->addressed_functions();
  ASSERT_EQ(addressed.size(), 2u);
  EXPECT_EQ(addressed[0].function->name, "taken");
  EXPECT_EQ(addressed[1].function->name, "stored");
}

TEST(Link, RefusesOtherInput) {
  EXPECT_FALSE(Program::from_ptx({}).has_value());
  const auto narrow =
      Program::from_ptx({{"narrow", ".version 9.0 .target sm_90 .address_size 32"}});
  ASSERT_FALSE(narrow.has_value());
  EXPECT_NE(narrow.error().message().find("have 32 bits"), std::string::npos);
  EXPECT_NE(narrow.error().message().find("line 1, column 42"), std::string::npos);
  const auto broken = Program::from_ptx({{"broken.ptx", ".version 9.0\n.global"}});
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().code(), StatusCode::kInvalidPtx);
  EXPECT_NE(broken.error().message().find("broken.ptx"), std::string::npos);
  EXPECT_NE(broken.error().message().find("line 2"), std::string::npos);
}

}  // namespace
}  // namespace cuda_shim::kernels
