// Operands of instructions.

#include "parse_helpers.h"

namespace cuda_shim::kernels::ptx {
namespace {

TEST(Operand, IsARegisterOrItsComponent) {
  const ParsedInstruction i("mov.u32 %r1, %tid.x;");
  EXPECT_EQ(i.operand(0).name()->text, "%r1");
  EXPECT_EQ(i.operand(0).name()->component, 0);
  EXPECT_EQ(i.operand(1).name()->text, "%tid");
  EXPECT_EQ(i.operand(1).name()->component, 'x');
}

TEST(Operand, TakesColoursForComponents) {
  const ParsedInstruction i("mov.f32 c.r, c.a;");
  EXPECT_EQ(i.operand(0).name()->component, 'x');
  EXPECT_EQ(i.operand(1).name()->component, 'w');
}

TEST(Operand, SelectsBytesInVideoInstructions) {
  const ParsedInstruction i("vadd.u32.s32.s32 r1, -r2.b0, r3.h10;");
  EXPECT_TRUE(i.operand(1).negated);
  EXPECT_TRUE(i.operand(1).minus);
  EXPECT_EQ(i.operand(1).name()->selector, "b0");
  EXPECT_EQ(i.operand(2).name()->selector, "h10");
}

TEST(Operand, IsAPairOrANegatedPredicateOrTheSink) {
  const ParsedInstruction i("setp.lt.and.s32 %p1|%p2, a, _, !%p3;");
  EXPECT_EQ(i.operand(0).pair->text, "%p2");
  EXPECT_TRUE(i.operand(2).is_sink());
  EXPECT_TRUE(i.operand(3).negated);
  const ParsedInstruction sink_first("setp.lt.s32 _|%p2, a, b;");
  EXPECT_TRUE(sink_first.operand(0).is_sink());
  EXPECT_EQ(sink_first.operand(0).pair->text, "%p2");
}

TEST(Operand, IsAnAddress) {
  const ParsedInstruction i("cp.async [%rd1], [table+8], [%rd2+-4], [64], [x - 4 + 2*8];");
  EXPECT_EQ(std::get<Name>(i.operand(0).address()->base).text, "%rd1");
  EXPECT_EQ(i.operand(1).address()->offset, 8);
  EXPECT_EQ(i.operand(2).address()->offset, -4);
  EXPECT_EQ(std::get<Immediate>(i.operand(3).address()->base).bits, 64u);
  EXPECT_EQ(i.operand(4).address()->offset, 12);
}

TEST(Operand, IsAnAddressOfSeveralParts) {
  const ParsedInstruction i("tex.2d.v4.f32.f32 {a, b, c, d}, [texture, sampler, {u, v}];");
  EXPECT_EQ(i.operand(0).vector()->elements.size(), 4u);
  const Address& address = *i.operand(1).address();
  ASSERT_EQ(address.more.size(), 2u);
  EXPECT_EQ(address.more[0].name()->text, "sampler");
  EXPECT_EQ(address.more[1].vector()->elements[1].name()->text, "v");
}

TEST(Operand, IsAnAddressWithoutBrackets) {
  const ParsedInstruction i("mov.u64 %rd1, table+8;");
  const Address* address = i.operand(1).address();
  ASSERT_NE(address, nullptr);
  EXPECT_FALSE(address->bracketed);
  EXPECT_EQ(address->offset, 8);
}

TEST(Operand, IsAnElementOfAnArray) {
  const ParsedInstruction i("ld.global.u32 r, table[index+1];");
  const Address* address = i.operand(1).address();
  ASSERT_NE(address, nullptr);
  EXPECT_TRUE(address->subscript);
  EXPECT_EQ(address->more.size(), 1u);
}

TEST(Operand, IsAListInACall) {
  const ParsedInstruction i("call.uni (retval0), f, (param0, 2+3), prototype_0;");
  ASSERT_EQ(i->operands.size(), 4u);
  EXPECT_TRUE(i.operand(0).vector()->parenthesised);
  EXPECT_EQ(i.operand(2).vector()->elements[1].immediate()->bits, 5u);
  const ParsedInstruction empty("call (_), f, ();");
  EXPECT_TRUE(empty.operand(2).vector()->elements.empty());
}

TEST(Operand, IsAnExpressionInParenthesesElsewhere) {
  const ParsedInstruction i("add.s32 d, a, (1+2)*3;");
  EXPECT_EQ(i.operand(2).immediate()->bits, 9u);
}

TEST(Operand, KnowsWhereItStands) {
  const ParsedInstruction i("\n  add.s32 d,\n    a, 5;");
  EXPECT_EQ(i.operand(1).location.line, 5u);
  EXPECT_EQ(i.operand(1).location.column, 5u);
}

}  // namespace
}  // namespace cuda_shim::kernels::ptx
