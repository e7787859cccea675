// What becomes of kernels as functions of groups: which accesses are vectors, which values are
// computed once, and what is left to the scalar engine. A loss of code quality shows here.

#include "kernels/simd/vectorise.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>

#include "kernels/compiler/kernel_runner.h"
#include "kernels/instructions/device_ops.h"
#include "kernels/passes/delay_canonical_nans.h"
#include "kernels/passes/insert_yields.h"
#include "kernels/passes/prepare.h"
#include "kernels/targets/host/host_target.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;

/// Thread index and a pointer parameter: %r1 = ctaid.x * ntid.x + tid.x, %rd1 = p, %rd2 = p + 4 *
/// %r1.
constexpr std::string_view kIndex = R"(
  .reg .b32 %r<20>; .reg .b64 %rd<20>; .reg .f32 %f<20>; .reg .pred %p<9>;
  mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x;
  mad.lo.s32 %r1, %r2, %r3, %r4;
  ld.param.u64 %rd1, [p]; cvta.to.global.u64 %rd1, %rd1;
  mul.wide.s32 %rd3, %r1, 4; add.s64 %rd2, %rd1, %rd3;
)";

class Vectorise : public testing::Test {
 protected:
  /// Of a kernel k(p, n) that begins with kIndex.
  void vectorise(std::string_view body, const cuda_shim_dim3& block = {256, 1, 1}) {
    const std::string text = tests::module_text(fmt::format(
        ".visible .entry k(.param .u64 p, .param .u32 n) {{\n{}{}\n  ret;\n}}\n", kIndex, body));
    auto program = Program::from_ptx({{"test", text}});
    ASSERT_TRUE(program) << program.error().message();
    auto lowered =
        instructions::lower_kernel(context_, KernelSource(**program, (*program)->kernels()[0]));
    ASSERT_TRUE(lowered) << lowered.error().message();
    passes::prepare(*lowered->module);
    passes::delay_canonical_nans(*lowered->module);
    passes::insert_yields(*lowered->module);
    auto machine = targets::host::create_machine(tests::this_machine(), 3);
    ASSERT_TRUE(machine);
    machine_ = std::move(*machine);
    result_ = simd::vectorise(*lowered, *machine_, block);
    if (!result_) return;
    kernel_ = std::move(*lowered);
    std::string why;
    llvm::raw_string_ostream stream(why);
    EXPECT_FALSE(llvm::verifyModule(*kernel_.module, &stream)) << why;
  }

  unsigned calls(llvm::Intrinsic::ID id) const {
    unsigned count = 0;
    for (const llvm::Instruction& instruction : llvm::instructions(*kernel_.entry))
      if (const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction))
        count += call->getIntrinsicID() == id;
    return count;
  }
  unsigned gathers() const { return calls(llvm::Intrinsic::masked_gather); }
  unsigned scatters() const { return calls(llvm::Intrinsic::masked_scatter); }

  template <class Condition>
  unsigned count(Condition condition) const {
    unsigned found = 0;
    for (const llvm::Instruction& instruction : llvm::instructions(*kernel_.entry))
      found += condition(instruction);
    return found;
  }
  unsigned vector_loads() const {
    return calls(llvm::Intrinsic::masked_load) + count([](const llvm::Instruction& i) {
             return llvm::isa<llvm::LoadInst>(i) && i.getType()->isVectorTy();
           });
  }
  unsigned scalar_loads(const llvm::Type* type) const {
    return count([&](const llvm::Instruction& i) {
      return llvm::isa<llvm::LoadInst>(i) && i.getType() == type;
    });
  }
  /// Floats in a vector of the machine: 16 with AVX-512, 4 with NEON.
  unsigned vector_floats() const {
    const llvm::Attribute bits = kernel_.entry->getFnAttribute("prefer-vector-width");
    return static_cast<unsigned>(std::stoul(bits.getValueAsString().str())) / 32;
  }
  bool runs_blocks() const { return kernel_.info.traits & CUDA_SHIM_KERNEL_RUNS_BLOCKS; }
  bool runs_blocks_abreast() const { return kernel_.info.traits & CUDA_SHIM_KERNEL_BLOCKS_ABREAST; }
  /// Conditional ones of a group's work.
  unsigned branches() const {
    return count([](const llvm::Instruction& i) {
             const auto* branch = llvm::dyn_cast<llvm::BranchInst>(&i);
             return branch != nullptr && branch->isConditional();
           }) -
           runs_blocks() - runs_blocks_abreast();
  }

  llvm::LLVMContext context_;
  std::unique_ptr<llvm::TargetMachine> machine_;
  std::expected<Lanes, std::string> result_;
  instructions::LoweredKernel kernel_;
};

