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

}  // namespace
}  // namespace cuda_shim::tests
