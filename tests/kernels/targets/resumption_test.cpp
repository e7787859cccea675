// Which kernels return where they wait, and what they keep meanwhile.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/compiler/kernel_runner.h"
#include "kernels/translate.h"

namespace cuda_shim::kernels {
namespace {

/// The facts of a kernel k(p) for blocks of 256 threads on `engine`.
cuda_shim_kernel_info translated(std::string_view body, std::string_view engine = "simd",
                                 std::string_view functions = {}) {
  const std::string text = tests::module_text(fmt::format(R"({}
.visible .entry k(.param .u64 p) {{
  .reg .b32 %r<20>; .reg .b64 %rd<20>; .reg .f32 %f<20>; .reg .pred %p<9>;
  .shared .f32 tile[256];
  ld.param.u64 %rd1, [p]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 4; add.s64 %rd3, %rd1, %rd2;
  mov.u32 %r2, tile; shl.b32 %r3, %r1, 2; add.u32 %r2, %r2, %r3;
{}
  ret;
}}
)",
                                                          functions, body));
  auto program = Program::from_ptx({{"test", text}});
  EXPECT_TRUE(program) << program.error().message();
  CompileRequest request{KernelSource(**program, (*program)->kernels().back()), {}};
  request.options.target = tests::this_machine();
  char (&name)[16] = request.options.target.engine;
  std::ranges::fill(name, '\0');
  std::ranges::copy(engine, name);
  request.options.block = {256, 1, 1};
  auto compiled = translate(request);
  EXPECT_TRUE(compiled) << compiled.error().message();
  return compiled ? compiled->info : cuda_shim_kernel_info{};
}

constexpr std::uint32_t kInRounds = CUDA_SHIM_KERNEL_RUNS_IN_ROUNDS;
constexpr std::uint32_t kWaiting =
    CUDA_SHIM_KERNEL_NEEDS_FIBERS | CUDA_SHIM_KERNEL_RESUMES | kInRounds;

/// At a barrier other than 0, at which short kernels are taken apart instead.
constexpr std::string_view kReversed = R"(
  ld.global.f32 %f1, [%rd3]; st.shared.f32 [%r2], %f1;
  bar.sync 1;
  sub.u32 %r4, 255, %r1; shl.b32 %r4, %r4, 2; mov.u32 %r5, tile; add.u32 %r4, %r4, %r5;
  ld.shared.f32 %f2, [%r4]; add.f32 %f2, %f2, %f1; st.global.f32 [%rd3], %f2;
)";

TEST(Resumption, AGroupReturnsAtItsBarrier) {
  const auto info = translated(kReversed);
  EXPECT_EQ(info.traits & kWaiting, CUDA_SHIM_KERNEL_RESUMES | kInRounds);
  // Two words of LLVM's, the thread, the values of the lanes, and which wait it was.
  EXPECT_GE(info.frame_bytes, 3 * sizeof(void*) + info.lanes * sizeof(float));
  EXPECT_LE(info.frame_bytes, 1024u);
}

TEST(Resumption, WhatDoesNotOutliveABarrierIsNotKept) {
  const auto info = translated(R"(
  ld.global.f32 %f1, [%rd3]; sin.approx.f32 %f2, %f1; mul.f32 %f2, %f2, %f1; st.shared.f32 [%r2], %f2;
  bar.sync 1;
)");
  EXPECT_EQ(info.traits & kWaiting, CUDA_SHIM_KERNEL_RESUMES | kInRounds);
  EXPECT_LE(info.frame_bytes, 64u);
}

TEST(Resumption, WhoMeetsAtSeveralBarriersOrInPartTellsWhatItWaitsFor) {
  const auto traits_of = [](std::string_view barriers) {
    return translated(fmt::format("{} st.global.u32 [%rd3], %r1;", barriers)).traits & kWaiting;
  };
  EXPECT_EQ(traits_of("bar.sync 1; bar.sync 1;"), CUDA_SHIM_KERNEL_RESUMES | kInRounds);
  EXPECT_EQ(traits_of("bar.sync 0; bar.sync 1;"), std::uint32_t{CUDA_SHIM_KERNEL_RESUMES});
  EXPECT_EQ(traits_of("bar.sync 1, 256;"), std::uint32_t{CUDA_SHIM_KERNEL_RESUMES});
  EXPECT_EQ(traits_of("bar.sync 0; nanosleep.u32 20;"), std::uint32_t{CUDA_SHIM_KERNEL_RESUMES});
}

constexpr std::string_view kOverGrid = R"(
  mov.u32 %r4, %nctaid.x; shl.b32 %r4, %r4, 8; mov.f32 %f1, 0f00000000;
LOOP:
  mul.wide.u32 %rd4, %r1, 4; add.s64 %rd4, %rd1, %rd4; ld.global.f32 %f2, [%rd4];
  add.f32 %f1, %f1, %f2; add.u32 %r1, %r1, %r4; setp.lt.u32 %p1, %r1, 100000000; @%p1 bra LOOP;
  st.global.f32 [%rd3], %f1;
)";

TEST(Resumption, ALoopOverTheGridGivesTurns) {
  EXPECT_EQ(translated(kOverGrid).traits & kWaiting, CUDA_SHIM_KERNEL_RESUMES | kInRounds);
  const std::string with_arrival = std::string(kOverGrid) + "bar.arrive 1, 256;";
  EXPECT_EQ(translated(with_arrival).traits & kWaiting,
            std::uint32_t{CUDA_SHIM_KERNEL_NEEDS_FIBERS});
  const std::string with_sleep = std::string(kOverGrid) + "nanosleep.u32 20;";
  EXPECT_EQ(translated(with_sleep).traits & kWaiting, std::uint32_t{CUDA_SHIM_KERNEL_RESUMES});
}

TEST(Resumption, KernelsThatNeverWaitAreNotResumed) {
  EXPECT_EQ(translated("ld.global.f32 %f1, [%rd3]; st.global.f32 [%rd3], %f1;").traits & kWaiting,
            0u);
  EXPECT_EQ(translated("st.shared.u32 [%r2], %r1; bar.sync 0; ld.shared.u32 %r4, [4];"
                       "st.global.u32 [%rd3], %r4;")
                    .traits &
                kWaiting,
            0u)
      << "A loop over the block's groups on each side of the barrier.";
}

TEST(Resumption, ThreadsOneByOneHaveStacks) {
  EXPECT_EQ(translated(kReversed, "scalar").traits & kWaiting, CUDA_SHIM_KERNEL_NEEDS_FIBERS);
}

}  // namespace
}  // namespace cuda_shim::kernels
