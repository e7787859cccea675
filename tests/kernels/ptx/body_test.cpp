// Statements of bodies.

#include "parse_helpers.h"

namespace cuda_shim::kernels::ptx {
namespace {

TEST(Body, SplitsAnInstructionIntoItsWords) {
  const ParsedInstruction i("@!%p1 cp.async.bulk.shared::cluster.global.L2::128B.1d [a], [b], 16;");
  EXPECT_EQ(i->opcode, "cp");
  EXPECT_EQ(i->modifiers, (std::vector<std::string_view>{"async", "bulk", "shared::cluster",
                                                         "global", "L2::128B", "1d"}));
  EXPECT_EQ(i->guard->text, "%p1");
  EXPECT_TRUE(i->guard_negated);
  EXPECT_EQ(i->operands.size(), 3u);
  EXPECT_TRUE(i->text.starts_with("@!%p1 cp.async"));
  EXPECT_TRUE(i->text.ends_with("16;"));
}

TEST(Body, TakesAnInstructionWithoutOperands) {
  const ParsedBody body("ret; bar.sync 0; trap;");
  EXPECT_EQ(body.size(), 3u);
  EXPECT_TRUE(body.get<Instruction>(0).operands.empty());
}

TEST(Body, TakesAnyOpcode) {
  const ParsedInstruction i("tomorrow.v16::x.y d;");
  EXPECT_EQ(i->opcode, "tomorrow");
  EXPECT_EQ(i->modifiers[0], "v16::x");
}

TEST(Body, KeepsLabelsAndStatementsInOrder) {
  const ParsedBody body("$L__BB0_1:\n bra $L__BB0_1;\n end : ret;");
  EXPECT_EQ(body.get<Label>(0).name, "$L__BB0_1");
  EXPECT_EQ(body.get<Label>(2).name, "end");
  EXPECT_EQ(body.get<Label>(2).location.line, 5u);
}

TEST(Body, DeclaresRegistersAndVariables) {
  const ParsedBody body(
      ".reg .b32 %r<10>, t; .reg .v2 .f32 v; .local .align 8 .b8 depot[16]; .shared .f64 s[4];\n"
      ".param .b64 param0;");
  EXPECT_EQ(body.get<Variable>(0).register_range, 10u);
  EXPECT_EQ(body.get<Variable>(1).name, "t");
  EXPECT_FALSE(body.get<Variable>(1).register_range.has_value());
  EXPECT_EQ(body.get<Variable>(2).vector, 2u);
  EXPECT_EQ(body.get<Variable>(3).space, StateSpace::kLocal);
  EXPECT_EQ(body.get<Variable>(4).byte_size(), 32u);
  EXPECT_EQ(body.get<Variable>(5).space, StateSpace::kParam);
}

TEST(Body, NestsScopes) {
  const ParsedBody body("{ .reg .b32 t; { mov.b32 t, 1; } } ret;");
  ASSERT_EQ(body.size(), 2u);
  const Scope& outer = body.get<std::vector<Scope>>(0).at(0);
  ASSERT_EQ(outer.statements.size(), 2u);
  EXPECT_EQ(std::get<std::vector<Scope>>(outer.statements[1]).at(0).statements.size(), 1u);
}

TEST(Body, ReadsTablesOfTargets) {
  const ParsedBody body("ts: .branchtargets L1, L2; ct: .calltargets f, g;");
  EXPECT_EQ(body.get<TargetList>(0).label, "ts");
  EXPECT_EQ(body.get<TargetList>(0).names, (std::vector<std::string_view>{"L1", "L2"}));
  EXPECT_FALSE(body.get<TargetList>(0).calls);
  EXPECT_TRUE(body.get<TargetList>(1).calls);
}

TEST(Body, ReadsPrototypes) {
  const ParsedBody body(
      "p0 : .callprototype (.param .b32 _) _ (.param .b64 _, .param .align 8 .b8 _[16]) "
      ".noreturn;\n"
      "p1 : .callprototype _ ();");
  const Prototype& prototype = body.get<Prototype>(0);
  EXPECT_EQ(prototype.label, "p0");
  EXPECT_EQ(prototype.signature.results.size(), 1u);
  EXPECT_EQ(prototype.signature.parameters[1].byte_size(), 16u);
  EXPECT_TRUE(prototype.signature.noreturn);
  EXPECT_TRUE(body.get<Prototype>(1).signature.parameters.empty());
}

TEST(Body, DropsDebugDirectivesAndPragmas) {
  const ParsedBody body(
      ".loc 1 12 5\n.loc 1 3 4, function_name $L__info_string0, inlined_at 1 20 3\n"
      ".loc 1 3 4, function_name $L__info_string0+8, inlined_at 1 20 3\n"
      ".pragma \"nounroll\";\n;;\nret;");
  EXPECT_EQ(body.size(), 1u);
}

TEST(Body, SkipsComments) {
  const ParsedBody body("// a\n/* b\n c */ add.s32 /* d */ x, // e\n y, z; # 5 \"file\"\nret;");
  EXPECT_EQ(body.size(), 2u);
  EXPECT_EQ(body.get<Instruction>(1).location.line, 7u);
}

TEST(Body, ReadsOldSpellings) {
  const ParsedBody body("vote.ballot.sync.b32 r, p; ld.const[2].u32 r, [x];");
  EXPECT_EQ(body.get<Instruction>(1).modifiers[0], "const[2]");
}

}  // namespace
}  // namespace cuda_shim::kernels::ptx