TEST_F(Vectorise, NeighboursAreOneAccess) {
  vectorise("ld.global.f32 %f1, [%rd2]; add.f32 %f1, %f1, %f1; st.global.f32 [%rd2], %f1;");
  EXPECT_EQ(vector_loads(), 1u);
  EXPECT_EQ(gathers() + scatters(), 0u);
}

TEST_F(Vectorise, AnIndexFromAnAlignedBeginNeedsNoCheck) {
  vectorise("ld.global.f32 %f1, [%rd2]; st.global.f32 [%rd2+4], %f1;");
  EXPECT_EQ(branches(), 0u);
}

TEST_F(Vectorise, WorkWithinBoundsIsThereWithoutMasks) {
  vectorise(R"(
  ld.param.u32 %r5, [n]; setp.ge.s32 %p1, %r1, %r5; @%p1 bra DONE;
  ld.global.f32 %f1, [%rd2]; add.f32 %f1, %f1, %f1; st.global.f32 [%rd2], %f1;
DONE:)");
  ASSERT_TRUE(result_) << result_.error();
  EXPECT_EQ(calls(llvm::Intrinsic::masked_load), 1u);
  EXPECT_EQ(vector_loads(), 2u);
  // Which it is takes the last lane's number, and whether that has wrapped.
  EXPECT_EQ(calls(llvm::Intrinsic::vector_reduce_and), 0u);
}

TEST_F(Vectorise, BoundsOfSeveralDimensionsAreAskedRowByRow) {
  vectorise(R"(
  mov.u32 %r5, %tid.y; mov.u32 %r6, %ntid.x; mad.lo.s32 %r7, %r5, %r6, %r4;
  ld.param.u32 %r8, [n]; setp.ge.s32 %p1, %r4, %r8; setp.ge.s32 %p2, %r5, %r8; or.pred %p3, %p1, %p2;
  @%p3 bra DONE;
  mul.wide.s32 %rd4, %r7, 4; add.s64 %rd4, %rd1, %rd4; ld.global.f32 %f1, [%rd4]; add.f32 %f1, %f1, %f1; st.global.f32 [%rd4], %f1;
DONE:)",
            {16, 16, 1});
  ASSERT_TRUE(result_) << result_.error();
  EXPECT_EQ(calls(llvm::Intrinsic::vector_reduce_and) + calls(llvm::Intrinsic::vector_reduce_or),
            0u);
  EXPECT_GE(vector_loads(), 2u);
}

TEST_F(Vectorise, WhatOneLaneIsAskedForIsNotThereTwice) {
  vectorise("setp.ne.s32 %p1, %r1, 7; @%p1 bra DONE; st.global.f32 [%rd2], %f1; DONE:");
  EXPECT_EQ(branches(), 1u);
}

TEST_F(Vectorise, ShortKernelsRunABlockInOneCall) {
  constexpr const char* kCopy = "ld.global.f32 %f1, [%rd2]; st.global.f32 [%rd2+4], %f1;";
  vectorise(kCopy);
  EXPECT_TRUE(runs_blocks());
  // For whoever reports a fault.
  EXPECT_EQ(count([](const llvm::Instruction& i) {
              return instructions::device_op_in(i) == instructions::DeviceOp::place_group;
            }),
            1u);
  EXPECT_FALSE(runs_blocks_abreast()) << "It has one row.";
  vectorise(kCopy, {20, 3, 2});
  EXPECT_TRUE(runs_blocks());
  EXPECT_TRUE(runs_blocks_abreast());
  vectorise("st.shared.f32 [%r1], %f1; ld.shared.f32 %f1, [%r1]; st.global.f32 [%rd2], %f1;",
            {20, 3, 2});
  EXPECT_TRUE(runs_blocks());
  EXPECT_FALSE(runs_blocks_abreast()) << "What one block shares, another would find.";
  vectorise(kCopy, {0, 0, 0});
  EXPECT_FALSE(runs_blocks());
}

