// Atomics, warp operations, and which kernels need fibers or yield.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/compiler/kernel_runner.h"

namespace cuda_shim::tests {
namespace {

/// A kernel that gets a pointer in %rd1 and has a few registers.
std::string kernel(std::string_view statements) {
  return module_text(fmt::format(R"(
.shared .align 16 .b8 window[64];
.visible .entry k(.param .u64 out)
{{
  .reg .pred %p<4>;
  .reg .b16 %rs<4>;
  .reg .b32 %r<8>;
  .reg .b64 %rd<8>;
  .reg .f32 %f<4>;
  .reg .f64 %fd<4>;
  .reg .b128 %q<4>;
  ld.param.u64 %rd1, [out];
  {}
  ret;
}}
)",
                                 statements));
}

bool needs_fibers(const KernelRunner& runner) {
  return (runner.compiled().info.traits & CUDA_SHIM_KERNEL_NEEDS_FIBERS) != 0;
}

void expect_words(std::string_view statements, std::vector<std::uint32_t> words,
                  const std::vector<std::uint32_t>& expected) {
  KernelRunner runner;
  const Status status = runner.load(kernel(statements));
  ASSERT_TRUE(status.ok()) << status.message();
  alignas(16) std::uint32_t memory[16] = {};
  std::ranges::copy(words, memory);
  ASSERT_EQ(runner.run(KernelRunner::Launch().with(&memory[0])), 0);
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(memory[i], expected[i]) << "word " << i;
}

TEST(Atomics, IntegerOperationsReturnTheOldValue) {
  expect_words("atom.global.add.u32 %r1, [%rd1], 5; st.global.u32 [%rd1+4], %r1;", {7}, {12, 7});
  expect_words("atom.global.min.s32 %r1, [%rd1], -5; st.global.u32 [%rd1+4], %r1;", {7},
               {0xfffffffb, 7});
  expect_words("atom.global.max.u32 %r1, [%rd1], -5; st.global.u32 [%rd1+4], %r1;", {7},
               {0xfffffffb, 7});
  expect_words("atom.global.exch.b32 %r1, [%rd1], 9; st.global.u32 [%rd1+4], %r1;", {7}, {9, 7});
  expect_words("red.global.xor.b32 [%rd1], 3;", {5}, {6});
}

TEST(Atomics, IncrementAndDecrementWrap) {
  expect_words("atom.inc.u32 %r1, [%rd1], 7; atom.inc.u32 %r1, [%rd1+4], 7;", {7, 6}, {0, 7});
  expect_words("atom.dec.u32 %r1, [%rd1], 7; atom.dec.u32 %r1, [%rd1+4], 7;", {0, 9}, {7, 7});
}

TEST(Atomics, CompareAndSwapOfEverySize) {
  expect_words(
      "atom.global.cas.b32 %r1, [%rd1], 7, 8; atom.global.cas.b32 %r2, [%rd1], 7, 9;"
      "st.global.u32 [%rd1+4], %r2;",
      {7}, {8, 8});
  expect_words("mov.u16 %rs1, 1; mov.u16 %rs2, 2; atom.global.cas.b16 %rs3, [%rd1+2], %rs1, %rs2;",
               {0x10003}, {0x20003});
  expect_words(
      "mov.u64 %rd2, 5; mov.b128 %q1, {%rd2, %rd2};"
      "mov.u64 %rd3, 0; mov.b128 %q2, {%rd3, %rd3};"
      "atom.global.cas.b128 %q3, [%rd1], %q2, %q1; atom.global.exch.b128 %q3, [%rd1+16], %q1;",
      {}, {5, 0, 5, 0, 5, 0, 5, 0});
}

TEST(Atomics, FloatingPointAdditions) {
  expect_words("atom.global.add.f32 %f1, [%rd1], 0f3F800000;", {0x40000000}, {0x40400000});
  expect_words("atom.global.add.f64 %fd1, [%rd1], 0d3FF0000000000000;", {0, 0x40000000},
               {0, 0x40080000});
  expect_words("mov.b16 %rs1, 0x3C00; atom.global.add.noftz.f16 %rs2, [%rd1], %rs1;", {0x4000},
               {0x4200});
  expect_words("mov.b32 %r1, 0x3C003C00; atom.global.add.noftz.f16x2 %r2, [%rd1], %r1;",
               {0x40004000}, {0x42004200});
  expect_words("mov.b32 %r1, 0x3F803F80; red.global.add.noftz.bf16x2 [%rd1], %r1;", {0x40004000},
               {0x40404040});
}

TEST(Atomics, SharedMemoryIsUpdatedInPlace) {
  expect_words(
      "mov.u32 %r2, 3; st.shared.u32 [window+8], %r2;"
      "atom.shared.add.u32 %r1, [window+8], 4; ld.shared.u32 %r3, [window+8];"
      "st.global.v2.u32 [%rd1], {%r1, %r3};",
      {}, {3, 7});
}

TEST(Memory, AtomicVectorsMoveWhole) {
  expect_words(
      "ld.relaxed.gpu.global.v2.u64 {%rd2, %rd3}, [%rd1];"
      "st.relaxed.gpu.global.v2.u64 [%rd1+16], {%rd3, %rd2};",
      {1, 0, 2, 0}, {1, 0, 2, 0, 2, 0, 1, 0});
  expect_words(
      "ld.acquire.gpu.global.v2.u32 {%r1, %r2}, [%rd1];"
      "st.release.gpu.global.v2.u32 [%rd1+8], {%r2, %r1};",
      {1, 2}, {1, 2, 2, 1});
}

TEST(Barriers, ObjectsInSharedMemoryCountArrivals) {
  expect_words(
      "mov.u32 %r1, window; mbarrier.init.shared.b64 [%r1], 2;"
      "mbarrier.arrive.shared.b64 %rd2, [%r1];"
      "mbarrier.test_wait.shared.b64 %p1, [%r1], %rd2;"
      "mbarrier.pending_count.b64 %r4, %rd2;"
      "mbarrier.arrive.shared.b64 %rd3, [%r1];"
      "mbarrier.test_wait.shared.b64 %p2, [%r1], %rd2;"
      "mbarrier.try_wait.parity.shared.b64 %p3, [%r1], 0;"
      "selp.u32 %r2, 1, 0, %p1; selp.u32 %r3, 1, 0, %p2; selp.u32 %r5, 1, 0, %p3;"
      "st.global.v4.u32 [%rd1], {%r2, %r3, %r4, %r5};",
      {}, {0, 1, 2, 1});
}

TEST(Barriers, OperationsOfOtherThreadsNeedFibers) {
  KernelRunner runner;
  ASSERT_TRUE(runner.load(kernel("bar.sync 0; barrier.sync 3, 64; bar.warp.sync -1;")).ok());
  EXPECT_TRUE(needs_fibers(runner));
  std::uint32_t word = 0;
  EXPECT_EQ(runner.run(KernelRunner::Launch().with(&word)), 0);
  const std::vector<std::string> expected = {"barrier 0 0", "barrier 3 64", "warp_sync ffffffff"};
  EXPECT_EQ(KernelRunner::calls(), expected);
}

TEST(Warps, ShuffleGivesValueAndPredicate) {
  KernelRunner runner;
  const Status status =
      runner.load(kernel("mov.u32 %r1, 9; shfl.sync.down.b32 %r2|%p1, %r1, 2, 31, -1;"
                         "selp.u32 %r3, %r2, 0, %p1; st.global.u32 [%rd1], %r3;"));
  ASSERT_TRUE(status.ok()) << status.message();
  std::uint32_t word = 0;
  EXPECT_EQ(runner.run(KernelRunner::Launch().with(&word)), 0);
  EXPECT_EQ(KernelRunner::calls(), std::vector<std::string>{"shuffle 1 9 2 31 ffffffff"});
  EXPECT_EQ(word, 9u);
}

TEST(Yield, ASpinLoopGivesWay) {
  for (const char* loop : {
           "$w: ld.volatile.global.u32 %r1, [%rd1]; setp.eq.u32 %p1, %r1, 0; @%p1 bra $w;",
           "$w: ld.acquire.gpu.global.u32 %r1, [%rd1]; setp.eq.u32 %p1, %r1, 0; @%p1 bra $w;",
           "$w: atom.global.cas.b32 %r1, [%rd1], 0, 1; setp.ne.u32 %p1, %r1, 0; @%p1 bra $w;",
           "$w: ld.global.u32 %r1, [%rd1]; membar.gl; setp.eq.u32 %p1, %r1, 0; @%p1 bra $w;",
       }) {
    KernelRunner runner;
    const Status status = runner.load(kernel(loop));
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_TRUE(needs_fibers(runner)) << loop;
  }
}

TEST(Yield, LoopsThatOnlyUpdateMemoryDoNot) {
  for (const char* loop : {
           "mov.u32 %r2, 0; $w: atom.global.add.u32 %r1, [%rd1], 1; add.s32 %r2, %r2, 1;"
           "setp.lt.s32 %p1, %r2, 100; @%p1 bra $w;",
           "ld.global.u32 %r1, [%rd1]; $w: mov.u32 %r2, %r1; add.s32 %r3, %r2, 1;"
           "atom.global.cas.b32 %r1, [%rd1], %r2, %r3; setp.ne.u32 %p1, %r1, %r2; @%p1 bra $w;",
       }) {
    KernelRunner runner;
    const Status status = runner.load(kernel(loop));
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_FALSE(needs_fibers(runner)) << loop;
  }
}

}  // namespace
}  // namespace cuda_shim::tests
