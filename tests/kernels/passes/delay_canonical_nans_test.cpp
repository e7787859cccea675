// Who gets the canonical NaN and who gets what the processor made. `canonical NAME VALUE` in the
// texts below stands for the instructions that make VALUE canonical.

#include "kernels/passes/delay_canonical_nans.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/ValueSymbolTable.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>

#include <regex>
#include <sstream>

namespace cuda_shim::kernels::passes {
namespace {

class DelayCanonicalNans : public testing::Test {
 protected:
  unsigned run(const std::string& body) {
    llvm::SMDiagnostic why;
    const std::string text = fmt::format(
        "declare float @llvm.fma.f32(float, float, float)\n"
        "declare float @llvm.copysign.f32(float, float)\n"
        "declare float @llvm.maximumnum.f32(float, float)\n"
        "declare float @cuda_shim.exp2_f32(float, i32)\n"
        "declare i64 @cuda_shim.shuffle(i32, i32, i32, i32, i32)\n"
        "define void @f(ptr %p, float %a, float %b, i1 %q) {{\n{}}}\n",
        expand(body));
    module_ = llvm::parseAssemblyString(text, why, context_);
    EXPECT_NE(module_, nullptr) << why.getMessage().str() << "\n" << text;
    const unsigned changed = delay_canonical_nans(*module_);
    EXPECT_FALSE(llvm::verifyModule(*module_, &llvm::errs()));
    return changed;
  }

  static std::string expand(const std::string& body) {
    std::istringstream lines(body);
    std::string text;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string keyword, name, value;
      words >> keyword >> name >> value;
      if (keyword != "canonical") {
        text += line + "\n";
        continue;
      }
      text += fmt::format(
          "  %{0}.bits = bitcast float {1} to i32\n"
          "  %{0}.nan = fcmp uno float {1}, {1}\n"
          "  %{0}.chosen = select i1 %{0}.nan, i32 2147483647, i32 %{0}.bits\n"
          "  %{0} = bitcast i32 %{0}.chosen to float\n",
          name, value);
    }
    return text;
  }

  llvm::Instruction& named(llvm::StringRef name) {
    auto* value = module_->getFunction("f")->getValueSymbolTable()->lookup(name);
    return *llvm::cast<llvm::Instruction>(value);
  }
  llvm::StringRef operand(llvm::StringRef name, unsigned index) {
    return named(name).getOperand(index)->getName();
  }
  /// What the only store stores.
  llvm::Value* stored() {
    for (llvm::BasicBlock& block : *module_->getFunction("f"))
      for (llvm::Instruction& instruction : block)
        if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction))
          return store->getValueOperand();
    return nullptr;
  }
  bool stores_canonical() {
    auto* cast = llvm::dyn_cast<llvm::BitCastInst>(stored());
    return cast != nullptr && llvm::isa<llvm::SelectInst>(cast->getOperand(0));
  }

  llvm::LLVMContext context_;
  std::unique_ptr<llvm::Module> module_;
};

TEST_F(DelayCanonicalNans, ArithmeticTakesTheValueFromBeforeAndAStoreTheCanonicalOne) {
  EXPECT_EQ(run(R"(
  %s = fadd float %a, %b
  canonical c %s
  %t = call float @llvm.fma.f32(float %c, float %b, float %c)
  canonical d %t
  store float %d, ptr %p
  ret void
)"),
            2u);
  EXPECT_EQ(operand("t", 0), "s");
  EXPECT_EQ(operand("t", 2), "s");
  EXPECT_EQ(stored(), &named("d"));
}

TEST_F(DelayCanonicalNans, ArithmeticWhoseOwnResultIsSeenKeepsTheCanonicalOperand) {
  EXPECT_EQ(run(R"(
  %s = fadd float %a, %b
  canonical c %s
  %t = fneg float %c
  store float %t, ptr %p
  ret void
)"),
            0u);
  EXPECT_EQ(operand("t", 0), "c");
}

TEST_F(DelayCanonicalNans, NegationOnItsWayToArithmeticIsBlind) {
  run(R"(
  %s = fadd float %a, %b
  canonical c %s
  %n = fneg float %c
  %t = fmul float %n, %b
  canonical d %t
  store float %d, ptr %p
  ret void
)");
  EXPECT_EQ(operand("n", 0), "s");
}

constexpr const char* kFlushed = R"(
  %s = fadd float %a, %b
  canonical c %s
  %t = fmul float %c, %b
  %bits = bitcast float %t to i32
  %exponent = and i32 %bits, MASK
  %tiny = icmp eq i32 %exponent, 0
  %sign = and i32 %bits, -2147483648
  %kept = select i1 %tiny, i32 %sign, i32 %bits
  %flushed = bitcast i32 %kept to float
  canonical d %flushed
  store float %d, ptr %p
  ret void
)";

TEST_F(DelayCanonicalNans, NansGoThroughTheFlushingOfSubnormalNumbers) {
  run(std::regex_replace(kFlushed, std::regex("MASK"), "2139095040"));
  EXPECT_EQ(operand("t", 0), "s");
  EXPECT_TRUE(stores_canonical());
}

TEST_F(DelayCanonicalNans, OtherChoicesByBitsKeepTheCanonicalValue) {
  run(std::regex_replace(kFlushed, std::regex("MASK"), "4194304"));
  EXPECT_EQ(operand("t", 0), "c");
}