TEST_F(Vectorise, ShortKernelsRunABlockInOneCallBetweenBarriers) {
  const auto barriers = [&] {
    return count([](const llvm::Instruction& i) {
      return instructions::device_op_in(i) == DeviceOp::barrier_sync;
    });
  };
  const auto arrays = [&] {
    return count([](const llvm::Instruction& i) { return llvm::isa<llvm::AllocaInst>(i); });
  };
  vectorise(
      "st.shared.u32 [%r4], %r4; bar.sync 0; ld.shared.u32 %r5, [4]; bar.sync 0;"
      "st.global.u32 [%rd2], %r4;");
  EXPECT_TRUE(runs_blocks());
  EXPECT_EQ(barriers(), 0u);
  EXPECT_EQ(arrays(), 0u) << "Places are found again.";
  vectorise(
      "ld.global.u32 %r5, [%rd2]; st.shared.u32 [%r4], %r5; bar.sync 0;"
      "ld.shared.u32 %r6, [4]; add.u32 %r5, %r5, %r6; st.global.u32 [%rd2], %r5;");
  EXPECT_TRUE(runs_blocks());
  EXPECT_EQ(arrays(), 1u) << "What was read is kept.";
  vectorise(
      "ld.param.u32 %r5, [n]; setp.eq.u32 %p1, %r5, 1; @%p1 bra NONE; bar.sync 0;\n"
      "NONE: st.global.u32 [%rd2], %r4;");
  EXPECT_FALSE(runs_blocks()) << "Some may not come by.";
  vectorise("bar.sync 1, 128; st.global.u32 [%rd2], %r4;");
  EXPECT_FALSE(runs_blocks()) << "Not of all.";
}

TEST_F(Vectorise, WhatIsKeptBetweenBarriersIsLittle) {
  const auto keeping = [](unsigned values) {
    std::string before, after;
    for (unsigned i = 0; i < values; ++i) {
      before += fmt::format("ld.global.u32 %k{}, [%rd2+{}];", i, 4 * i);
      after += fmt::format("xor.b32 %r4, %r4, %k{};", i);
    }
    return ".reg .b32 %k<200>;" + before + "bar.sync 0;" + after + "st.global.u32 [%rd2], %r4;";
  };
  vectorise(keeping(50));
  EXPECT_TRUE(runs_blocks());
  vectorise(keeping(200));
  EXPECT_FALSE(runs_blocks()) << "More than 64 KiB of stack for the block's groups.";
}

TEST_F(Vectorise, LoopsAreNotRunByWholeBlocks) {
  vectorise(R"(
  ld.param.u32 %r5, [n]; mov.u32 %r6, 0; ld.global.f32 %f1, [%rd2];
MORE: mul.f32 %f1, %f1, %f1; add.s32 %r6, %r6, 1; setp.lt.s32 %p1, %r6, %r5; @%p1 bra MORE;
  st.global.f32 [%rd2], %f1;)");
  EXPECT_FALSE(runs_blocks());
}

TEST_F(Vectorise, RowsOfLaterTilesAreFetched) {
  const auto fetches = [&] { return calls(llvm::Intrinsic::prefetch); };
  constexpr std::string_view kTile =
      "mov.u32 %r5, %tid.y; mul.wide.u32 %rd4, %r5, 65536; add.s64 %rd4, %rd4, %rd2;"
      "ld.global.f32 %f1, [%rd4]; mad.lo.u32 %r6, %r5, 32, %r4; shl.b32 %r6, %r6, 2;"
      "st.shared.f32 [%r6], %f1; bar.sync 0; xor.b32 %r6, %r6, 4; ld.shared.f32 %f1, [%r6];"
      "st.global.f32 [%rd4], %f1;";
  vectorise(kTile, {32, 8, 1});
  EXPECT_EQ(fetches(), (result_->count * 4 + 63) / 64);
  vectorise(kTile, {16, 16, 1});
  EXPECT_EQ(fetches(), result_->rows() * ((result_->row * 4 + 63) / 64));
  vectorise(kTile, {256, 1, 1});
  EXPECT_EQ(fetches(), 0u) << "All that a block reads lies together.";
  vectorise("ld.global.f32 %f1, [%rd2]; st.global.f32 [%rd2], %f1;", {32, 8, 1});
  EXPECT_EQ(fetches(), 0u) << "No tile.";
}

TEST_F(Vectorise, AnIndexThatMayWrapIsChecked) {
  vectorise(
      "add.s32 %r5, %r1, 1; mul.wide.s32 %rd4, %r5, 4; add.s64 %rd4, %rd1, %rd4;"
      "ld.global.f32 %f1, [%rd4]; st.global.f32 [%rd2], %f1;");
  EXPECT_EQ(vector_loads(), 1u);
  EXPECT_EQ(gathers(), 1u);  // where it wraps
  EXPECT_EQ(branches(), 1u);
}

