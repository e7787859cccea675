// What the interpreter promises beyond instructions: it ends, and says why.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ptx/interpreter/interpreter.h"

namespace cuda_shim::tests::interpreter {
namespace {

Outcome run_body(const std::string& body, unsigned threads = 32, const std::string& module = "") {
  Launch launch;
  launch.kernel = "kernel";
  launch.block[0] = threads;
  launch.text = fmt::format(
      ".version 8.0\n.target sm_90\n.address_size 64\n{}\n.visible .entry kernel()\n{{\n"
      "  .reg .pred %p<4>;\n  .reg .b32 %r<8>;\n  .reg .b64 %rd<4>;\n{}\n}}\n",
      module, body);
  return run(launch);
}

TEST(Machine, ReportsBarriersThatWaitForEachOther) {
  const Outcome outcome = run_body(R"(
    mov.u32 %r1, %tid.x;
    setp.lt.u32 %p1, %r1, 32;
    @%p1 bar.sync 1, 64;
    @!%p1 bar.sync 2, 64;
    ret;)",
                                   64);
  EXPECT_FALSE(outcome.ok);
  EXPECT_EQ(outcome.fault, FaultKind::kDeadlock) << outcome.message;
}

TEST(Machine, EndsLoopsThatDoNotEnd) {
  const Outcome outcome = run_body("AGAIN: bra AGAIN;", 1);
  EXPECT_EQ(outcome.fault, FaultKind::kStepLimit) << outcome.message;
}

TEST(Machine, RefusesACollectiveWhoseMaskLeavesItsThreadOut) {
  const Outcome outcome = run_body("shfl.sync.idx.b32 %r1, %r2, 0, 31, 0x0000ffff;\nret;");
  EXPECT_EQ(outcome.fault, FaultKind::kUndefined) << outcome.message;
}

TEST(Machine, NamesAnInstructionThatItDoesNotKnow) {
  const Outcome outcome = run_body("wgmma.fence.sync.aligned;\nret;");
  EXPECT_EQ(outcome.fault, FaultKind::kUnsupported);
  EXPECT_NE(outcome.message.find("wgmma.fence.sync.aligned"), std::string::npos) << outcome.message;
}

TEST(Machine, FindsAccessesBesideSharedMemory) {
  const Outcome outcome = run_body("mov.u32 %r1, window;\nld.shared.u32 %r2, [%r1+16];\nret;", 1,
                                   ".shared .align 4 .b32 window[4];");
  EXPECT_EQ(outcome.fault, FaultKind::kIllegalAddress) << outcome.message;
}

TEST(Machine, PrintsWhatVprintfIsGiven) {
  const Outcome outcome = run_body(
      R"(
    .local .align 8 .b64 list[2];
    .param .b64 format;
    .param .b64 arguments;
    .param .b32 result;
    st.local.u32 [list], 42;
    st.local.f64 [list+8], 0d4004000000000000;
    cvta.local.u64 %rd1, list;
    mov.u64 %rd2, text;
    cvta.global.u64 %rd2, %rd2;
    st.param.b64 [format], %rd2;
    st.param.b64 [arguments], %rd1;
    call (result), vprintf, (format, arguments);
    ret;)",
      1,
      ".extern .func (.param .b32 result) vprintf(.param .b64 format, .param .b64 arguments);\n"
      ".global .align 1 .b8 text[] = {37, 100, 32, 37, 46, 49, 102, 10, 0};");
  EXPECT_TRUE(outcome.ok) << outcome.message;
  EXPECT_EQ(outcome.printed, "42 2.5\n");
}

}  // namespace
}  // namespace cuda_shim::tests::interpreter
