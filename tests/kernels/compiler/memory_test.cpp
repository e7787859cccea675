// Loads, stores, variables, parameters and addresses of translated kernels.

#include <gtest/gtest.h>

#include "kernels/compiler/kernel_runner.h"

namespace cuda_shim::tests {
namespace {

TEST(Translation, VectorAddReadsParametersAndIds) {
  KernelRunner runner;
  const Status status = runner.load(module_text(R"(
.visible .entry add(.param .u64 a, .param .u64 b, .param .u64 c, .param .u32 n)
{
  .reg .pred %p<2>;
  .reg .f32 %f<4>;
  .reg .b32 %r<6>;
  .reg .b64 %rd<11>;
  ld.param.u64 %rd1, [a];
  ld.param.u64 %rd2, [b];
  ld.param.u64 %rd3, [c];
  ld.param.u32 %r2, [n];
  mov.u32 %r3, %ctaid.x;
  mov.u32 %r4, %ntid.x;
  mov.u32 %r5, %tid.x;
  mad.lo.s32 %r1, %r3, %r4, %r5;
  setp.ge.s32 %p1, %r1, %r2;
  @%p1 bra $done;
  cvta.to.global.u64 %rd4, %rd1;
  mul.wide.s32 %rd5, %r1, 4;
  add.s64 %rd6, %rd4, %rd5;
  cvta.to.global.u64 %rd7, %rd2;
  add.s64 %rd8, %rd7, %rd5;
  ld.global.f32 %f1, [%rd8];
  ld.global.f32 %f2, [%rd6];
  add.f32 %f3, %f2, %f1;
  cvta.to.global.u64 %rd9, %rd3;
  add.s64 %rd10, %rd9, %rd5;
  st.global.f32 [%rd10], %f3;
$done:
  ret;
}
)"));
  ASSERT_TRUE(status.ok()) << status.message();
  std::vector<float> a(100), b(100), c(100, -1.0f);
  for (int i = 0; i < 100; ++i) a[i] = 0.5f * i, b[i] = 100.0f - i;
  KernelRunner::Launch launch;
  launch.grid = {2, 1, 1};
  launch.block = {64, 1, 1};
  launch.with(a.data()).with(b.data()).with(c.data()).with(std::uint32_t{99});
  EXPECT_EQ(runner.run(launch), 0);
  for (int i = 0; i < 99; ++i) EXPECT_EQ(c[i], a[i] + b[i]) << i;
  EXPECT_EQ(c[99], -1.0f);
  EXPECT_EQ(runner.compiled().info.traits, 0u);
  EXPECT_EQ(runner.compiled().info.parameter_bytes, 28u);
}

TEST(Translation, StaticSharedVariablesLieApartAndDynamicOnesFollow) {
  KernelRunner runner;
  const Status status = runner.load(module_text(R"(
.shared .align 4 .b8 first[6];
.extern .shared .align 16 .b8 tail[];
.extern .shared .align 4 .b8 same_tail[];
.visible .entry k(.param .u64 out)
{
  .reg .b32 %r<9>;
  .reg .b64 %rd<3>;
  .shared .align 8 .b64 second;
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, first;
  mov.u32 %r2, second;
  mov.u32 %r3, tail;
  mov.u32 %r4, same_tail;
  st.global.v4.u32 [%rd1], {%r1, %r2, %r3, %r4};
  mov.u32 %r5, 77;
  st.shared.u32 [tail+4], %r5;
  add.s32 %r6, %r3, 8;
  ld.shared.u32 %r7, [%r6+-4];
  st.global.u32 [%rd1+16], %r7;
  ret;
}
)"));
  ASSERT_TRUE(status.ok()) << status.message();
  alignas(16) std::uint32_t out[5] = {};
  KernelRunner::Launch launch;
  launch.dynamic_shared_bytes = 64;
  EXPECT_EQ(runner.run(launch.with(&out[0])), 0);
  EXPECT_EQ(out[0], 0u);
  EXPECT_EQ(out[1], 8u);
  EXPECT_EQ(out[2], 16u);
  EXPECT_EQ(out[3], 16u);
  EXPECT_EQ(out[4], 77u);
  EXPECT_EQ(runner.compiled().info.static_shared_bytes, 16u);
}

TEST(Translation, SharedAddressesWrapAt32BitsAndConvertToGenericOnes) {
  KernelRunner runner;
  const Status status = runner.load(module_text(R"(
.shared .align 4 .b32 word;
.visible .entry k(.param .u64 out)
{
  .reg .b32 %r<5>;
  .reg .b64 %rd<5>;
  .reg .pred %p<3>;
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, -4;
  mov.u32 %r2, 5;
  st.shared.u32 [%r1+4], %r2;
  mov.u64 %rd2, word;
  cvta.shared.u64 %rd3, %rd2;
  ld.u32 %r3, [%rd3];
  st.global.u32 [%rd1], %r3;
  isspacep.shared %p1, %rd3;
  isspacep.global %p2, %rd1;
  selp.u32 %r4, 1, 0, %p1;
  st.global.u32 [%rd1+4], %r4;
  selp.u32 %r4, 1, 0, %p2;
  st.global.u32 [%rd1+8], %r4;
  cvta.to.shared.u64 %rd4, %rd3;
  st.global.u64 [%rd1+16], %rd4;
  ret;
}
)"));
  ASSERT_TRUE(status.ok()) << status.message();
  alignas(16) std::uint32_t out[6] = {9, 9, 9, 9, 9, 9};
  EXPECT_EQ(runner.run(KernelRunner::Launch().with(&out[0])), 0);
  EXPECT_EQ(out[0], 5u);
  EXPECT_EQ(out[1], 1u);
  EXPECT_EQ(out[2], 1u);
  EXPECT_EQ(out[4], 0u);
}

TEST(Translation, NarrowLoadsExtendByTheirType) {
  KernelRunner runner;
  const Status status = runner.load(module_text(R"(
.global .align 4 .b8 bytes[4] = {255, 128, 1, 2};
.const .align 8 .u64 pointer = generic(bytes);
.visible .entry k(.param .u64 out)
{
  .reg .b32 %r<5>;
  .reg .b16 %rs<5>;
  .reg .b64 %rd<3>;
  ld.param.u64 %rd1, [out];
  ld.const.u64 %rd2, [pointer];
  ld.global.s8 %r1, [%rd2];
  ld.global.u8 %r2, [%rd2];
  ld.global.v4.u8 {%rs1, %rs2, %rs3, %rs4}, [%rd2];
  cvt.u32.u16 %r3, %rs2;
  mov.b32 %r4, {%rs3, %rs4};
  st.global.v4.b32 [%rd1], {%r1, %r2, %r3, %r4};
  ret;
}
)"));
  ASSERT_TRUE(status.ok()) << status.message();
  alignas(16) std::uint32_t out[4] = {};
  EXPECT_EQ(runner.run(KernelRunner::Launch().with(&out[0])), 0);
  EXPECT_EQ(out[0], 0xffffffffu);
  EXPECT_EQ(out[1], 255u);
  EXPECT_EQ(out[2], 128u);
  EXPECT_EQ(out[3], 0x00020001u);
}

TEST(Translation, LocalVariablesAreTheThreadsOwn) {
  KernelRunner runner;
  const Status status = runner.load(module_text(R"(
.visible .entry k(.param .u64 out)
{
  .local .align 8 .b8 depot[64];
  .reg .b32 %r<4>;
  .reg .b64 %rd<7>;
  ld.param.u64 %rd1, [out];
  mov.u64 %rd2, depot;
  cvta.local.u64 %rd3, %rd2;
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd4, %r1, 4;
  add.s64 %rd5, %rd3, %rd4;
  st.u32 [%rd5], %r1;
  ld.local.u32 %r2, [depot+12];
  add.s64 %rd6, %rd1, %rd4;
  st.global.u32 [%rd6], %r2;
  ret;
}
)"));
  ASSERT_TRUE(status.ok()) << status.message();
  std::uint32_t out[4] = {1, 1, 1, 1};
  KernelRunner::Launch launch;
  launch.block = {4, 1, 1};
  EXPECT_EQ(runner.run(launch.with(&out[0])), 0);
  EXPECT_EQ(out[3], 3u);
  EXPECT_GE(runner.compiled().info.local_bytes, 64u);
}

}  // namespace
}  // namespace cuda_shim::tests