TEST_F(Vectorise, WhatAllReadIsReadOnce) {
  vectorise("ld.global.f32 %f1, [%rd1+16]; st.global.f32 [%rd2], %f1;");
  EXPECT_EQ(scalar_loads(llvm::Type::getFloatTy(context_)), 1u);
  EXPECT_EQ(vector_loads() + gathers(), 0u);
}

TEST_F(Vectorise, RowsOfABlockShareTheirY) {
  vectorise(
      "mov.u32 %r5, %tid.y; mul.wide.u32 %rd4, %r5, 4; add.s64 %rd4, %rd1, %rd4;"
      "ld.global.f32 %f1, [%rd4]; mul.wide.u32 %rd5, %r4, 4; add.s64 %rd5, %rd1, %rd5;"
      "st.global.f32 [%rd5], %f1;",
      {16, 16, 1});
  ASSERT_TRUE(result_);
  EXPECT_EQ(scalar_loads(llvm::Type::getFloatTy(context_)), result_->rows());
  EXPECT_EQ(gathers() + scatters(), 0u);
}

TEST_F(Vectorise, RowsThatFollowEachOtherShareAGroup) {
  vectorise(
      "mov.u32 %r5, %tid.y; mul.wide.u32 %rd4, %r5, 512; add.s64 %rd4, %rd1, %rd4;"
      "mul.wide.u32 %rd5, %r4, 4; add.s64 %rd4, %rd4, %rd5;"
      "ld.global.f32 %f1, [%rd4]; st.global.f32 [%rd4+512], %f1;",
      {16, 16, 1});
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->count, 2 * vector_floats());
  EXPECT_EQ(vector_loads(), result_->rows());
  EXPECT_EQ(gathers() + scatters(), 0u);
}

TEST_F(Vectorise, AShortLoopWithFewValuesTakesSeveralVectorsForEach) {
  constexpr std::string_view kLoop =
      "mov.f32 %f1, 0f00000000; mov.u32 %r5, 0; ld.param.u32 %r6, [n];\n"
      "again: ld.global.f32 %f2, [%rd2]; add.f32 %f1, %f1, %f2; add.s64 %rd2, %rd2, 4096;"
      "add.u32 %r5, %r5, 1; setp.lt.u32 %p1, %r5, ";
  constexpr std::string_view kRest = "; @%p1 bra again;\n st.global.f32 [%rd2], %f1;";
  vectorise(fmt::format("{}%r6{}", kLoop, kRest));
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->count, vector_floats() == 16 ? 128u : 4 * vector_floats());
  vectorise(fmt::format("{}%r1{}", kLoop, kRest));  // lanes part
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->count, 4 * vector_floats());
}

TEST_F(Vectorise, RowsThatDoNotFillGroupsAreMasked) {
  vectorise(
      "mul.wide.u32 %rd5, %r4, 4; add.s64 %rd5, %rd1, %rd5; st.global.f32 [%rd5], 0f3F800000;",
      {9, 9, 1});
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->grouping, Grouping::kRows);
  EXPECT_EQ(calls(llvm::Intrinsic::masked_store), 1u);
  EXPECT_EQ(scatters(), 0u);
}

TEST_F(Vectorise, StridesAreReadAndWrittenByOneAccessForEachLane) {
  vectorise(
      "mul.wide.s32 %rd4, %r1, 12; add.s64 %rd4, %rd1, %rd4;"
      "ld.global.f32 %f1, [%rd4]; st.global.f32 [%rd4+4], %f1;");
  ASSERT_TRUE(result_);
  EXPECT_GE(count([](const llvm::Instruction& i) {
              return llvm::isa<llvm::LoadInst>(i) && i.getType()->isFloatTy();
            }),
            result_->count);
  EXPECT_GE(count([](const llvm::Instruction& i) {
              return llvm::isa<llvm::StoreInst>(i) && i.getOperand(0)->getType()->isFloatTy();
            }),
            result_->count);
}

TEST_F(Vectorise, WhereOnlySomeLanesAreActiveStridesAreGathered) {
  vectorise(
      "and.b32 %r5, %r4, 5; setp.ne.u32 %p1, %r5, 0; @%p1 bra OUT;\n"
      "mul.wide.u32 %rd4, %r4, 12; add.s64 %rd4, %rd1, %rd4;"
      "ld.global.f32 %f1, [%rd4]; st.global.f32 [%rd2], %f1;\n"
      "OUT:");
  EXPECT_EQ(gathers(), 1u);
}

