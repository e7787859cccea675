// Which loops that wait for memory lanes in lockstep may wait in: none in which a lane could wait
// for another lane of its warp, in itself or by way of other warps.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <llvm/IR/LLVMContext.h>

#include "kernels/compiler/kernel_runner.h"
#include "kernels/passes/insert_yields.h"
#include "kernels/passes/prepare.h"
#include "kernels/simd/vectorise.h"
#include "kernels/targets/host/host_target.h"

namespace cuda_shim::kernels::simd {
namespace {

struct Case {
  const char* name;
  bool in_lockstep;
  const char* body;
};

/// %r1 thread, %r2 block, %r3 lane; %rd1 = p, %rd2 = p + 4 * thread, %rd3 = q.
constexpr std::string_view kBegin = R"(
  .reg .b32 %r<20>; .reg .b64 %rd<20>; .reg .pred %p<9>; .shared .align 4 .b32 flag[32];
  mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x; and.b32 %r3, %r1, 31;
  ld.param.u64 %rd1, [p]; cvta.to.global.u64 %rd1, %rd1;
  ld.param.u64 %rd3, [q]; cvta.to.global.u64 %rd3, %rd3;
  mul.wide.s32 %rd2, %r1, 4; add.s64 %rd2, %rd1, %rd2;
)";

constexpr Case kCases[] = {
    {"LaneLockByCompareAndSwap", false, R"(
  ld.volatile.global.b32 %r4, [%rd3]; mul.wide.u32 %rd4, %r4, 4; add.s64 %rd4, %rd1, %rd4;
  GET: atom.global.cas.b32 %r5, [%rd4], 0, 1; setp.ne.u32 %p1, %r5, 0; @%p1 bra GET;
  ld.global.b32 %r6, [%rd3+8]; add.u32 %r6, %r6, 1; st.global.b32 [%rd3+8], %r6; membar.gl;
  atom.global.exch.b32 %r7, [%rd4], 0;)"},
    {"LaneLockByExchange", false, R"(
  GET: atom.global.exch.b32 %r5, [%rd1], 1; setp.ne.u32 %p1, %r5, 0; @%p1 bra GET;
  ld.global.b32 %r6, [%rd3]; add.u32 %r6, %r6, 1; st.global.b32 [%rd3], %r6; membar.gl;
  st.volatile.global.b32 [%rd1], 0;)"},
    {"LockOfEachLanesOwn", false, R"(
  GET: atom.global.cas.b32 %r5, [%rd2], 0, 1; setp.ne.u32 %p1, %r5, 0; @%p1 bra GET;
  membar.gl; atom.global.exch.b32 %r7, [%rd2], 0;)"},
    {"TicketLock", false, R"(
  atom.global.add.u32 %r4, [%rd1], 1;
  WAIT: ld.volatile.global.b32 %r5, [%rd1+4]; setp.ne.u32 %p1, %r5, %r4; @%p1 bra WAIT;
  ld.global.b32 %r6, [%rd3]; add.u32 %r6, %r6, 1; st.global.b32 [%rd3], %r6; membar.gl;
  add.u32 %r7, %r4, 1; st.volatile.global.b32 [%rd1+4], %r7;)"},
    {"ProducerBehindAConsumerOfTheSameWarp", false, R"(
  setp.eq.u32 %p1, %r3, 0; @%p1 bra PRODUCE;
  WAIT: ld.volatile.global.b32 %r5, [%rd1]; setp.eq.u32 %p2, %r5, 0; @%p2 bra WAIT; bra OUT;
  PRODUCE: st.volatile.global.b32 [%rd1], 1; OUT:)"},
    {"ProducerByAPlainStore", false, R"(
  setp.eq.u32 %p1, %r3, 0; @%p1 bra PRODUCE;
  WAIT: ld.volatile.global.b32 %r5, [%rd1]; setp.eq.u32 %p2, %r5, 0; @%p2 bra WAIT; bra OUT;
  PRODUCE: membar.gl; st.global.b32 [%rd1], 1; OUT:)"},
    {"OneLaneThatWaitsForAnother", false, R"(
  setp.ne.u32 %p1, %r3, 0; @%p1 bra OTHERS;
  WAIT: ld.volatile.shared.b32 %r5, [flag]; setp.eq.u32 %p2, %r5, 0; @%p2 bra WAIT; bra OUT;
  OTHERS: st.volatile.shared.b32 [flag], 1; OUT:)"},
    {"ChainOfLanes", false, R"(
  WAIT: ld.volatile.global.b32 %r5, [%rd2]; setp.eq.u32 %p1, %r5, 0; @%p1 bra WAIT;
  st.volatile.global.b32 [%rd2+4], 1;)"},
    {"ReleaseByAnUnknownAddress", false, R"(
  ld.global.u64 %rd5, [%rd3];
  WAIT: ld.volatile.global.b32 %r5, [%rd2]; setp.eq.u32 %p1, %r5, 0; @%p1 bra WAIT;
  st.global.b32 [%rd5], 1;)"},
    {"LookingBackAndForth", false, R"(
  shl.b32 %r6, %r2, 8; add.s32 %r7, %r6, %r1; mul.wide.s32 %rd4, %r7, 4; add.s64 %rd4, %rd1, %rd4;
  WAIT: ld.volatile.global.b32 %r5, [%rd4+-1024]; setp.eq.u32 %p1, %r5, 0; @%p1 bra WAIT;
  st.volatile.global.b32 [%rd4], 1; bar.sync 0;
  BACK: ld.volatile.global.b32 %r5, [%rd4+1024]; setp.eq.u32 %p1, %r5, 0; @%p1 bra BACK;
  st.volatile.global.b32 [%rd4], 2;)"},
    {"LanesThatWaitForOtherWarpsOnly", true, R"(
  WAIT: ld.volatile.global.b32 %r5, [%rd2]; setp.eq.u32 %p1, %r5, 0; @%p1 bra WAIT;)"},
    {"WritesBehindABarrier", true, R"(
  WAIT: ld.volatile.global.b32 %r5, [%rd2]; setp.eq.u32 %p1, %r5, 0; @%p1 bra WAIT;
  bar.sync 0; st.volatile.global.b32 [%rd2], 0;)"},
    {"WritesBehindAMeetingOfTheWarp", true, R"(
  WAIT: ld.volatile.global.b32 %r5, [%rd2]; setp.eq.u32 %p1, %r5, 0; @%p1 bra WAIT;
  bar.warp.sync -1; st.volatile.global.b32 [%rd2], 0;)"},
    {"WritesBehindAMeetingOfSomeLanes", false, R"(
  WAIT: ld.volatile.global.b32 %r5, [%rd2]; setp.eq.u32 %p1, %r5, 0; @%p1 bra WAIT;
  bar.warp.sync 65535; st.volatile.global.b32 [%rd1], 1;)"},
    {"LookBackByOneLane", true, R"(
  setp.ne.u32 %p1, %r1, 0; @%p1 bra MEET; setp.eq.u32 %p2, %r2, 0; @%p2 bra PUBLISH;
  mul.wide.s32 %rd4, %r2, 4; add.s64 %rd4, %rd1, %rd4;
  WAIT: ld.volatile.global.b32 %r5, [%rd4+-4]; setp.eq.u32 %p3, %r5, 0; @%p3 bra WAIT;
  PUBLISH: mul.wide.s32 %rd5, %r2, 4; add.s64 %rd5, %rd1, %rd5; st.volatile.global.b32 [%rd5], 1;
  MEET: bar.sync 0; st.global.b32 [%rd3], %r1;)"},
    {"LookBackForEachDigit", true, R"(
  shl.b32 %r6, %r2, 8; add.s32 %r7, %r6, %r1; mul.wide.s32 %rd4, %r7, 4; add.s64 %rd4, %rd1, %rd4;
  mov.u32 %r8, %r2; setp.lt.s32 %p1, %r2, 1; @%p1 bra DONE;
  TILE: shl.b32 %r9, %r8, 8; add.s32 %r9, %r9, %r1; add.s32 %r9, %r9, -256;
  mul.wide.s32 %rd5, %r9, 4; add.s64 %rd5, %rd1, %rd5;
  WAIT: ld.volatile.global.b32 %r5, [%rd5]; setp.eq.u32 %p2, %r5, 0; @%p2 bra WAIT;
  setp.lt.s32 %p3, %r5, 0; @%p3 bra DONE;
  add.s32 %r10, %r8, -1; setp.gt.s32 %p4, %r8, 1; mov.u32 %r8, %r10; @%p4 bra TILE;
  DONE: st.volatile.global.b32 [%rd4], -5; st.global.b32 [%rd3], %r1;)"},
    {"LookBackWithinTheReachOfAnotherLane", false, R"(
  shl.b32 %r6, %r2, 4; add.s32 %r7, %r6, %r1; mul.wide.s32 %rd4, %r7, 4; add.s64 %rd4, %rd1, %rd4;
  WAIT: ld.volatile.global.b32 %r5, [%rd4+-64]; setp.eq.u32 %p2, %r5, 0; @%p2 bra WAIT;
  st.volatile.global.b32 [%rd4], 5;)"},
};

class Waiting : public testing::TestWithParam<Case> {};

TEST_P(Waiting, RunsInLockstepIfNoLaneIsWaitedFor) {
  const std::string text = tests::module_text(
      fmt::format(".visible .entry k(.param .u64 p, .param .u64 q) {{\n{}{}\n  ret;\n}}\n", kBegin,
                  GetParam().body));
  auto program = Program::from_ptx({{"test", text}});
  ASSERT_TRUE(program) << program.error().message();
  llvm::LLVMContext context;
  auto lowered =
      instructions::lower_kernel(context, KernelSource(**program, (*program)->kernels()[0]));
  ASSERT_TRUE(lowered) << lowered.error().message();
  passes::prepare(*lowered->module);
  ASSERT_GT(passes::insert_yields(*lowered->module), 0u);
  auto machine = targets::host::create_machine(tests::this_machine(), 3);
  ASSERT_TRUE(machine);
  const auto result = simd::vectorise(*lowered, **machine, {256, 1, 1});
  EXPECT_EQ(result.has_value(), GetParam().in_lockstep) << (result ? "" : result.error());
  if (!result) EXPECT_NE(result.error().find("same warp"), std::string::npos) << result.error();
}

INSTANTIATE_TEST_SUITE_P(Kernels, Waiting, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace cuda_shim::kernels::simd
