// What becomes of matrix operations where a warp is a vector: golden counts of the instructions
// that do the work. That the bits are right, the PTX tests show.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/IntrinsicsX86.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>

#include "kernels/compiler/kernel_runner.h"
#include "kernels/instructions/device_ops.h"
#include "kernels/instructions/matrix_warp.h"
#include "kernels/passes/prepare.h"
#include "kernels/simd/vectorise.h"
#include "kernels/targets/host/host_target.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;

/// %rd2 is p + 64 * lane, %r1 to %r10 are words from there, %rd1 is p.
constexpr std::string_view kWords = R"(
  .reg .b32 %r<40>; .reg .b64 %rd<20>; .reg .f32 %f<20>; .reg .f64 %fd<20>; .reg .pred %p<4>;
  mov.u32 %r20, %tid.x;
  ld.param.u64 %rd1, [p]; cvta.to.global.u64 %rd1, %rd1;
  mul.wide.u32 %rd3, %r20, 64; add.s64 %rd2, %rd1, %rd3;
  ld.global.v4.b32 {%r1, %r2, %r3, %r4}, [%rd2];
  ld.global.v4.b32 {%r5, %r6, %r7, %r8}, [%rd2+16];
  ld.global.v2.b32 {%r9, %r10}, [%rd2+32];
)";
constexpr std::string_view kStore = "st.global.v4.b32 [%rd2], {%r11, %r12, %r13, %r14};";

class Matrix : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::string_view(tests::this_machine().triple).starts_with("x86_64"))
      GTEST_SKIP() << "The counts are those of AVX-512.";
  }

  /// Of a kernel that begins with kWords, for a machine with these features beside the level.
  void vectorise(std::string_view body, const char* level = "x86-64-v4",
                 const char* features = "+avx512vnni") {
    const std::string text = tests::module_text(
        fmt::format(".visible .entry k(.param .u64 p) {{\n{}{}\n  ret;\n}}\n", kWords, body));
    auto program = Program::from_ptx({{"test", text}});
    ASSERT_TRUE(program) << program.error().message();
    auto lowered =
        instructions::lower_kernel(context_, KernelSource(**program, (*program)->kernels()[0]));
    ASSERT_TRUE(lowered) << lowered.error().message();
    passes::prepare(*lowered->module);
    cuda_shim_target target = tests::this_machine();
    fmt::format_to_n(target.cpu, sizeof target.cpu, "{}{}", level, '\0');
    fmt::format_to_n(target.features, sizeof target.features, "{}{}", features, '\0');
    auto machine = targets::host::create_machine(target, 3);
    ASSERT_TRUE(machine);
    machine_ = std::move(*machine);
    const auto lanes = simd::vectorise(*lowered, *machine_, {32, 1, 1});
    ASSERT_TRUE(lanes) << lanes.error();
    EXPECT_EQ(lanes->count, 32u);
    kernel_ = std::move(*lowered);
    std::string why;
    llvm::raw_string_ostream stream(why);
    EXPECT_FALSE(llvm::verifyModule(*kernel_.module, &stream)) << why;
  }

  template <class Condition>
  unsigned count(Condition condition) const {
    unsigned found = 0;
    for (const llvm::Instruction& instruction : llvm::instructions(*kernel_.entry))
      found += condition(instruction);
    return found;
  }
  unsigned calls(llvm::Intrinsic::ID id) const {
    return count([id](const llvm::Instruction& i) {
      const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&i);
      return call != nullptr && call->getIntrinsicID() == id;
    });
  }
  unsigned calls_of_forms() const {
    return count([](const llvm::Instruction& i) {
      const auto* call = llvm::dyn_cast<llvm::CallInst>(&i);
      return call != nullptr && call->getCalledFunction() != nullptr &&
             instructions::is_warp_form(*call->getCalledFunction());
    });
  }
  /// Loads of vectors of `bits`.
  unsigned loads(unsigned bits) const {
    return count([bits](const llvm::Instruction& i) {
      return llvm::isa<llvm::LoadInst>(i) && i.getType()->isVectorTy() &&
             i.getType()->getPrimitiveSizeInBits() == bits;
    });
  }
  unsigned stores(unsigned bits) const {
    return count([bits](const llvm::Instruction& i) {
      const auto* store = llvm::dyn_cast<llvm::StoreInst>(&i);
      return store != nullptr &&
             store->getValueOperand()->getType()->getPrimitiveSizeInBits() == bits;
    });
  }
  bool exchanges() const {
    const llvm::Function* function = kernel_.module->getFunction("cuda_shim.exchange");
    return function != nullptr && !function->use_empty();
  }

  llvm::LLVMContext context_;
  std::unique_ptr<llvm::TargetMachine> machine_;
  instructions::LoweredKernel kernel_;
};

constexpr std::string_view kHalfProduct =
    "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f1, %f2, %f3, %f4}, {%r1, %r2, %r3, %r4},"
    "{%r5, %r6}, {%f1, %f2, %f3, %f4};\n";
constexpr std::string_view kNoSums =
    "mov.f32 %f1, 0f00000000; mov.f32 %f2, %f1; mov.f32 %f3, %f1; mov.f32 %f4, %f1;\n";
constexpr std::string_view kStoreSums = "st.global.v4.f32 [%rd2], {%f1, %f2, %f3, %f4};";

// 16x8 sums are four of 32 lanes; each takes 16 products.
TEST_F(Matrix, SumsStayInLanes) {
  vectorise(fmt::format("{}{}{}", kNoSums, kHalfProduct, kStoreSums));
  EXPECT_EQ(calls(llvm::Intrinsic::fma), 64u);
  EXPECT_FALSE(exchanges());
}