TEST_F(Vectorise, QuadruplesAnywhereAreReadWhole) {
  vectorise(
      "ld.global.u32 %r5, [%rd2]; mul.wide.u32 %rd4, %r5, 16; add.s64 %rd4, %rd1, %rd4;"
      "ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd4]; add.f32 %f1, %f1, %f2; add.f32 %f3, %f3, %f4;"
      "add.f32 %f1, %f1, %f3; st.global.f32 [%rd2], %f1;");
  EXPECT_EQ(gathers(), 0u);
}

TEST_F(Vectorise, ResultsThatAreNotReadMayGoPastTheCaches) {
  const auto streams = [&] {
    return count([](const llvm::Instruction& i) {
      return i.hasMetadata(llvm::LLVMContext::MD_nontemporal);
    });
  };
  if (std::string_view(tests::this_machine().features).find("+avx512f") == std::string_view::npos)
    GTEST_SKIP() << "The processor has no AVX-512.";
  vectorise("st.global.u32 [%rd2], %r1;");
  EXPECT_EQ(streams(), 1u);
  vectorise(
      "ld.param.u32 %r5, [n]; setp.ge.s32 %p1, %r1, %r5; @%p1 bra DONE;"
      "st.global.u32 [%rd2], %r1;\nDONE:");
  EXPECT_EQ(streams(), 2u + result_->count / 16) << "A group that is not whole writes whole lines.";
  vectorise("ld.global.u32 %r5, [%rd2+256]; st.global.u32 [%rd2], %r5;");
  EXPECT_EQ(streams(), 0u);
  vectorise("st.global.u32 [%rd2], %r1; membar.gl;");
  EXPECT_EQ(streams(), 0u);
  vectorise("membar.gl; st.global.u32 [%rd2], %r1;");
  EXPECT_EQ(streams(), 1u);
  vectorise("st.global.u32 [%rd2], %r1; bar.sync 0;");
  EXPECT_EQ(streams(), 1u);
  vectorise("membar.gl; st.global.u32 [%rd2], %r1; bar.sync 0;");
  EXPECT_EQ(streams(), 0u);
  vectorise(
      "AGAIN: st.global.u32 [%rd2], %r1; add.s64 %rd2, %rd2, 4096; add.u32 %r1, %r1, 1024;\n"
      "ld.param.u32 %r5, [n]; setp.lt.s32 %p1, %r1, %r5; @%p1 bra AGAIN;");
  EXPECT_EQ(streams(), 1u + result_->count / 16);
  EXPECT_EQ(count([](const llvm::Instruction& i) { return llvm::isa<llvm::FCmpInst>(i); }), 1u)
      << "How often the loop runs decides.";
  vectorise(
      "AGAIN: membar.gl; st.global.u32 [%rd2], %r1; add.u32 %r1, %r1, 1;\n"
      "setp.lt.u32 %p1, %r1, 9; @%p1 bra AGAIN;");
  EXPECT_EQ(streams(), 0u);
}

TEST_F(Vectorise, RoundsOfAllLanesAreNotMasked) {
  vectorise(
      "ld.param.u32 %r5, [n]; mov.u32 %r6, %r4; mov.f32 %f1, 0f00000000;\n"
      "setp.ge.s32 %p1, %r6, %r5; @%p1 bra OUT;\n"
      "AGAIN: mul.wide.s32 %rd4, %r6, 4; add.s64 %rd4, %rd1, %rd4; ld.global.f32 %f2, [%rd4];\n"
      "add.f32 %f1, %f1, %f2; add.s32 %r6, %r6, 256; setp.lt.s32 %p2, %r6, %r5; @%p2 bra AGAIN;\n"
      "OUT: st.global.f32 [%rd2], %f1;");
  ASSERT_TRUE(result_) << result_.error();
  EXPECT_EQ(calls(llvm::Intrinsic::masked_load), 1u) << "of the last round";
  EXPECT_EQ(vector_loads(), 2u);
}

TEST_F(Vectorise, StridesWithoutGapsAreOneAccess) {
  vectorise(
      "shl.b64 %rd4, %rd3, 1; add.s64 %rd4, %rd1, %rd4;"
      "ld.global.f32 %f1, [%rd4+4]; ld.global.f32 %f2, [%rd4];"
      "add.f32 %f3, %f1, %f2; st.global.f32 [%rd4], %f1; st.global.f32 [%rd4+4], %f3;");
  EXPECT_EQ(vector_loads(), 1u);
  EXPECT_EQ(gathers() + scatters(), 0u);
}

