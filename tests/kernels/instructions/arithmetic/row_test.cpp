// Rows: which texts the compiler takes for one, and which instructions match.

#include "kernels/instructions/row.h"

#include <gtest/gtest.h>

#include <string>

#include "kernels/instructions/arithmetic/instruction_runner.h"
#include "kernels/instructions/row_index.h"

namespace cuda_shim::kernels::instructions::testing {
namespace {

// A malformed row does not compile; the predicate behind that is checked by the compiler here.
static_assert(row_error("add{.sat}.s32 d, a, b") == nullptr);
static_assert(row_error("setp.Op.type p[|q], a, b, {!}c; .Op = .eq .ne; .type = .s32") == nullptr);
static_assert(row_error("barrier{.cta}.sync a{, b}") == nullptr);
static_assert(row_error("x a{, b{, c}}") == nullptr);
static_assert(row_error("call{.uni} ...") == nullptr);
static_assert(row_error("ret") == nullptr);
static_assert(row_error("cvt.rs.e4m3x4.f32 d, {a}, rbits") == nullptr);
static_assert(row_error("") != nullptr);
static_assert(row_error(".s32 d") != nullptr);
static_assert(row_error("add.s33 d, a, b") != nullptr);
static_assert(row_error("add{.sat.s32 d, a, b") != nullptr);
static_assert(row_error("add.s32 d a") != nullptr);
static_assert(row_error("add.s32 d, {a") != nullptr);
static_assert(row_error("add.s32 d, [a") != nullptr);
static_assert(row_error("add.s32 d{, a") != nullptr);
static_assert(row_error("add.s32 d, a}") != nullptr);
static_assert(row_error("add.s32 p[|q, a") != nullptr);
static_assert(row_error("add.s32 ..., a") != nullptr);
static_assert(row_error("add.type d; .type = .u33") != nullptr);
static_assert(row_error("add.type d; .type =") != nullptr);
static_assert(row_error("add.type d; .type .u32") != nullptr);
static_assert(row_error("add.type d; type = .u32") != nullptr);
static_assert(row_error("add.s32 d; .type = .u32") != nullptr);
static_assert(row_error("add.type d; .type = .u32; .type = .s32") != nullptr);

TEST(Words, AreDistinct) {
  for (unsigned word = 0; word < kWordCount; ++word)
    EXPECT_EQ(find_word(kWords[word].text), word) << kWords[word].text;
}

TEST(Match, TakesModifiersInAnyOrder) {
  EXPECT_EQ(refusal("add.rn.ftz.f32 %r0, %r1, %r2"), "");
  EXPECT_EQ(refusal("add.f32.ftz.rn %r0, %r1, %r2"), "");
}

TEST(Match, KeepsTheOrderOfTypes) {
  EXPECT_EQ(refusal("cvt.rn.f32.s32 %r0, %r1"), "");
  EXPECT_NE(refusal("set.eq.f64.u32 %r0, %x1, %x2"), "");
  EXPECT_EQ(refusal("set.eq.u32.f64 %r0, %x1, %x2"), "");
}

TEST(Match, NamesAnUnknownModifier) {
  EXPECT_EQ(refusal("add.foo.s32 %r0, %r1, %r2"),
            "The modifier `.foo` is not part of any form of `add`.");
  EXPECT_EQ(refusal("add.eq.s32 %r0, %r1, %r2"),
            "The modifier `.eq` is not part of any form of `add`.");
}

TEST(Match, NamesTheModifierThatDoesNotGoWithTheOthers) {
  EXPECT_EQ(refusal("add.sat.u32 %r0, %r1, %r2"),
            "The modifier `.u32` does not go with `add.sat`.");
  EXPECT_EQ(refusal("add.sat.sat.s32 %r0, %r1, %r2"),
            "The modifier `.sat` does not go with `add.sat`.");
}

TEST(Match, NamesCachesAndRoundingsOfOtherInstructions) {
  EXPECT_EQ(refusal("ld.global.wb.u32 %r0, [%x1]"),
            "The modifier `.wb` is not part of any form of `ld`.");
  EXPECT_EQ(refusal("red.acquire.gpu.global.add.u32 [%x1], %r1"),
            "The modifier `.acquire` is not part of any form of `red`.");
}

TEST(Match, SaysThatAModifierIsMissing) {
  EXPECT_EQ(refusal("ld.gpu.global.u32 %r0, [%x1]"), "`ld.gpu.global.u32` lacks a modifier.");
  EXPECT_EQ(refusal("mul.s32 %r0, %r1, %r2"), "`mul.s32` lacks a modifier.");
}

TEST(Match, SaysWhichOperandDoesNotFit) {
  EXPECT_EQ(refusal("add.s32 %r0, %r1"), "`add.s32` takes 3 operands, not 2.");
  EXPECT_EQ(refusal("add.s32 %r0, [%r1], %r2"),
            "Operand 2 of `add.s32` must not be an address in brackets.");
  EXPECT_EQ(refusal("add.s32 %r0, !%r1, %r2"), "Operand 2 of `add.s32` must not be negated.");
  EXPECT_EQ(refusal("add.s32 %r0|%r3, %r1, %r2"), "Operand 1 of `add.s32` must not be a pair.");
  EXPECT_EQ(refusal("add.s32 5, %r1, %r2"),
            "Operand 1 of `add.s32` is written to and must not be a number.");
}

TEST(Match, SaysThatThereIsNoSuchInstruction) {
  EXPECT_EQ(refusal("frobnicate.s32 %r0"), "There is no instruction `frobnicate`.");
}

TEST(Match, KnowsInstructionsThatAreNotTranslated) {
  EXPECT_EQ(refusal("wgmma.mma_async.sync.aligned.m64n8k8.f32.tf32.tf32 %r0, %r1, %r2"),
            "not translated yet");
  EXPECT_EQ(refusal("setmaxnreg.inc.sync.aligned.u32 64"), "not translated yet");
  EXPECT_EQ(refusal("tcgen05.wait::ld.sync.aligned"), "not translated yet");
}

TEST(Match, RefusesMoreModifiersThanAnyInstructionHas) {
  std::string text = "add";
  for (int i = 0; i < 100; ++i) text += ".sat";
  EXPECT_EQ(refusal(text + " %r0, %r1, %r2"),
            "`add` has 100 modifiers; no instruction has more than 24.");
}

TEST(Match, RefusesAnOrderingOfBits) {
  EXPECT_NE(refusal("setp.lt.b32 %p0, %r1, %r2"), "");
  EXPECT_NE(refusal("setp.ltu.s32 %p0, %r1, %r2"), "");
  EXPECT_NE(refusal("setp.lo.f32 %p0, %r1, %r2"), "");
}

}  // namespace
}  // namespace cuda_shim::kernels::instructions::testing