TEST_F(DelayCanonicalNans, ApproximationsTakeTheValueFromBefore) {
  run(R"(
  %s = fadd float %a, %b
  canonical c %s
  %t = call float @cuda_shim.exp2_f32(float %c, i32 0)
  canonical d %t
  store float %d, ptr %p
  ret void
)");
  EXPECT_EQ(operand("t", 0), "s");
}

TEST_F(DelayCanonicalNans, OperationsOnBitsKeepTheCanonicalValue) {
  EXPECT_EQ(run(R"(
  %s = fadd float %a, %b
  canonical c %s
  %t = call float @llvm.copysign.f32(float %a, float %c)
  canonical d %t
  store float %d, ptr %p
  ret void
)"),
            0u);
  EXPECT_EQ(operand("t", 1), "c");
}

TEST_F(DelayCanonicalNans, AccumulatorOfALoopIsMadeCanonicalBehindIt) {
  run(R"(
entry:
  br label %loop
loop:
  %sum = phi float [ 0.0, %entry ], [ %c, %loop ]
  %s = fadd float %sum, %a
  canonical c %s
  br i1 %q, label %loop, label %end
end:
  store float %sum, ptr %p
  ret void
)");
  auto* raw = llvm::dyn_cast<llvm::PHINode>(named("s").getOperand(0));
  ASSERT_NE(raw, nullptr);
  EXPECT_EQ(raw->getIncomingValue(1), &named("s"));
  EXPECT_TRUE(stores_canonical());
}

TEST_F(DelayCanonicalNans, ArithmeticThatFeedsAnAccumulatorIsBlindItself) {
  run(R"(
entry:
  br label %loop
loop:
  %sum = phi float [ 0.0, %entry ], [ %d, %loop ]
  %s = fmul float %sum, %a
  canonical c %s
  %t = fadd float %c, %b
  canonical d %t
  br i1 %q, label %loop, label %end
end:
  store float %sum, ptr %p
  ret void
)");
  EXPECT_EQ(operand("t", 0), "s");
}

TEST_F(DelayCanonicalNans, PhiOfALoadedValueStaysAsItIs) {
  // The load's NaN keeps its bits on its way through the phi.
  run(R"(
entry:
  %first = load float, ptr %p
  br label %loop
loop:
  %sum = phi float [ %first, %entry ], [ %c, %loop ]
  %s = fadd float %sum, %a
  canonical c %s
  br i1 %q, label %loop, label %end
end:
  store float %sum, ptr %p
  ret void
)");
  EXPECT_EQ(stored(), &named("sum"));
  EXPECT_EQ(operand("s", 0), "sum");
  EXPECT_EQ(llvm::cast<llvm::PHINode>(named("sum")).getIncomingValue(1), &named("c"));
}

TEST_F(DelayCanonicalNans, SelectionsOfCanonicalValuesAreMerges) {
  run(R"(
  %s = fadd float %a, %b
  canonical c %s
  %m = select i1 %q, float %c, float 1.0
  %t = fmul float %m, %b
  canonical d %t
  %u = fadd float %d, %m
  canonical e %u
  store float %m, ptr %p
  ret void
)");
  auto* raw = llvm::dyn_cast<llvm::SelectInst>(named("t").getOperand(0));
  ASSERT_NE(raw, nullptr);
  EXPECT_EQ(raw->getTrueValue(), &named("s"));
  EXPECT_TRUE(stores_canonical());
}

/// A shuffle of %c, the float that it gives, and what `use` makes of that.
std::string shuffled(const std::string& use) {
  return "  %s = fadd float %a, %b\n"
         "canonical c %s\n"
         "  %sent = bitcast float %c to i32\n"
         "  %pair = call i64 @cuda_shim.shuffle(i32 2, i32 %sent, i32 16, i32 31, i32 -1)\n"
         "  %high = lshr i64 %pair, 32\n"
         "  %low = trunc i64 %pair to i32\n"
         "  %came = bitcast i32 %low to float\n" +
         use +
         "canonical d %t\n"
         "  store float %d, ptr %p\n"
         "  ret void\n";
}

TEST_F(DelayCanonicalNans, ALaneSendsWhatTheOtherCountsWith) {
  EXPECT_EQ(run(shuffled("  %t = fadd float %c, %came\n")), 2u);
  EXPECT_EQ(operand("sent", 0), "s");
  EXPECT_EQ(operand("t", 0), "s");
  EXPECT_EQ(stored()->getName(), "d");
}

TEST_F(DelayCanonicalNans, ExtremesIgnoreNansWhateverTheirBits) {
  EXPECT_EQ(run(shuffled("  %t = call float @llvm.maximumnum.f32(float %c, float %came)\n")), 2u);
  EXPECT_EQ(operand("sent", 0), "s");
}

TEST_F(DelayCanonicalNans, ALaneSendsTheCanonicalNanWhereItsBitsAreSeen) {
  EXPECT_EQ(run(shuffled("  %t = fadd float %c, %came\n  store i32 %low, ptr %p\n")), 1u);
  EXPECT_EQ(operand("sent", 0), "c");
}

}  // namespace
}  // namespace cuda_shim::kernels::passes