TEST_F(Vectorise, RowsOfLanesAreMovedInPiecesOfSixteenBytes) {
  std::string body = "mul.wide.u32 %rd4, %r4, 28; add.s64 %rd4, %rd1, %rd4;";
  for (unsigned k = 0; k < 7; ++k)
    body += fmt::format("ld.global.u32 %r{}, [%rd4+{}];", 10 + k, 4 * k);
  for (unsigned k = 0; k < 7; ++k)
    body += fmt::format("st.global.u32 [%rd4+{}], %r{};", 4 * k, 10 + (k + 3) % 7);
  vectorise(body);
  ASSERT_TRUE(result_) << result_.error();
  const auto is_piece = [](const llvm::Type* type) {
    return type->isVectorTy() && type->getPrimitiveSizeInBits() == 128;
  };
  EXPECT_EQ(count([&](const llvm::Instruction& i) {
              return llvm::isa<llvm::LoadInst>(i) && is_piece(i.getType());
            }),
            2 * result_->count);
  EXPECT_EQ(count([&](const llvm::Instruction& i) {
              return llvm::isa<llvm::StoreInst>(i) && is_piece(i.getOperand(0)->getType());
            }),
            2 * result_->count);
  EXPECT_EQ(gathers() + scatters(), 0u);
}

TEST_F(Vectorise, PartOfAnIndexOfWhichOnlyBitsThatAreNoughtAreTakenAwayCountsUp) {
  vectorise(
      "shl.b32 %r5, %r4, 2; and.b32 %r5, %r5, 124; cvt.u64.u32 %rd4, %r5;"
      "add.s64 %rd4, %rd1, %rd4; ld.global.f32 %f1, [%rd4]; st.global.f32 [%rd2], %f1;");
  EXPECT_EQ(vector_loads(), 1u);
  EXPECT_EQ(gathers(), 0u);
}

TEST_F(Vectorise, AWarpsPlaceInATableIsOne) {
  vectorise(
      "shr.u32 %r5, %r4, 3; and.b32 %r5, %r5, 28; cvt.u64.u32 %rd4, %r5; add.s64 %rd4, %rd1, %rd4;"
      "ld.global.f32 %f1, [%rd4]; shfl.sync.bfly.b32 %f2, %f1, 1, 31, -1;"
      "st.global.f32 [%rd2], %f2;");
  ASSERT_TRUE(result_);
  EXPECT_EQ(vector_loads() + gathers(), 0u);
}

TEST_F(Vectorise, PartsOfAWarpThatReadTheSameNeedNoGather) {
  vectorise(
      "mov.u32 %r6, %laneid; and.b32 %r5, %r6, 7; mul.wide.u32 %rd4, %r5, 4;"
      "add.s64 %rd4, %rd1, %rd4; ld.global.f32 %f1, [%rd4];"
      "shfl.sync.bfly.b32 %f2, %f1, 1, 31, -1; st.global.f32 [%rd2], %f2;");
  EXPECT_EQ(gathers(), 0u);
}

TEST_F(Vectorise, AWarpsOwnBranchStaysABranch) {
  vectorise(
      "setp.lt.u32 %p1, %r4, 64; @!%p1 bra OUT;"
      "bar.warp.sync 0xffffffff; ld.global.f32 %f1, [%rd2]; st.global.f32 [%rd2], %f1; OUT:");
  EXPECT_EQ(calls(llvm::Intrinsic::masked_load) + calls(llvm::Intrinsic::masked_store), 0u);
}

TEST_F(Vectorise, ShufflesByNumbersThatShowLaterStayInRegistersWithAvx512) {
  if (std::string_view(tests::this_machine().features).find("+avx512f") == std::string_view::npos)
    GTEST_SKIP() << "The processor has no AVX-512.";
  vectorise(
      "ld.global.b32 %r5, [%rd2]; and.b32 %r6, %r5, 31;"
      "shfl.sync.idx.b32 %r7, %r5, %r6, 31, -1; st.global.b32 [%rd2], %r7;");
  EXPECT_EQ(gathers(), 0u);
}

