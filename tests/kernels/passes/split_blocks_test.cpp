// Long blocks are cut, and what a cut must not change stays.

#include "kernels/passes/split_blocks.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>

#include <algorithm>

namespace cuda_shim::kernels::passes {
namespace {

class SplitBlocks : public testing::Test {
 protected:
  llvm::Function& parse(const std::string& body) {
    llvm::SMDiagnostic why;
    const std::string text = fmt::format("define i32 @f(ptr %p, i32 %n) {{\n{}}}\n", body);
    module_ = llvm::parseAssemblyString(text, why, context_);
    EXPECT_NE(module_, nullptr) << why.getMessage().str();
    return *module_->getFunction("f");
  }
  bool is_valid() const { return !llvm::verifyModule(*module_, &llvm::errs()); }

  llvm::LLVMContext context_;
  std::unique_ptr<llvm::Module> module_;
};

/// %x0 = %n, %x1 = %x0 * %n, ... `count` of them; returns the last.
std::string products(unsigned count) {
  std::string text = "  %x0 = add i32 %n, 1\n";
  for (unsigned i = 1; i < count; ++i) text += fmt::format("  %x{} = mul i32 %x{}, %n\n", i, i - 1);
  return text + fmt::format("  ret i32 %x{}\n", count - 1);
}

size_t longest_block(const llvm::Function& function) {
  size_t longest = 0;
  for (const llvm::BasicBlock& block : function) longest = std::max(longest, block.size());
  return longest;
}

TEST_F(SplitBlocks, CutsALongBlockIntoPiecesWithinTheLimit) {
  llvm::Function& function = parse(products(1000));
  EXPECT_TRUE(has_long_block(*module_, 100));
  EXPECT_EQ(split_long_blocks(function, 100), function.size() - 1);
  EXPECT_EQ(longest_block(function), 100u);
  EXPECT_EQ(function.getInstructionCount(), 1001 + function.size() - 1);
  EXPECT_FALSE(has_long_block(*module_, 100));
  EXPECT_TRUE(is_valid());
}

TEST_F(SplitBlocks, LeavesABlockThatFits) {
  llvm::Function& function = parse(products(99));
  EXPECT_EQ(split_long_blocks(function, 100), 0u);
  EXPECT_EQ(function.size(), 1u);
}

TEST_F(SplitBlocks, KeepsPhisAndTheirEdges) {
  const std::string body = "  br label %loop\nloop:\n  %i = phi i32 [ 0, %0 ], [ %x199, %loop ]\n" +
                           products(200).erase(products(200).rfind("  ret")) +
                           "  %more = icmp ult i32 %x199, %i\n"
                           "  br i1 %more, label %loop, label %end\nend:\n  ret i32 %i\n";
  llvm::Function& function = parse(body);
  EXPECT_GT(split_long_blocks(function, 50), 0u);
  EXPECT_LE(longest_block(function), 50u);
  EXPECT_TRUE(is_valid());
}

TEST_F(SplitBlocks, KeepsAllocasInTheEntryBlock) {
  std::string body;
  for (unsigned i = 0; i < 60; ++i) body += fmt::format("  %a{} = alloca i32\n", i);
  llvm::Function& function = parse(body + products(200));
  EXPECT_GT(split_long_blocks(function, 50), 0u);
  for (const llvm::BasicBlock& block : function)
    for (const llvm::Instruction& instruction : block)
      if (const auto* storage = llvm::dyn_cast<llvm::AllocaInst>(&instruction))
        EXPECT_TRUE(storage->isStaticAlloca());
}

TEST_F(SplitBlocks, RecomputesConstantOffsetsInEachPiece) {
  const std::string use = "  store i32 %x198, ptr %q\n  ret i32";
  std::string body = products(200);
  body.replace(body.rfind("  ret i32"), 9, use);
  llvm::Function& function = parse("  %q = getelementptr i8, ptr %p, i64 12\n" + body);
  EXPECT_GT(split_long_blocks(function, 50), 0u);
  for (const llvm::BasicBlock& block : function)
    for (const llvm::Instruction& instruction : block)
      if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
        const auto* address = llvm::dyn_cast<llvm::GetElementPtrInst>(store->getPointerOperand());
        ASSERT_NE(address, nullptr);
        EXPECT_EQ(address->getParent(), &block);
      }
  EXPECT_TRUE(is_valid());
}

}  // namespace
}  // namespace cuda_shim::kernels::passes
