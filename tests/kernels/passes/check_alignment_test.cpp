// Which accesses are checked for alignment, and what the check does.

#include "kernels/passes/check_alignment.h"

#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>

namespace cuda_shim::kernels::passes {
namespace {

class CheckAlignment : public testing::Test {
 protected:
  unsigned run(const std::string& body) {
    llvm::SMDiagnostic why;
    module_ = llvm::parseAssemblyString(
        "declare ptr @cuda_shim.parameters()\n"
        "define void @f(ptr %p, ptr align 16 %q) {\n" +
            body + "}\n",
        why, context_);
    EXPECT_NE(module_, nullptr) << why.getMessage().str();
    const unsigned checked = check_alignment(*module_);
    EXPECT_FALSE(llvm::verifyModule(*module_, &llvm::errs()));
    return checked;
  }
  /// Arguments of all calls of the device operation trap.
  std::vector<std::uint64_t> traps() {
    std::vector<std::uint64_t> codes;
    for (const llvm::User* user : module_->getFunction("cuda_shim.trap")->users())
      codes.push_back(llvm::cast<llvm::ConstantInt>(user->getOperand(0))->getZExtValue());
    return codes;
  }

  llvm::LLVMContext context_;
  std::unique_ptr<llvm::Module> module_;
};

TEST_F(CheckAlignment, AccessThroughAnUnknownPointerTrapsWithMisalignedAddress) {
  EXPECT_EQ(run("  %v = load i32, ptr %p, align 4\n  ret void\n"), 1u);
  EXPECT_EQ(traps(), (std::vector<std::uint64_t>{716}));
}

TEST_F(CheckAlignment, EveryKindOfAccessIsChecked) {
  EXPECT_EQ(run(R"(
  store i64 1, ptr %p, align 8
  %a = atomicrmw add ptr %p, i32 1 monotonic, align 4
  %b = cmpxchg ptr %p, i32 1, i32 2 monotonic monotonic, align 4
  %c = load <4 x i32>, ptr %p, align 16
  ret void
)"),
            4u);
}

TEST_F(CheckAlignment, BytesAndPlainlyAlignedAddressesAreNotChecked) {
  EXPECT_EQ(run(R"(
  %a = load i8, ptr %p, align 1
  %b = load i64, ptr %q, align 8
  %next = getelementptr i8, ptr %q, i64 32
  store i64 %b, ptr %next, align 8
  %parameters = call ptr @cuda_shim.parameters()
  %c = load i64, ptr %parameters, align 8
  ret void
)"),
            0u);
}

}  // namespace
}  // namespace cuda_shim::kernels::passes
