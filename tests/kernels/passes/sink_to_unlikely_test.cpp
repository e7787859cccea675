// Vectors move to the unlikely blocks that need them, and to no others.

#include "kernels/passes/sink_to_unlikely.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>

namespace cuda_shim::kernels::passes {
namespace {

class SinkToUnlikely : public testing::Test {
 protected:
  /// A function whose block `rare` follows one of `weight` in 2001 times; `hot` is put into the
  /// block that both ways come to.
  unsigned sink(unsigned weight, std::string_view hot) {
    llvm::SMDiagnostic why;
    const std::string text = fmt::format(
        R"(define void @f(ptr %p, <4 x i32> %v, i1 %c) {{
entry:
  %a = add <4 x i32> %v, splat (i32 1)
  %b = mul <4 x i32> %a, %a
  br i1 %c, label %rare, label %join, !prof !0
rare:
  store <4 x i32> %b, ptr %p
  br label %join
join:
  {}
  ret void
}}
!0 = !{{!"branch_weights", i32 {}, i32 2000}}
)",
        hot, weight);
    module_ = llvm::parseAssemblyString(text, why, context_);
    EXPECT_NE(module_, nullptr) << why.getMessage().str();
    const unsigned moved = sink_to_unlikely(*module_->getFunction("f"));
    EXPECT_FALSE(llvm::verifyModule(*module_, &llvm::errs()));
    return moved;
  }
  size_t instructions_in(unsigned number) const {
    return std::next(module_->getFunction("f")->begin(), number)->size();
  }

  llvm::LLVMContext context_;
  std::unique_ptr<llvm::Module> module_;
};

TEST_F(SinkToUnlikely, WhatOnlyARareBlockNeedsIsWorkedOutThere) {
  EXPECT_EQ(sink(1, ""), 2u);
  EXPECT_EQ(instructions_in(0), 1u);
  EXPECT_EQ(instructions_in(1), 4u);
}

TEST_F(SinkToUnlikely, WhatOthersNeedStays) {
  EXPECT_EQ(sink(1, "store <4 x i32> %a, ptr %p"), 1u);
  EXPECT_EQ(instructions_in(0), 2u);
}

TEST_F(SinkToUnlikely, ABlockThatIsNotRareLeavesEverythingWhereItIs) {
  EXPECT_EQ(sink(1000, ""), 0u);
}

}  // namespace
}  // namespace cuda_shim::kernels::passes
