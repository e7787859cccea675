// The code generator sees short blocks only, whatever it is given.

#include "kernels/targets/host/emit.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/Support/SourceMgr.h>

#include "kernels/compiler/kernel_runner.h"
#include "kernels/targets/host/host_target.h"

namespace cuda_shim::kernels::targets::host {
namespace {

std::string straight_line(unsigned count) {
  std::string text = "define i32 @f(i32 %n) {\n  %x0 = add i32 %n, 1\n";
  for (unsigned i = 1; i < count; ++i)
    text += fmt::format("  %x{} = {} i32 %x{}, %n\n", i, i % 2 ? "mul" : "xor", i - 1);
  return text + fmt::format("  ret i32 %x{}\n}}\n", count - 1);
}

/// The lengths of the blocks that instruction selection was given for `count` instructions.
std::vector<size_t> selected_blocks(unsigned count) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic why;
  auto module = llvm::parseAssemblyString(straight_line(count), why, context);
  auto machine = create_machine(tests::this_machine(), 3);
  if (module == nullptr || !machine) return {};
  module->setTargetTriple((*machine)->getTargetTriple());
  module->setDataLayout((*machine)->createDataLayout());
  auto bytes = emit(*module, **machine, llvm::CodeGenFileType::ObjectFile);
  EXPECT_TRUE(bytes.has_value() && !bytes->empty());
  std::vector<size_t> lengths;
  for (const llvm::BasicBlock& block : *module->getFunction("f")) lengths.push_back(block.size());
  return lengths;
}

TEST(Emit, LeavesShortBlocksWhole) {
  EXPECT_EQ(selected_blocks(100), std::vector<size_t>{101});
}

TEST(Emit, CutsBlocksWhereLlvmDoesNotMergeThemAgain) {
  const std::vector<size_t> lengths = selected_blocks(5000);
  ASSERT_FALSE(lengths.empty());
  for (const size_t length : lengths) EXPECT_LE(length, 512u);
}

}  // namespace
}  // namespace cuda_shim::kernels::targets::host
