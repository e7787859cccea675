// Branches, calls, recursion, function pointers and the ends of threads.

#include <gtest/gtest.h>

#include "kernels/compiler/kernel_runner.h"

namespace cuda_shim::tests {
namespace {

std::int32_t run_one(std::string_view body, std::int32_t argument, int expected_code = 0) {
  KernelRunner runner;
  const Status status = runner.load(module_text(body), "k");
  EXPECT_TRUE(status.ok()) << status.message();
  if (!status.ok()) return -999;
  std::int32_t out = -1;
  EXPECT_EQ(runner.run(KernelRunner::Launch().with(&out).with(argument)), expected_code);
  return out;
}

constexpr std::string_view kRecursion = R"(
.visible .func (.param .b32 result) fibonacci(.param .b32 n)
{
  .reg .pred %p<2>;
  .reg .b32 %r<8>;
  ld.param.u32 %r1, [n];
  setp.lt.s32 %p1, %r1, 2;
  @%p1 bra $small;
  add.s32 %r2, %r1, -1;
  {
    .param .b32 param0;
    .param .b32 retval0;
    st.param.b32 [param0+0], %r2;
    call.uni (retval0), fibonacci, (param0);
    ld.param.b32 %r3, [retval0+0];
  }
  add.s32 %r4, %r1, -2;
  {
    .param .b32 param0;
    .param .b32 retval0;
    st.param.b32 [param0+0], %r4;
    call.uni (retval0), fibonacci, (param0);
    ld.param.b32 %r5, [retval0+0];
  }
  add.s32 %r6, %r3, %r5;
  st.param.b32 [result+0], %r6;
  ret;
$small:
  st.param.b32 [result+0], %r1;
  ret;
}
.visible .entry k(.param .u64 out, .param .u32 n)
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r1, [n];
  {
    .param .b32 param0;
    .param .b32 retval0;
    st.param.b32 [param0+0], %r1;
    call.uni (retval0), fibonacci, (param0);
    ld.param.b32 %r2, [retval0+0];
  }
  st.global.u32 [%rd1], %r2;
  ret;
}
)";

TEST(ControlFlow, FunctionsMayRecurse) {
  EXPECT_EQ(run_one(kRecursion, 20), 6765);
}

constexpr std::string_view kPointers = R"(
.func (.param .b32 r) twice(.param .b32 a)
{
  .reg .b32 %r<3>;
  ld.param.u32 %r1, [a];
  shl.b32 %r2, %r1, 1;
  st.param.b32 [r], %r2;
  ret;
}
.func (.param .b32 r) next(.param .b32 a)
{
  .reg .b32 %r<3>;
  ld.param.u32 %r1, [a];
  add.s32 %r2, %r1, 1;
  st.param.b32 [r], %r2;
  ret;
}
.global .align 8 .u64 table[2] = {twice, next};
.visible .entry k(.param .u64 out, .param .u32 n)
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<6>;
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r1, [n];
  mul.wide.s32 %rd2, %r1, 8;
  mov.u64 %rd3, table;
  add.s64 %rd4, %rd3, %rd2;
  ld.global.u64 %rd5, [%rd4];
  {
    .param .b32 param0;
    .param .b32 retval0;
    st.param.b32 [param0], 10;
    prototype_0 : .callprototype (.param .b32 _) _ (.param .b32 _);
    call (retval0), %rd5, (param0), prototype_0;
    ld.param.b32 %r2, [retval0];
  }
  st.global.u32 [%rd1], %r2;
  ret;
}
)";

TEST(ControlFlow, PointersInMemoryCallTheirFunctions) {
  EXPECT_EQ(run_one(kPointers, 0), 20);
  EXPECT_EQ(run_one(kPointers, 1), 11);
}

TEST(ControlFlow, AWildFunctionPointerTraps) {
  constexpr std::string_view kWild = R"(
.visible .entry k(.param .u64 out, .param .u32 n)
{
  .reg .b64 %rd<2>;
  mov.u64 %rd1, 4711;
  { prototype_0 : .callprototype _ (); call %rd1, (), prototype_0; }
  ret;
}
)";
  EXPECT_EQ(run_one(kWild, 0, static_cast<int>(StatusCode::kInvalidPc)), -1);
}