TEST_F(Vectorise, ShufflesByKnownDistancesArePermutations) {
  vectorise(
      "ld.global.b32 %r5, [%rd2]; shfl.sync.bfly.b32 %r6, %r5, 1, 0x1f, 0xffffffff;"
      "st.global.b32 [%rd2], %r6;");
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->count, 32u);
  EXPECT_EQ(gathers(), 0u);
  EXPECT_EQ(count([](const llvm::Instruction& i) {
              const auto* call = llvm::dyn_cast<llvm::CallInst>(&i);
              return call != nullptr && call->getCalledFunction() != nullptr &&
                     instructions::device_op_of(*call->getCalledFunction()) == DeviceOp::shuffle;
            }),
            0u);
}

TEST_F(Vectorise, WhatAWarpAddsUpInAButterflyIsOneNumber) {
  std::string body = "ld.global.f32 %f1, [%rd2];\n";
  for (const int distance : {16, 8, 4, 2, 1})
    body += fmt::format(
        "mov.b32 %r5, %f1; shfl.sync.bfly.b32 %r6, %r5, {}, 31, -1; mov.b32 %f2, %r6;"
        "add.f32 %f1, %f1, %f2;\n",
        distance);
  vectorise(body + "st.global.f32 [%rd2], %f1;");
  ASSERT_TRUE(result_) << result_.error();
  for (const unsigned lanes : {16u, 8u, 4u, 2u})
    EXPECT_EQ(count([&](const llvm::Instruction& i) {
                const auto* type = llvm::dyn_cast<llvm::FixedVectorType>(i.getType());
                return i.getOpcode() == llvm::Instruction::FAdd && type != nullptr &&
                       type->getNumElements() == lanes;
              }),
              1u)
        << lanes;
}

TEST_F(Vectorise, SumsThatLieSideBySideStayTogether) {
  std::string body = R"(
  .shared .align 16 .f32 tile[4096]; .reg .f32 %s<8>;
  ld.param.u32 %r5, [n]; mov.u32 %r6, tile; mov.u32 %r7, %r6; shl.b32 %r8, %r4, 4; add.u32 %r7, %r7, %r8;
)";
  for (int i = 0; i < 8; ++i) body += fmt::format("mov.f32 %s{}, 0f00000000;", i);
  body += R"(
LOOP:
  ld.shared.v4.f32 {%f0, %f1, %f2, %f3}, [%r7]; ld.shared.f32 %f4, [%r6]; ld.shared.f32 %f5, [%r6+4];
)";
  for (int i = 0; i < 8; ++i)
    body += fmt::format("fma.rn.f32 %s{0}, %f{1}, %f{2}, %s{0};", i, i % 4, 4 + i / 4);
  body += R"(
  add.u32 %r7, %r7, 8192; add.u32 %r6, %r6, 8192; sub.u32 %r5, %r5, 1;
  setp.ne.u32 %p1, %r5, 0; @%p1 bra LOOP;
  mul.wide.u32 %rd4, %r1, 32; add.s64 %rd4, %rd1, %rd4;
  st.global.v4.f32 [%rd4], {%s0, %s1, %s2, %s3}; st.global.v4.f32 [%rd4+16], {%s4, %s5, %s6, %s7};
)";
  vectorise(body);
  ASSERT_TRUE(result_) << result_.error();
  EXPECT_EQ(count([&](const llvm::Instruction& i) {
              const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&i);
              return call != nullptr && call->getIntrinsicID() == llvm::Intrinsic::fma &&
                     llvm::cast<llvm::FixedVectorType>(i.getType())->getNumElements() ==
                         4 * result_->count;
            }),
            2u);
}

TEST_F(Vectorise, AtomicOperationsInSharedMemoryGoOverAllLanesInALoopThatStaysOne) {
  vectorise(R"(
  .shared .u32 bins[256];
  ld.global.u8 %r5, [%rd2]; shl.b32 %r5, %r5, 2; mov.u32 %r6, bins; add.u32 %r6, %r6, %r5;
  red.shared.add.u32 [%r6], 1;
)");
  ASSERT_TRUE(result_) << result_.error();
  EXPECT_EQ(
      count([](const llvm::Instruction& i) { return i.hasMetadata(llvm::LLVMContext::MD_loop); }),
      1u);
}

TEST_F(Vectorise, AdditionsToOnePlaceAreAddedUpFirst) {
  vectorise("ld.global.b32 %r5, [%rd2]; red.global.add.u32 [%rd1], %r5;");
  EXPECT_EQ(calls(llvm::Intrinsic::vector_reduce_add), 1u);
  EXPECT_EQ(count([](const llvm::Instruction& i) { return llvm::isa<llvm::AtomicRMWInst>(i); }),
            1u);
  EXPECT_EQ(branches(), 0u);
}

