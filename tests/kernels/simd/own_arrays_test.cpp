// Arrays of threads' own, from text to text of one thread's function: which are laid out by lane,
// and what becomes of accesses to them.

#include "kernels/simd/own_arrays.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>

#include "kernels/simd/own_addresses.h"

namespace cuda_shim::kernels::simd {
namespace {

class OwnArrays : public testing::Test {
 protected:
  static constexpr unsigned kLanes = 16;

  /// Of a function f(i64 %i, i1 %c, ptr %p) with an array of 64 bytes, %a.
  void read(std::string_view body) {
    llvm::SMDiagnostic fault;
    module_ = llvm::parseAssemblyString(
        fmt::format("declare void @take(ptr)\n"
                    "define void @f(i64 %i, i1 %c, ptr %p) {{\n"
                    "entry:\n  %a = alloca [64 x i8], align 16\n{}  ret void\n}}\n",
                    body),
        fault, context_);
    ASSERT_TRUE(module_) << fault.getMessage().str();
  }

  void interleave(std::string_view body) {
    read(body);
    if (HasFatalFailure()) return;
    interleave_own_arrays(function(), {.count = kLanes});
    verify();
  }

  void verify() {
    std::string why;
    llvm::raw_string_ostream stream(why);
    EXPECT_FALSE(llvm::verifyModule(*module_, &stream)) << why;
  }

  llvm::Function& function() { return *module_->getFunction("f"); }
  const llvm::AllocaInst& array() {
    return llvm::cast<llvm::AllocaInst>(*function().getEntryBlock().begin());
  }
  std::uint64_t unit() { return interleaved_unit(array()); }
  std::uint64_t bytes() {
    return array().getAllocationSize(module_->getDataLayout())->getFixedValue();
  }

  template <class Instruction>
  unsigned count() {
    unsigned found = 0;
    for (const llvm::Instruction& each : llvm::instructions(function()))
      found += llvm::isa<Instruction>(each);
    return found;
  }

  /// How far from the array's begin the only access to a constant place is.
  std::int64_t distance_of_store() {
    for (const llvm::Instruction& each : llvm::instructions(function()))
      if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&each)) {
        llvm::APInt distance(64, 0);
        store->getPointerOperand()->stripAndAccumulateConstantOffsets(module_->getDataLayout(),
                                                                      distance, true);
        return distance.getSExtValue();
      }
    return -1;
  }

  llvm::LLVMContext context_;
  std::unique_ptr<llvm::Module> module_;
};

TEST_F(OwnArrays, AreLaidOutByLaneWhereAllAccessesAreSeen) {
  interleave(R"(
  %q = getelementptr float, ptr %a, i64 %i
  store float 1.0, ptr %q, align 4
)");
  EXPECT_EQ(unit(), 4);
  EXPECT_EQ(bytes(), 64 * kLanes);
}

TEST_F(OwnArrays, HaveTheirElementsAsManyTimesFurtherApartAsThereAreLanes) {
  interleave(R"(
  %q = getelementptr i8, ptr %a, i64 12
  store i32 1, ptr %q, align 4
)");
  EXPECT_EQ(distance_of_store(), 12 * kLanes);
}

TEST_F(OwnArrays, StayAsTheyAreWhereTheirAddressIsPassedOn) {
  interleave("  store i32 1, ptr %a, align 4\n  call void @take(ptr %a)\n");
  EXPECT_EQ(unit(), 0);
  EXPECT_EQ(bytes(), 64);
}

TEST_F(OwnArrays, StayAsTheyAreWhereTheirAddressIsStored) {
  interleave("  store i32 1, ptr %a, align 4\n  store ptr %a, ptr %p, align 8\n");
  EXPECT_EQ(unit(), 0);
}

TEST_F(OwnArrays, StayAsTheyAreWhereOtherMemoryMayBeMeant) {
  interleave(R"(
  %q = select i1 %c, ptr %a, ptr %p
  store i32 1, ptr %q, align 4
)");
  EXPECT_EQ(unit(), 0);
}

TEST_F(OwnArrays, StayAsTheyAreWhereAccessesAreVolatile) {
  interleave("  store volatile i32 1, ptr %a, align 4\n");
  EXPECT_EQ(unit(), 0);
}

TEST_F(OwnArrays, StayAsTheyAreWhereNumbersWouldFallIntoManyPieces) {
  interleave("  store i8 1, ptr %a, align 1\n  store i64 1, ptr %a, align 8\n");
  EXPECT_EQ(unit(), 0);
}

TEST_F(OwnArrays, AreCutIntoTheSmallestNumbersThatAreAccessed) {
  interleave("  store i32 1, ptr %a, align 4\n  store i64 1, ptr %a, align 8\n");
  EXPECT_EQ(unit(), 4);
  EXPECT_EQ(count<llvm::StoreInst>(), 3);
}

TEST_F(OwnArrays, GiveElementsOfVectorsOneByOne) {
  interleave(R"(
  %v = load <4 x float>, ptr %a, align 16
  %e = extractelement <4 x float> %v, i64 2
  store float %e, ptr %p, align 4
)");
  EXPECT_EQ(unit(), 4);
  EXPECT_EQ(count<llvm::LoadInst>(), 4);
  EXPECT_EQ(count<llvm::ExtractElementInst>(), 0);
}

TEST_F(OwnArrays, MayBeReachedThroughLoopsAndChoices) {
  interleave(R"(
  %half = getelementptr i8, ptr %a, i64 32
  %q = select i1 %c, ptr %a, ptr %half
  br label %loop
loop:
  %at = phi ptr [ %q, %entry ], [ %next, %loop ]
  store float 1.0, ptr %at, align 4
  %next = getelementptr i8, ptr %at, i64 4
  %done = icmp eq ptr %next, %half
  br i1 %done, label %end, label %loop
end:
)");
  EXPECT_EQ(unit(), 4);
}

TEST_F(OwnArrays, HavePointersWherePtxHasNumbers) {
  read(R"(
  %n = ptrtoint ptr %a to i64
  %s = shl i64 %i, 2
  %m = add i64 %s, %n
  %b = sub i64 %m, 8
  %q = inttoptr i64 %b to ptr addrspace(5)
  store float 1.0, ptr addrspace(5) %q, align 4
)");
  expose_own_arrays(function());
  verify();
  EXPECT_EQ(count<llvm::PtrToIntInst>() + count<llvm::IntToPtrInst>(), 0);
}

TEST_F(OwnArrays, HaveNumbersWhereTheseAreUsedOtherwise) {
  read(R"(
  %n = ptrtoint ptr %a to i64
  %q = inttoptr i64 %n to ptr
  store float 1.0, ptr %q, align 4
  store i64 %n, ptr %p, align 8
)");
  expose_own_arrays(function());
  verify();
  EXPECT_EQ(count<llvm::PtrToIntInst>(), 1);
}

}  // namespace
}  // namespace cuda_shim::kernels::simd
