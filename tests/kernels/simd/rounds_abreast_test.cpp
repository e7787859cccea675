// Which loops run several rounds abreast, and in what order their operations come then.

#include "kernels/simd/rounds_abreast.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>

namespace cuda_shim::kernels::simd {
namespace {

class RoundsAbreast : public testing::Test {
 protected:
  static constexpr unsigned kChain = 48;

  /// Adds up, round for round, the product of a row of p with numbers of the thread's own.
  static std::string dot_products(unsigned rounds, std::string_view more = "") {
    std::string text = R"(declare float @llvm.fma.f32(float, float, float)
define float @f(ptr %p, ptr %q, float %x) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %total = phi float [ 0.0, %entry ], [ %sum, %loop ]
  %row = getelementptr [48 x float], ptr %p, i64 %i
)";
    for (unsigned k = 0; k < kChain; ++k) {
      const std::string before = k == 0 ? "0.0" : fmt::format("%s{}", k - 1);
      text += fmt::format(
          "  %a{0} = getelementptr float, ptr %row, i64 {0}\n"
          "  %v{0} = load float, ptr %a{0}, align 4\n"
          "  %s{0} = call float @llvm.fma.f32(float %v{0}, float %x, float {1})\n",
          k, before);
    }
    return text + fmt::format(R"(  %sum = fadd float %total, %s{}
{}  %next = add i64 %i, 1
  %done = icmp eq i64 %next, {}
  br i1 %done, label %end, label %loop
end:
  %result = phi float [ %sum, %loop ]
  ret float %result
}}
)",
                              kChain - 1, more, rounds);
  }

  void run(const std::string& text) {
    llvm::SMDiagnostic fault;
    module_ = llvm::parseAssemblyString(text, fault, context_);
    ASSERT_TRUE(module_) << fault.getMessage().str();
    run_rounds_abreast(*module_->getFunction("f"), {.count = 16}, 512);
    std::string why;
    llvm::raw_string_ostream stream(why);
    EXPECT_FALSE(llvm::verifyModule(*module_, &stream)) << why;
  }

  std::vector<const llvm::Instruction*> products() {
    std::vector<const llvm::Instruction*> found;
    for (const llvm::Instruction& each : llvm::instructions(*module_->getFunction("f")))
      if (llvm::isa<llvm::IntrinsicInst>(each)) found.push_back(&each);
    return found;
  }

  llvm::LLVMContext context_;
  std::unique_ptr<llvm::Module> module_;
};

TEST_F(RoundsAbreast, HaveAsManyChainsAsRounds) {
  run(dot_products(32));
  const auto all = products();
  ASSERT_EQ(all.size(), 4 * kChain);
  for (unsigned k = 4; k < all.size(); ++k) EXPECT_EQ(all[k]->getOperand(2), all[k - 4]) << k;
}

TEST_F(RoundsAbreast, AddUpInTheOrderOfRounds) {
  run(dot_products(32));
  std::vector<const llvm::Instruction*> sums;
  for (const llvm::Instruction& each : llvm::instructions(*module_->getFunction("f")))
    if (each.getOpcode() == llvm::Instruction::FAdd) sums.push_back(&each);
  ASSERT_EQ(sums.size(), 4);
  const auto all = products();
  for (unsigned k = 0; k < 4; ++k) {
    EXPECT_EQ(sums[k]->getOperand(1), all[all.size() - 4 + k]);
    if (k > 0) EXPECT_EQ(sums[k]->getOperand(0), sums[k - 1]);
  }
}

TEST_F(RoundsAbreast, AreNotTakenWhereTheirNumberDoesNotDivide) {
  run(dot_products(31));
  EXPECT_EQ(products().size(), kChain);
}

TEST_F(RoundsAbreast, AreNotTakenWhereARoundWritesWhatAnotherMayRead) {
  run(dot_products(32, "  store float %sum, ptr %q, align 4\n"));
  EXPECT_EQ(products().size(), kChain);
}

}  // namespace
}  // namespace cuda_shim::kernels::simd
