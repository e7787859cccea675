// What bad kernels get: an error with line, column and statement; never a crash.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/compiler/kernel_runner.h"

namespace cuda_shim::tests {
namespace {

std::string message_for(std::string_view statements) {
  KernelRunner runner;
  const Status status = runner.load(
      module_text(fmt::format(".visible .entry k()\n{{\n.reg .b32 %r<4>;\n.reg .pred %p<2>;\n"
                              "{}\nret;\n}}\n",
                              statements)));
  EXPECT_EQ(status.code(), StatusCode::kInvalidPtx);
  return std::string(status.message());
}

void expect_message(std::string_view statements, std::string_view part) {
  const std::string message = message_for(statements);
  EXPECT_NE(message.find(part), message.npos) << message;
}

TEST(Errors, NameLineColumnAndStatement) {
  expect_message("  add.s32 %r1, %r9, 1;", "Kernel 'k': line 8, column 3");
  expect_message("  add.s32 %r1, %r9, 1;", "`add.s32 %r1, %r9, 1;`");
  expect_message("  add.s32 %r1, %r9, 1;", "'%r9' is not declared");
}

TEST(Errors, AreGivenForNamesOfTheWrongKind) {
  expect_message("bra nowhere;", "There is no label 'nowhere' here.");
  expect_message("@%r1 bra l; l:", "The guard '%r1' is not a predicate register.");
  expect_message("l: mov.u32 %r1, l;", "'l' is a label");
  expect_message("mov.u32 l, 1; l:", "'l' is not a register.");
  expect_message("ld.global.v2.u32 %r1, [%r2];", "another number of elements");
  expect_message(".reg .b32 x; .reg .b32 x;", "declared twice");
  expect_message("mov.u32 %r1, %nosuch;", "no special register");
  expect_message("mov.u32 %r1, %pm3;", "The special register '%pm3' is not supported.");
}

TEST(Errors, AreGivenForUndefinedFunctionsAndWrongCalls) {
  expect_message("call.uni missing, ();", "The function 'missing' is called but defined nowhere.");
  expect_message("call (%r1), %r2, (), nothing;", "needs a prototype");
}

TEST(Errors, AreGivenForVariablesThatFitNoStack) {
  expect_message(".local .b8 big[99999999999];", "99999999999 bytes");
}

TEST(Errors, LeaveOtherKernelsAlone) {
  const std::string text =
      module_text(".visible .entry bad() { nosuch.s32 %r1; }\n.visible .entry good() { ret; }\n");
  KernelRunner runner;
  EXPECT_EQ(runner.load(text, "bad").code(), StatusCode::kInvalidPtx);
  EXPECT_TRUE(runner.load(text, "good").ok());
}

}  // namespace
}  // namespace cuda_shim::tests
