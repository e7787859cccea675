// The module's memory block.

#include <bit>
#include <cstring>

#include "open_helpers.h"

namespace cuda_shim::kernels {
namespace {

template <class T>
T read(const Program& program, std::string_view name, std::size_t index = 0) {
  const std::vector<std::byte> memory = program.initial_memory();
  const ProgramVariable* variable = program.variable(name);
  T value{};
  std::memcpy(&value, memory.data() + variable->offset + index * sizeof(T), sizeof(T));
  return value;
}

TEST(Memory, LaysVariablesOutAtTheirAlignment) {
  const auto program =
      open({".global .b8 a[3]; .visible .const .align 64 .u32 b = 1; .global .u64 c = 2;"});
  for (const ProgramVariable& variable : program->variables())
    EXPECT_EQ(variable.offset % variable.declaration->byte_alignment(), 0u) << variable.name;
  EXPECT_EQ(program->memory_alignment(), 64u);
  EXPECT_EQ(program->constant_bytes(), 4u);
  EXPECT_EQ(program->initial_memory().size(), program->memory_bytes());
  EXPECT_TRUE(program->variable("b")->visible);
  EXPECT_FALSE(program->variable("c")->visible);
}

TEST(Memory, KeepsOnlyInitialisedVariablesInThePrefix) {
  const auto program = open({".global .b8 big[1000000]; .global .u32 x = 5;"});
  EXPECT_EQ(program->initialised_prefix().size(), 4u);
  EXPECT_EQ(program->memory_bytes(), 1000004u);
}

TEST(Memory, HoldsNumbers) {
  const auto program =
      open({".global .u32 grid[2][3] = {{1}, {2, -3}}; .global .f32 f[2] = {0f3F800000, 0.5};\n"
            ".global .f64 d[2] = {0d3FF0000000000000, 2.5}; .global .b8 s[4] = {104, 105};\n"
            ".global .b32 raw = 0f40000000; .global .v2 .u16 v = {1, 2};"});
  EXPECT_EQ(read<int>(*program, "grid", 0), 1);
  EXPECT_EQ(read<int>(*program, "grid", 1), 0);
  EXPECT_EQ(read<int>(*program, "grid", 3), 2);
  EXPECT_EQ(read<int>(*program, "grid", 4), -3);
  EXPECT_EQ(read<float>(*program, "f", 0), 1.0f);
  EXPECT_EQ(read<float>(*program, "f", 1), 0.5f);
  EXPECT_EQ(read<double>(*program, "d", 1), 2.5);
  EXPECT_EQ(read<char>(*program, "s", 1), 'i');
  EXPECT_EQ(read<float>(*program, "raw"), 2.0f);
  EXPECT_EQ(read<std::uint16_t>(*program, "v", 1), 2);
}

TEST(Memory, HoldsVariablesOfBodies) {
  const auto program = open(
      {".global .u32 x = 1;\n"
       ".func f() { .global .u32 x = 2; { .const .align 8 .u32 x = 3; .global .u64 p = x; } }\n"
       ".func g() { .shared .u32 s; ld.global.u32 %r, [x]; }"});
  ASSERT_EQ(program->variables().size(), 4u);
  EXPECT_EQ(read<int>(*program, "x"), 1);  // bodies have no names for the application
  EXPECT_EQ(program->variable("p"), nullptr);
  const auto body = ptx::parse_body(program->units()[0].module.functions[0]);
  ASSERT_TRUE(body.has_value());
  const auto& outer = std::get<ptx::Variable>(body->statements[0]);
  const auto& inner = std::get<std::vector<ptx::Scope>>(body->statements[1])[0].statements;
  const ProgramVariable* x = program->find_body_variable(outer.name.data());
  const ProgramVariable* c =
      program->find_body_variable(std::get<ptx::Variable>(inner[0]).name.data());
  ASSERT_TRUE(x != nullptr && c != nullptr);
  EXPECT_EQ(program->initial_memory()[x->offset], std::byte{2});
  EXPECT_EQ(program->initial_memory()[c->offset], std::byte{3});
  EXPECT_EQ(c->offset % 8, 0u);
  ASSERT_EQ(program->fixups().size(), 1u);
  EXPECT_EQ(program->fixups()[0].target, c->offset);
}

TEST(Memory, HasFixupsForAddresses) {
  const auto program =
      open({".global .u32 x[4] = {1}; .visible .global .u64 p[2] = {generic(x)+8, 7};",
            ".extern .global .u64 p[2]; .global .u64 q = p;"});
  ASSERT_EQ(program->fixups().size(), 2u);
  EXPECT_EQ(program->fixups()[0].offset, program->variable("p")->offset);
  EXPECT_EQ(program->fixups()[0].target, program->variable("x")->offset + 8);
  EXPECT_EQ(program->fixups()[1].target, program->variable("p")->offset);
}

TEST(Memory, JoinsTheBytesOfAnAddress) {
  const auto program =
      open({".global .u32 x;\n.global .align 1 .u8 p[9] = {5, 0xff(x), 0xff00(x), 0xff0000(x), "
            "0xff000000(x),\n"
            " 0xff00000000(x), 0xff0000000000(x), 0xff000000000000(x), 0xff00000000000000(x)};"});
  ASSERT_EQ(program->fixups().size(), 1u);
  EXPECT_EQ(program->fixups()[0].offset, program->variable("p")->offset + 1);
  EXPECT_EQ(program->fixups()[0].target, program->variable("x")->offset);
  EXPECT_NE(
      link_message({".global .u32 x; .global .u8 p[1] = {0xff(x)};"}).find("part of an address"),
      std::string::npos);
}

TEST(Memory, HoldsNumbersOfFunctions) {
  const auto program =
      open({".func a() {} .func b() {} .extern .func undefined();\n"
            ".global .u64 table[3] = {b, a, undefined};"});
  const auto addressed = program->addressed_functions();
  ASSERT_EQ(addressed.size(), 2u);
  EXPECT_EQ(read<std::uint64_t>(*program, "table", 0), 2u);
  EXPECT_EQ(read<std::uint64_t>(*program, "table", 1), 1u);
  EXPECT_EQ(read<std::uint64_t>(*program, "table", 2), 0u);
}

TEST(Memory, GivesReferencesEightBytes) {
  const auto program = open({".global .texref t; .global .samplerref s; .tex .u64 old;"});
  EXPECT_EQ(program->variables().size(), 3u);
  EXPECT_EQ(program->memory_bytes(), 24u);
}

TEST(Memory, MarksManagedVariables) {
  EXPECT_TRUE(open({".global .attribute(.managed) .u32 x;"})->variable("x")->managed);
}

TEST(Memory, RefusesWhatCannotBe) {
  EXPECT_NE(link_message({".global .u32 x = nobody;"}).find("`nobody`"), std::string::npos);
  EXPECT_NE(link_message({".global .u32 y; .global .u32 x = y;"}).find("does not fit"),
            std::string::npos);
  EXPECT_NE(link_message({".global .u32 x = 1.5;"}).find("floating-point"), std::string::npos);
  EXPECT_NE(link_message({".shared .u32 s; .global .u64 x = s;"}).find("`s`"), std::string::npos);
  EXPECT_NE(link_message({".global .b8 x[70368744177664]; .global .b8 y[70368744177664];"})
                .find("more than"),
            std::string::npos);
  EXPECT_NE(
      link_message({".global .b8 x[10000000000] = {1}; .global .u8 y = 2;"}).find("initialised"),
      std::string::npos);
}

}  // namespace
}  // namespace cuda_shim::kernels