TEST_F(Matrix, RowsAndColumnsAreOnePermutationEach) {
  vectorise(fmt::format("{}{}{}", kNoSums, kHalfProduct, kStoreSums));
  // Of 512 bits of floats: 16 rows of A in four vectors and every other column of B in two (which
  // LLVM finds to be one) for each k.
  EXPECT_EQ(count([](const llvm::Instruction& i) {
              const auto* shuffle = llvm::dyn_cast<llvm::ShuffleVectorInst>(&i);
              int first = 0;
              return shuffle != nullptr && i.getType()->getScalarType()->isFloatTy() &&
                     i.getType()->getPrimitiveSizeInBits() == 512 &&
                     !shuffle->isExtractSubvectorMask(first);
            }),
            (4u + 4u) * 16u);
}

TEST_F(Matrix, OnlyTheLastOfSeveralProductsIsMadeCanonical) {
  vectorise(fmt::format("{}{}{}{}", kNoSums, kHalfProduct, kHalfProduct, kStoreSums));
  EXPECT_EQ(calls(llvm::Intrinsic::fma), 128u);
  EXPECT_EQ(calls_of_forms(), 0u);
  unsigned adding_to_canonical = 0;
  for (const llvm::Instruction& instruction : llvm::instructions(*kernel_.entry)) {
    const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
    if (call == nullptr || call->getIntrinsicID() != llvm::Intrinsic::fma) continue;
    adding_to_canonical += llvm::isa<llvm::BitCastInst>(call->getArgOperand(2));
  }
  EXPECT_EQ(adding_to_canonical, 0u);
}

TEST_F(Matrix, ManyProductsAreCallsOfOne) {
  std::string body(kNoSums);
  for (unsigned i = 0; i < 40; ++i) body.append(kHalfProduct);
  vectorise(body.append(kStoreSums));
  EXPECT_EQ(calls_of_forms(), 40u);
  EXPECT_EQ(calls(llvm::Intrinsic::fma), 0u);
}

constexpr std::string_view kByteProduct =
    "mma.sync.aligned.m16n8k32.row.col.s32.{}.{}.s32 {{%r11, %r12, %r13, %r14}},"
    "{{%r1, %r2, %r3, %r4}}, {{%r5, %r6}}, {{%r7, %r8, %r9, %r10}};\n{}";

// 16x8 sums of 32 products are eight instructions of eight times four.
TEST_F(Matrix, BytesOfMixedSignsAreMultipliedFourAtATime) {
  vectorise(fmt::format(kByteProduct, "u8", "s8", kStore));
  EXPECT_EQ(calls(llvm::Intrinsic::x86_avx512_vpdpbusd_512), 64u);
  vectorise(fmt::format(kByteProduct, "s8", "u8", kStore));
  EXPECT_EQ(calls(llvm::Intrinsic::x86_avx512_vpdpbusd_512), 64u);
}

TEST_F(Matrix, BytesWithoutVnniAreMultipliedAsWords) {
  vectorise(fmt::format(kByteProduct, "s8", "s8", kStore), "x86-64-v4", "");
  EXPECT_EQ(calls(llvm::Intrinsic::x86_avx512_vpdpbusd_512), 0u);
  EXPECT_EQ(count([](const llvm::Instruction& i) {
              return i.getOpcode() == llvm::Instruction::Mul && i.getType()->isVectorTy();
            }),
            4u * 32u);
}

TEST_F(Matrix, DoublesAreMultipliedInVectors) {
  vectorise(
      "ld.global.v2.f64 {%fd1, %fd2}, [%rd2];"
      "mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%fd3, %fd4}, {%fd1}, {%fd2}, {%fd1, %fd2};"
      "st.global.v2.f64 [%rd2], {%fd3, %fd4};");
  EXPECT_EQ(calls(llvm::Intrinsic::fma), 8u);
}

TEST_F(Matrix, RowsOfLdmatrixAreLoadedWhole) {
  vectorise(
      "cvt.u32.u64 %r21, %rd3;"
      "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%r11, %r12, %r13, %r14}, [%r21];" +
      std::string(kStore));
  EXPECT_EQ(loads(128), 32u);
  EXPECT_FALSE(exchanges());
}

TEST_F(Matrix, RowsOfWmmaAreLoadedAndStoredWhole) {
  vectorise(
      "wmma.load.c.sync.aligned.row.m16n16k16.global.f32 {%f1, %f2, %f3, %f4, %f5, %f6, %f7, %f8},"
      "[%rd1], 64;"
      "wmma.store.d.sync.aligned.row.m16n16k16.global.f32 [%rd1+64],"
      "{%f1, %f2, %f3, %f4, %f5, %f6, %f7, %f8}, 64;");
  EXPECT_EQ(loads(512), 16u);
  EXPECT_EQ(stores(512), 16u);
  EXPECT_EQ(calls(llvm::Intrinsic::masked_scatter), 0u);
}

TEST_F(Matrix, MovmatrixIsAPermutation) {
  vectorise("movmatrix.sync.aligned.m8n8.trans.b16 %r11, %r1; st.global.b32 [%rd2], %r11;");
  EXPECT_FALSE(exchanges());
}

// Sparse products have no form for a warp.
TEST_F(Matrix, SparseProductsExchangeWords) {
  vectorise(
      "mov.f32 %f1, 0f00000000;"
      "mma.sp::ordered_metadata.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f1, %f2, %f3, %f4},"
      "{%r1, %r2}, {%r5, %r6}, {%f1, %f1, %f1, %f1}, %r7, 0;" +
      std::string(kStoreSums));
  EXPECT_EQ(calls(llvm::Intrinsic::memcpy), 1u);
}

}  // namespace
}  // namespace cuda_shim::kernels::simd