TEST(ControlFlow, AggregatesTravelByValue) {
  constexpr std::string_view kAggregate = R"(
.func (.param .align 4 .b8 result[12]) rotate(.param .align 4 .b8 a[12], .param .b32 n)
{
  .reg .b32 %r<5>;
  ld.param.u32 %r1, [a+0];
  ld.param.u32 %r2, [a+4];
  ld.param.u32 %r3, [a+8];
  ld.param.u32 %r4, [n];
  add.s32 %r1, %r1, %r4;
  st.param.b32 [result+0], %r2;
  st.param.b32 [result+4], %r3;
  st.param.b32 [result+8], %r1;
  ret;
}
.visible .entry k(.param .u64 out, .param .u32 n)
{
  .reg .b32 %r<5>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r1, [n];
  {
    .param .align 4 .b8 param0[12];
    .param .b32 param1;
    .param .align 4 .b8 retval0[12];
    st.param.b32 [param0+0], 100;
    st.param.b32 [param0+4], 20;
    st.param.b32 [param0+8], 3;
    st.param.b32 [param1], %r1;
    call.uni (retval0), rotate, (param0, param1);
    ld.param.b32 %r2, [retval0+0];
    ld.param.b32 %r3, [retval0+8];
  }
  mad.lo.s32 %r4, %r3, 1000, %r2;
  st.global.u32 [%rd1], %r4;
  ret;
}
)";
  EXPECT_EQ(run_one(kAggregate, 7), 107020);
}

constexpr std::string_view kIndexed = R"(
.visible .entry k(.param .u64 out, .param .u32 n)
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r1, [n];
  mov.u32 %r2, 0;
  targets: .branchtargets $a, $b, $c;
  brx.idx %r1, targets;
$a: add.s32 %r2, %r2, 1;
$b: add.s32 %r2, %r2, 10;
$c: add.s32 %r2, %r2, 100;
  st.global.u32 [%rd1], %r2;
  ret;
}
)";

TEST(ControlFlow, IndexedBranchesChooseTheirLabel) {
  EXPECT_EQ(run_one(kIndexed, 0), 111);
  EXPECT_EQ(run_one(kIndexed, 1), 110);
  EXPECT_EQ(run_one(kIndexed, 2), 100);
}

TEST(ControlFlow, GuardsAndNestedScopesHold) {
  constexpr std::string_view kGuards = R"(
.visible .entry k(.param .u64 out, .param .u32 n)
{
  .reg .b32 %r<4>;
  .reg .b64 %rd<2>;
  .reg .pred %p<2>;
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r1, [n];
  mov.u32 %r2, 5;
  {
    .reg .b32 %r2;
    mov.u32 %r2, 1000;
  }
  setp.gt.s32 %p1, %r1, 3;
  @%p1 add.s32 %r2, %r2, 10;
  @!%p1 add.s32 %r2, %r2, 100;
  st.global.u32 [%rd1], %r2;
  @%p1 exit;
  st.global.u32 [%rd1], 1;
}
)";
  EXPECT_EQ(run_one(kGuards, 4), 15);
  EXPECT_EQ(run_one(kGuards, 3), 1);
}

TEST(ControlFlow, ExitInAFunctionEndsTheThread) {
  constexpr std::string_view kExit = R"(
.visible .func leave(.param .b32 a)
{
  .reg .pred %p<2>;
  .reg .b32 %r<2>;
  ld.param.u32 %r1, [a];
  setp.eq.s32 %p1, %r1, 3;
  @%p1 exit;
  ret;
}
.visible .entry k(.param .u64 out, .param .u32 n)
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [out];
  ld.param.u32 %r1, [n];
  {
    .param .b32 param0;
    st.param.b32 [param0], %r1;
    call.uni leave, (param0);
  }
  st.global.u32 [%rd1], %r1;
  ret;
}
)";
  EXPECT_EQ(run_one(kExit, 3), -1);
  EXPECT_EQ(run_one(kExit, 4), 4);
}

TEST(ControlFlow, TrapEndsTheLaunchWithALaunchFailure) {
  EXPECT_EQ(run_one(".visible .entry k(.param .u64 out, .param .u32 n) { trap; }", 0,
                    static_cast<int>(StatusCode::kLaunchFailed)),
            -1);
}

TEST(ControlFlow, PrintfAndAssertReachTheDevice) {
  KernelRunner runner;
  const Status status = runner.load(module_text(R"(
.extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 a);
.global .align 1 .b8 format[3] = {37, 100, 0};
.visible .entry k()
{
  .local .align 8 .b8 depot[8];
  .reg .b32 %r<3>;
  .reg .b64 %rd<5>;
  mov.u32 %r1, 42;
  st.local.u32 [depot], %r1;
  mov.u64 %rd1, format;
  cvta.global.u64 %rd2, %rd1;
  mov.u64 %rd3, depot;
  cvta.local.u64 %rd4, %rd3;
  {
    .param .b64 param0;
    .param .b64 param1;
    .param .b32 retval0;
    st.param.b64 [param0+0], %rd2;
    st.param.b64 [param1+0], %rd4;
    call.uni (retval0), vprintf, (param0, param1);
    ld.param.b32 %r2, [retval0+0];
  }
  ret;
}
)"));
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(runner.run({}), 0);
  EXPECT_EQ(KernelRunner::calls(), std::vector<std::string>{"vprintf %d 42"});
}

}  // namespace
}  // namespace cuda_shim::tests