TEST_F(Vectorise, AnIndexKeptWithinLimitsIsOneAccessWhereItDoesNotReachThem) {
  vectorise(
      "ld.param.u32 %r6, [n]; min.s32 %r5, %r1, %r6; mul.wide.s32 %rd4, %r5, 4;"
      "add.s64 %rd4, %rd1, %rd4; ld.global.f32 %f1, [%rd4]; st.global.f32 [%rd2], %f1;");
  EXPECT_EQ(vector_loads(), 1u);
  EXPECT_EQ(gathers(), 1u);
}

TEST_F(Vectorise, WhatOneThreadDoesAloneNeedsNoScatter) {
  vectorise(R"(
  setp.ne.u32 %p1, %r4, 0; @%p1 bra DONE;
  ld.global.u32 %r5, [%rd2]; and.b32 %r6, %r5, 31; mul.wide.u32 %rd4, %r6, 4; add.s64 %rd5, %rd1, %rd4;
  ld.global.u32 %r7, [%rd5]; st.global.u32 [%rd5], %r5; atom.global.add.u32 %r8, [%rd5+4], %r7;
DONE:)");
  ASSERT_TRUE(result_) << result_.error();
  EXPECT_EQ(gathers() + scatters() + vector_loads(), 0u);
  EXPECT_EQ(count([](const llvm::Instruction& i) { return llvm::isa<llvm::AtomicRMWInst>(i); }),
            1u);
}

TEST_F(Vectorise, LoopsThatLanesLeaveApartKeepWhatTheyLeftWith) {
  vectorise(
      "ld.global.b32 %r5, [%rd2]; mov.u32 %r6, 0;\n"
      "LOOP: add.u32 %r6, %r6, %r5; shr.u32 %r5, %r5, 1; setp.ne.u32 %p1, %r5, 0; @%p1 bra LOOP;\n"
      "st.global.b32 [%rd2], %r6;");
  ASSERT_TRUE(result_);
  EXPECT_GE(branches(), 1u);
  EXPECT_EQ(gathers() + scatters(), 0u);
}

TEST_F(Vectorise, ALoopThatGathersAndThatLanesLeaveApartIsRunLaneByLane) {
  vectorise(
      "ld.global.b32 %r5, [%rd2]; ld.global.b32 %r6, [%rd2+4]; mov.u32 %r7, 0;\n"
      "LOOP: mul.wide.s32 %rd4, %r5, 4; add.s64 %rd4, %rd1, %rd4; ld.global.u32 %r8, [%rd4];"
      "add.u32 %r7, %r7, %r8; add.s32 %r5, %r5, 1; setp.lt.s32 %p1, %r5, %r6; @%p1 bra LOOP;\n"
      "st.global.u32 [%rd2], %r7;");
  ASSERT_TRUE(result_);
  EXPECT_EQ(gathers() + scatters(), 0u);
  EXPECT_GE(calls(llvm::Intrinsic::cttz), 1u);
}

TEST_F(Vectorise, ALoopThatGathersAtTheSameTimeInAllLanesStaysOne) {
  vectorise(
      "ld.global.b32 %r5, [%rd2]; mov.u32 %r6, 0; ld.param.u32 %r7, [n]; mov.f32 %f1, 0f00000000;\n"
      "LOOP: mul.wide.s32 %rd4, %r5, 4; add.s64 %rd4, %rd1, %rd4; ld.global.f32 %f2, [%rd4];"
      "add.f32 %f1, %f1, %f2; add.s32 %r5, %r5, 1; add.s32 %r6, %r6, 1;"
      "setp.lt.s32 %p1, %r6, %r7; @%p1 bra LOOP;\n"
      "st.global.f32 [%rd2], %f1;");
  EXPECT_EQ(gathers(), 1u);
}

TEST_F(Vectorise, LanesThatMeetOnBothWaysOfABranchRunOneByOne) {
  vectorise(
      "and.b32 %r5, %r4, 1; setp.eq.u32 %p1, %r5, 0; @%p1 bra EVEN;\n"
      "bar.sync 0; st.global.b32 [%rd2], %r1; bra OUT;\n"
      "EVEN: bar.sync 0; st.global.b32 [%rd2], %r4; OUT:");
  ASSERT_FALSE(result_);
  EXPECT_NE(result_.error().find("both ways"), std::string::npos) << result_.error();
}

}  // namespace
}  // namespace cuda_shim::kernels::simd
