// Outlines: headers, variables, signatures, where bodies are.

#include "parse_helpers.h"

namespace cuda_shim::kernels::ptx {
namespace {

TEST(Module, ReadsItsHeader) {
  const std::string text =
      "// made by hand\n.version 7.8\n.target sm_90a, texmode_independent, debug\n"
      ".address_size 64\n";
  const auto module = parse_module(text);
  ASSERT_TRUE(module) << module.error().to_string();
  EXPECT_EQ(module->version_major, 7u);
  EXPECT_EQ(module->version_minor, 8u);
  EXPECT_EQ(module->target, "sm_90a");
  EXPECT_EQ(module->target_options,
            (std::vector<std::string_view>{"texmode_independent", "debug"}));
  EXPECT_EQ(module->address_size, 64u);
}

TEST(Module, EndsAtTheZeroBytesOfAnImage) {
  const std::string text = with_header(".global .u32 x;") + std::string(3, '\0');
  EXPECT_TRUE(parse_module(text).has_value());
}

TEST(Module, ReadsVariablesWithEveryProperty) {
  const ParsedModule module(
      ".visible .global .attribute(.managed, .unified(0x10, 2)) .align 16 .v4 .f32 x[2][3];\n"
      ".extern .shared .align 8 .b8 dynamic[];\n"
      ".weak .const .b64 c, d[1+1];\n"
      ".common .global .s16 e;");
  ASSERT_EQ(module->variables.size(), 5u);
  const Variable& x = module->variables[0];
  EXPECT_EQ(x.name, "x");
  EXPECT_EQ(x.linkage, Linkage::kVisible);
  EXPECT_EQ(x.space, StateSpace::kGlobal);
  EXPECT_EQ(x.type, ScalarType::kF32);
  EXPECT_EQ(x.vector, 4u);
  EXPECT_EQ(x.alignment, 16u);
  EXPECT_EQ(x.dimensions, (std::vector<std::uint64_t>{2, 3}));
  EXPECT_TRUE(x.managed);
  EXPECT_EQ(x.unified, (std::pair<std::uint64_t, std::uint64_t>{16, 2}));
  EXPECT_EQ(x.byte_size(), 96u);
  EXPECT_EQ(module->variables[1].dimensions, std::vector<std::uint64_t>{0});
  EXPECT_EQ(module->variables[1].byte_size(), 0u);
  EXPECT_EQ(module->variables[2].linkage, Linkage::kWeak);
  EXPECT_EQ(module->variables[3].name, "d");
  EXPECT_EQ(module->variables[3].byte_size(), 16u);
  EXPECT_EQ(module->variables[4].linkage, Linkage::kCommon);
}

TEST(Module, TakesTheWordsOfADeclarationInAnyOrder) {
  const ParsedModule module(
      ".global .u32 .align 8 x; .align 4 .global .attribute(.managed) .b8 y;");
  EXPECT_EQ(module->variables[0].byte_alignment(), 8u);
  EXPECT_TRUE(module->variables[1].managed);
}

TEST(Module, AlignsVectorsToTheirWholeSize) {
  const ParsedModule module(".global .v4 .f32 x; .global .b8 y[7]; .global .b64 z;");
  EXPECT_EQ(module->variables[0].byte_alignment(), 16u);
  EXPECT_EQ(module->variables[1].byte_alignment(), 1u);
  EXPECT_EQ(module->variables[2].byte_alignment(), 8u);
}

TEST(Module, ReadsSignatures) {
  const ParsedModule module(
      ".visible .entry k(.param .u64 .ptr .global .align 16 p, .param .align 8 .b8 q[24]) {}\n"
      ".func (.param .b32 r) f (.reg .u32 a, .param .b64 b);\n"
      ".entry bare {}");
  ASSERT_EQ(module->functions.size(), 3u);
  const Function& kernel = module->functions[0];
  EXPECT_TRUE(kernel.is_entry);
  EXPECT_TRUE(kernel.has_body());
  EXPECT_EQ(kernel.linkage, Linkage::kVisible);
  ASSERT_EQ(kernel.signature.parameters.size(), 2u);
  EXPECT_TRUE(kernel.signature.parameters[0].pointer);
  EXPECT_EQ(kernel.signature.parameters[0].pointer_space, StateSpace::kGlobal);
  EXPECT_EQ(kernel.signature.parameters[0].pointer_alignment, 16u);
  EXPECT_EQ(kernel.signature.parameters[1].byte_size(), 24u);
  const Function& declared = module->functions[1];
  EXPECT_FALSE(declared.has_body());
  ASSERT_EQ(declared.signature.results.size(), 1u);
  EXPECT_EQ(declared.signature.parameters[0].space, StateSpace::kReg);
  EXPECT_TRUE(module->functions[2].signature.parameters.empty());
}

TEST(Module, ReadsPointersToOpaqueTypes) {
  const ParsedModule module(
      ".entry k(.param .u64 .ptr .texref t, .param .u64 .ptr .surfref s, .param .texref u) {}");
  ASSERT_EQ(module->functions.size(), 1u);
  const std::vector<Variable>& parameters = module->functions[0].signature.parameters;
  ASSERT_EQ(parameters.size(), 3u);
  EXPECT_TRUE(parameters[0].pointer);
  EXPECT_EQ(parameters[1].byte_size(), 8u);
  EXPECT_EQ(parameters[2].type, ScalarType::kTexref);
}

TEST(Module, ReadsEveryFunctionDirective) {
  const ParsedModule module(
      ".entry k() .maxnreg 32 .maxntid 128, 2, 1 .minnctapersm 2 .maxnctapersm 4 .pragma \"a\", "
      "\"b\";\n"
      ".explicitcluster .reqnctapercluster 2, 1, 1 .maxclusterrank 8 .blocksareclusters {}\n"
      ".func f() .noreturn .abi_preserve 4 .abi_preserve_control 5 .reqntid 32 ;");
  const auto& directives = module->functions[0].directives;
  ASSERT_EQ(directives.size(), 10u);
  EXPECT_EQ(directives[1].name, "maxntid");
  EXPECT_EQ(directives[1].values, (std::vector<std::uint64_t>{128, 2, 1}));
  EXPECT_EQ(directives[5].text, "b");
  EXPECT_TRUE(module->functions[1].signature.noreturn);
  EXPECT_EQ(module->functions[1].directives.size(), 3u);
}

TEST(Module, FindsBodiesPastBracesInCommentsAndStrings) {
  const ParsedModule module(
      ".entry a() { // }\n /* } */ .pragma \"}\"; { add.s32 a, b, {c}; } }\n"
      ".entry b() {ret;}");
  ASSERT_EQ(module->functions.size(), 2u);
  EXPECT_EQ(module->functions[1].body_text, "ret;");
  EXPECT_EQ(module->functions[1].body_location.line, 4u);
  EXPECT_EQ(module->functions[1].body_location.column, 13u);
}

TEST(Module, ReadsAliases) {
  const ParsedModule module(".func b() {} .visible .func a(); .alias a, b;");
  ASSERT_EQ(module->aliases.size(), 1u);
  EXPECT_EQ(module->aliases[0].first, "a");
  EXPECT_EQ(module->aliases[0].second, "b");
}

TEST(Module, SkipsDebugDataAndPreprocessorLines) {
  const ParsedModule module(
      "#line 5 \"a.cu\"\n# 7 \"b.cu\"\n@@DWARF .byte 0x2b\n"
      ".file 1 \"a.cu\", 1700000000, 1234\n"
      ".section .debug_info { .b32 1, label\nlabel:\n .b8 0 }\n"
      ".pragma \"x\";\n.global .u32 x;");
  EXPECT_EQ(module->variables.size(), 1u);
}

TEST(Module, ReadsOldSpellings) {
  const ParsedModule module(
      ".tex .u32 old_texture; .const[3] .u32 banked; .global .texref t; .global .surfref s;");
  EXPECT_EQ(module->variables[0].space, StateSpace::kTex);
  EXPECT_EQ(module->variables[1].space, StateSpace::kConst);
  EXPECT_EQ(module->variables[2].byte_size(), 8u);
}

}  // namespace
}  // namespace cuda_shim::kernels::ptx
