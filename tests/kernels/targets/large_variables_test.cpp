// Variables with thousands of accesses have one use that ends the optimiser's search; others are
// left as they are.

#include "kernels/targets/host/large_variables.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>

namespace cuda_shim::kernels::targets::host {
namespace {

/// Uses that the variable has after the pass; `escapes`: its address is taken as a number.
unsigned uses_left(unsigned accesses, bool escapes) {
  std::string text = "define void @f(ptr %out) {\n  %v = alloca [65536 x i8]\n";
  for (unsigned i = 0; i < accesses; ++i)
    text +=
        fmt::format("  %p{0} = getelementptr i8, ptr %v, i64 {0}\n  store i8 1, ptr %p{0}\n", i);
  if (escapes) text += "  %n = ptrtoint ptr %v to i64\n  store i64 %n, ptr %out\n";
  llvm::LLVMContext context;
  llvm::SMDiagnostic why;
  auto module = llvm::parseAssemblyString(text + "  ret void\n}\n", why, context);
  if (module == nullptr) return 0;
  guard_large_variables(*module);
  EXPECT_FALSE(llvm::verifyModule(*module));
  return module->getFunction("f")->getEntryBlock().front().getNumUses();
}

TEST(LargeVariables, HaveOneUse) {
  EXPECT_EQ(uses_left(5000, true), 1u);
}

TEST(LargeVariables, AreLeftAloneIfTheyAreSmall) {
  EXPECT_EQ(uses_left(100, true), 101u);
}

TEST(LargeVariables, AreLeftAloneIfTheyCanBeTakenApart) {
  EXPECT_EQ(uses_left(5000, false), 5000u);
}

}  // namespace
}  // namespace cuda_shim::kernels::targets::host
