// Applications have signal handlers of their own, installed before the device is opened or after:
// faults of kernels are ours all the same, and the application's go to its handler.

#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include "devices/cpu/cpu_device.h"
#include "devices/cpu/sanitizer.h"

namespace cuda_shim::devices {
namespace {

struct Words {
  std::uint32_t* words;
};

constexpr std::uintptr_t kNowhere = 64;

void write_first_word(cuda_shim_host_thread* thread) {
  *static_cast<volatile std::uint32_t*>(parameters_of<Words>(thread).words) = 1;
}

sigjmp_buf g_back;
volatile int g_calls = 0;
struct sigaction g_next;

void jump_back(int, siginfo_t*, void*) {
  g_calls = g_calls + 1;
  ::siglongjmp(g_back, 1);
}

void exit_with_count(int, siginfo_t*, void*) {
  ::_exit(g_calls);
}

// As crash reporters do: takes note and calls the handler that it found.
void note_and_go_on(int signal, siginfo_t* info, void* context) {
  g_calls = g_calls + 1;
  g_next.sa_sigaction(signal, info, context);
}

struct sigaction install(void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {}, before = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSEGV, &action, &before);
  return before;
}

void fault_here() {
  *reinterpret_cast<volatile std::uint32_t*>(kNowhere) = 1;
}

// Whether the application's handler got a fault of the application.
bool own_fault_comes_back() {
  if (::sigsetjmp(g_back, 1) != 0) return true;
  fault_here();
  return false;
}

class SignalHandlersTest : public CpuDeviceTest {
 protected:
  void SetUp() override { g_calls = 0; }
  void TearDown() override { ::sigaction(SIGSEGV, &found_, nullptr); }

  void use_device() {
    if (!device_) CpuDeviceTest::SetUp();
    std::uint32_t word = 0;
    run(make_kernel(write_first_word).get(), {1, 1, 1}, {1, 1, 1}, Words{&word});
    EXPECT_EQ(word, 1u);
  }

  void expect_kernel_fault_is_ours() {
    int before = g_calls;
    run(make_kernel(write_first_word).get(), {1, 1, 1}, {1, 1, 1},
        Words{reinterpret_cast<std::uint32_t*>(kNowhere)});
    EXPECT_EQ(fault_code(), StatusCode::kIllegalAddress);
    EXPECT_EQ(g_calls, before);
  }

  struct sigaction found_ = {};
};

TEST_F(SignalHandlersTest, AHandlerFromBeforeGetsTheApplicationsFaultsOnly) {
  found_ = install(jump_back);
  use_device();
  EXPECT_TRUE(own_fault_comes_back());
  expect_kernel_fault_is_ours();
  EXPECT_TRUE(own_fault_comes_back());
  EXPECT_EQ(g_calls, 2);
}

TEST_F(SignalHandlersTest, AHandlerFromAfterwardsGetsTheApplicationsFaultsOnly) {
  use_device();
  found_ = install(jump_back);
  EXPECT_TRUE(own_fault_comes_back());
  expect_kernel_fault_is_ours();
  EXPECT_TRUE(own_fault_comes_back());
  EXPECT_TRUE(own_fault_comes_back());
  EXPECT_EQ(g_calls, 3);
}

TEST_F(SignalHandlersTest, ResettingTheHandlerLeavesKernelFaultsToUs) {
  use_device();
  ::sigaction(SIGSEGV, nullptr, &found_);
  ::signal(SIGSEGV, SIG_DFL);
  expect_kernel_fault_is_ours();
}

TEST_F(SignalHandlersTest, AHandlerThatCallsOursReachesTheOneBeforeUs) {
  // In a fresh process: who was there before us is noted once.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        install(exit_with_count);
        use_device();
        g_next = install(note_and_go_on);
        use_device();
        fault_here();
      },
      ::testing::ExitedWithCode(1), "");
}

}  // namespace
}  // namespace cuda_shim::devices
