// What happens when a kernel or a copy goes wrong: the process lives, the instance keeps the first
// fault and does no more work.

#include <signal.h>
#include <sys/mman.h>

#include <atomic>
#include <cstring>

#include "devices/cpu/cpu_device.h"
#include "devices/cpu/sanitizer.h"
#include "devices/cpu/scheduler.h"

namespace cuda_shim::devices {
namespace {

struct Words {
  std::uint32_t* words;
};

class FaultTest : public CpuDeviceTest {
 protected:
  void SetUp() override {
    CpuDeviceTest::SetUp();
    // A page that is never accessible.
    hole_ = ::mmap(nullptr, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  void TearDown() override { ::munmap(hole_, 1 << 20); }

  Words hole() const { return {static_cast<std::uint32_t*>(hole_)}; }

  void* hole_ = nullptr;
};

void write_in_one_thread(cuda_shim_host_thread* thread) {
  if (thread->block->ctaid.y == 3 && thread->tid.x == 33) parameters_of<Words>(thread).words[4] = 1;
}

class FaultWithTraits : public FaultTest, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(FaultWithTraits, IllegalAddressNamesKernelBlockThreadAndAddress) {
  auto kernel = make_kernel(write_in_one_thread, GetParam());
  run(kernel.get(), {1, 5, 1}, {64, 1, 1}, hole());
  cuda_shim_fault fault = device_.fault();
  EXPECT_EQ(static_cast<StatusCode>(fault.code), StatusCode::kIllegalAddress);
  EXPECT_STREQ(fault.kernel, "tested");
  EXPECT_EQ(fault.block.y, 3u);
  EXPECT_EQ(fault.thread.x, 33u);
  EXPECT_EQ(fault.address, reinterpret_cast<std::uint64_t>(hole().words + 4));
}

// As code that runs all groups of a block in one call: it says itself where it is.
void write_in_one_group(cuda_shim_host_thread* thread) {
  for (std::uint32_t row = 0; row < thread->block->ntid.y; ++row) {
    thread->tid.y = row;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (thread->block->ctaid.x == 2 && row == 5) parameters_of<Words>(thread).words[0] = 1;
  }
}

TEST_F(FaultTest, OfACallForAWholeBlockNamesTheGroup) {
  auto kernel = make_kernel(write_in_one_group, CUDA_SHIM_KERNEL_RUNS_BLOCKS);
  run(kernel.get(), {3, 1, 1}, {32, 8, 1}, hole());
  const cuda_shim_fault fault = device_.fault();
  EXPECT_EQ(static_cast<StatusCode>(fault.code), StatusCode::kIllegalAddress);
  EXPECT_EQ(fault.block.x, 2u);
  EXPECT_EQ(fault.thread.y, 5u);
}

TEST_F(FaultTest, AKernelThatRunsBlocksIsCalledOnceForEach) {
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) {
        __atomic_fetch_add(parameters_of<Words>(thread).words, 1, __ATOMIC_RELAXED);
      },
      CUDA_SHIM_KERNEL_RUNS_BLOCKS);
  std::uint32_t calls = 0;
  run(kernel.get(), {7, 2, 1}, {32, 8, 1}, Words{&calls});
  EXPECT_EQ(calls, 14u);
}

// As code that runs blocks abreast.
void write_in_one_block(cuda_shim_host_thread* thread) {
  cuda_shim_host_block& block = *thread->block;
  for (std::uint32_t i = 0; i < block.abreast; ++i) {
    block.ctaid.x = block.first + i;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (block.ctaid.x == 5 && block.ctaid.y == 700) parameters_of<Words>(thread).words[0] = 1;
  }
}

TEST_F(FaultTest, OfACallForBlocksAbreastNamesTheBlock) {
  auto kernel = make_kernel(write_in_one_block,
                            CUDA_SHIM_KERNEL_RUNS_BLOCKS | CUDA_SHIM_KERNEL_BLOCKS_ABREAST);
  run(kernel.get(), {7, 4096, 1}, {32, 8, 1}, hole());
  const cuda_shim_fault fault = device_.fault();
  EXPECT_EQ(static_cast<StatusCode>(fault.code), StatusCode::kIllegalAddress);
  EXPECT_EQ(fault.block.x, 5u);
  EXPECT_EQ(fault.block.y, 700u);
}

// How many calls it takes, where each counts its blocks and itself.
void count_blocks(cuda_shim_host_thread* thread) {
  std::uint32_t* words = parameters_of<Words>(thread).words;
  const cuda_shim_host_block& block = *thread->block;
  EXPECT_LE(block.first + block.abreast, block.nctaid.x);
  __atomic_fetch_add(words, 1, __ATOMIC_RELAXED);
  for (std::uint32_t i = 0; i < block.abreast; ++i)
    __atomic_fetch_add(&words[1 + block.first + i], 1, __ATOMIC_RELAXED);
}

struct StripsCase {
  const char* name;
  cuda_shim_dim3 grid, block;
  std::uint32_t calls;
};

class Strips : public FaultTest, public testing::WithParamInterface<StripsCase> {};

TEST_P(Strips, HaveEachBlockOnce) {
  const auto& [name, grid, block, expected] = GetParam();
  auto kernel =
      make_kernel(count_blocks, CUDA_SHIM_KERNEL_RUNS_BLOCKS | CUDA_SHIM_KERNEL_BLOCKS_ABREAST);
  std::vector<std::uint32_t> words(1 + grid.x);
  run(kernel.get(), grid, block, Words{words.data()});
  EXPECT_EQ(words[0], expected);
  for (std::uint32_t x = 0; x < grid.x; ++x) EXPECT_EQ(words[1 + x], grid.y * grid.z) << x;
}

INSTANTIATE_TEST_SUITE_P(
    All, Strips,
    testing::Values(StripsCase{"short_rows", {10, 2048, 2}, {32, 4, 1}, 4096},
                    StripsCase{"long_rows", {101, 1024, 2}, {16, 16, 1}, 26 * 2048},
                    StripsCase{"long_blocks", {33, 1024, 1}, {64, 4, 1}, 33 * 1024},
                    StripsCase{"too_few_to_share", {10, 2, 1}, {32, 4, 1}, 20}),
    [](const testing::TestParamInfo<StripsCase>& row) { return std::string(row.param.name); });

[[gnu::noinline]] std::uint32_t recurse(std::uint32_t depth) {
  volatile std::uint32_t frame[256];
  frame[depth % 256] = depth;
  return depth == ~0u ? 0 : recurse(depth + 1) + frame[depth % 256];
}

TEST_P(FaultWithTraits, StackOverflowIsAStackError) {
#if defined(CUDA_SHIM_ASAN)
  GTEST_SKIP() << "AddressSanitizer reports stack overflows itself.";
#endif
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) { parameters_of<Words>(thread).words[0] = recurse(0); },
      GetParam());
  std::uint32_t word = 0;
  run(kernel.get(), {1, 1, 1}, {32, 1, 1}, Words{&word});
  EXPECT_EQ(fault_code(), StatusCode::kHardwareStackError);
}

// Without the sanitizer's own look at what is called.
[[clang::no_sanitize("function")]] void call_parameter(cuda_shim_host_thread* thread) {
  void (*function)();
  void* address = parameters_of<Words>(thread).words;
  std::memcpy(&function, &address, sizeof(function));
  function();
}

TEST_P(FaultWithTraits, CallOfAnAddressThatIsNoCodeIsAnInvalidPc) {
  auto kernel = make_kernel(call_parameter, GetParam());
  run(kernel.get(), {1, 1, 1}, {32, 1, 1}, hole());
  EXPECT_EQ(fault_code(), StatusCode::kInvalidPc);
}

TEST_P(FaultWithTraits, TrapEndsTheLaunch) {
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) { cuda_shim_host_trap(thread, 0); },
                            GetParam());
  run(kernel.get(), {4, 1, 1}, {32, 1, 1}, hole());
  EXPECT_EQ(fault_code(), StatusCode::kLaunchFailed);
}

TEST_P(FaultWithTraits, ThreadThatWaitsForAFaultedOneIsEnded) {
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) {
        std::atomic_ref<std::uint32_t> flag(*parameters_of<Words>(thread).words);
        if (thread->block->ctaid.x == 3) cuda_shim_host_trap(thread, 0);
        while (flag == 0) cuda_shim_host_yield(thread);
      },
      GetParam() | CUDA_SHIM_KERNEL_NEEDS_FIBERS);
  std::uint32_t word = 0;
  run(kernel.get(), {4, 1, 1}, {32, 1, 1}, Words{&word}, CUDA_SHIM_LAUNCH_COOPERATIVE);
  EXPECT_EQ(fault_code(), StatusCode::kLaunchFailed);
}

INSTANTIATE_TEST_SUITE_P(Traits, FaultWithTraits,
                         testing::Values(0u, std::uint32_t{CUDA_SHIM_KERNEL_NEEDS_FIBERS}));

TEST_F(FaultTest, BadStringInPrintfIsAFault) {
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) {
        const void* bad = parameters_of<Words>(thread).words;
        cuda_shim_host_vprintf(thread, "%s", &bad);
      },
      0);
  run(kernel.get(), {1, 1, 1}, {1, 1, 1}, hole());
  EXPECT_EQ(fault_code(), StatusCode::kIllegalAddress);
}

TEST_F(FaultTest, CopyFromAnAddressThatIsNotThereIsAFault) {
  std::vector<unsigned char> to(8 << 20);
  cuda_shim_copy copy = {reinterpret_cast<std::uint64_t>(to.data()),
                         reinterpret_cast<std::uint64_t>(hole_),
                         4096,
                         1,
                         1,
                         0,
                         0,
                         0,
                         0};
  ASSERT_TRUE(queue_.copy(copy).ok());
  ASSERT_TRUE(queue_.drain().ok());
  cuda_shim_fault fault = device_.fault();
  EXPECT_EQ(static_cast<StatusCode>(fault.code), StatusCode::kIllegalAddress);
  EXPECT_GE(fault.address, reinterpret_cast<std::uint64_t>(hole_));
}

TEST_F(FaultTest, AfterAFaultWorkIsSkippedButHostCallsAndSignalsGoOn) {
  auto trap = make_kernel([](cuda_shim_host_thread* thread) { cuda_shim_host_trap(thread, 0); }, 0);
  auto writes = make_kernel(
      [](cuda_shim_host_thread* thread) { parameters_of<Words>(thread).words[0] = 1; }, 0);
  std::uint32_t word = 0;
  bool called = false;
  run(trap.get(), {1, 1, 1}, {1, 1, 1}, hole());
  submit(writes.get(), {1, 1, 1}, {1, 1, 1}, Words{&word});
  ASSERT_TRUE(queue_.host_call([](void* flag) { *static_cast<bool*>(flag) = true; }, &called).ok());
  ASSERT_TRUE(queue_.drain().ok());
  EXPECT_EQ(word, 0u);
  EXPECT_TRUE(called);
}

TEST_F(FaultTest, AnotherInstanceIsNotAffected) {
  auto trap = make_kernel([](cuda_shim_host_thread* thread) { cuda_shim_host_trap(thread, 0); }, 0);
  auto writes = make_kernel(
      [](cuda_shim_host_thread* thread) { parameters_of<Words>(thread).words[0] = 1; }, 0);
  run(trap.get(), {1, 1, 1}, {1, 1, 1}, hole());
  Device first = std::exchange(device_, open());
  Queue first_queue = std::exchange(queue_, create_queue());
  std::uint32_t word = 0;
  run(writes.get(), {1, 1, 1}, {1, 1, 1}, Words{&word});
  EXPECT_EQ(word, 1u);
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  first_queue = Queue();
}

TEST_F(FaultTest, WorkersRunOnAfterManyFaults) {
  auto kernel = make_kernel(write_in_one_thread);
  for (int i = 0; i < 50; ++i) {
    queue_ = Queue();
    device_ = open();
    queue_ = create_queue();
    run(kernel.get(), {1, 5, 1}, {64, 1, 1}, hole());
    ASSERT_EQ(fault_code(), StatusCode::kIllegalAddress);
  }
}

TEST_F(FaultTest, CooperativeGridThatFaultsWhileItsBlocksStartLeavesNoneOfThem) {
  // One worker has all its blocks alive and faults while another, woken later, still starts its
  // own.
  auto traps = make_kernel([](cuda_shim_host_thread* thread) { cuda_shim_host_trap(thread, 0); });
  auto counts = make_kernel([](cuda_shim_host_thread* thread) {
    std::atomic_ref<std::uint32_t>(*parameters_of<Words>(thread).words).fetch_add(1);
    cuda_shim_host_barrier_sync(thread, 0, 0);
  });
  for (int i = 0; i < 50; ++i) {
    run(traps.get(), {48, 1, 1}, {512, 1, 1}, hole(), CUDA_SHIM_LAUNCH_COOPERATIVE);
    queue_ = Queue();
    device_ = open();
    queue_ = create_queue();
    std::uint32_t word = 0;
    run(counts.get(), {48, 1, 1}, {64, 1, 1}, Words{&word});
    ASSERT_EQ(fault_code(), StatusCode::kOk);
    ASSERT_EQ(word, 48u * 64);
  }
}

// Uses up the stack to within 2 KiB of its end, then calls.
[[gnu::noinline]] void call_near_the_end(cuda_shim_host_thread* thread, std::uintptr_t end) {
  volatile unsigned char frame[256];
  frame[0] = 0;
  if (reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) > end + 2048)
    call_near_the_end(thread, end);
  else
    cuda_shim_host_malloc(thread, 64);
  frame[1] = frame[0];
}

TEST_P(FaultWithTraits, SystemCallNearTheEndOfTheStackFailsBeforeItLocksAnything) {
#if CUDA_SHIM_SANITIZER_FIBERS
  GTEST_SKIP() << "Sanitizers put frames elsewhere.";
#endif
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) { call_near_the_end(thread, cpu::stack_end(thread)); },
      GetParam());
  run(kernel.get(), {1, 1, 1}, {1, 1, 1}, hole());
  EXPECT_EQ(fault_code(), StatusCode::kHardwareStackError);
  // A fault in the middle of malloc would have an address.
  EXPECT_EQ(device_.fault().address, 0u);
}

TEST_F(FaultTest, WorkersLeaveTheSignalsOfTheProcessToTheApplication) {
  sigset_t mask;
  ::sigemptyset(&mask);
  auto read_mask = [](void* to) {
    ::pthread_sigmask(SIG_BLOCK, nullptr, static_cast<sigset_t*>(to));
  };
  ASSERT_TRUE(queue_.host_call(read_mask, &mask).ok());
  ASSERT_TRUE(queue_.drain().ok());
  EXPECT_TRUE(::sigismember(&mask, SIGINT));
  EXPECT_TRUE(::sigismember(&mask, SIGALRM));
  EXPECT_FALSE(::sigismember(&mask, SIGSEGV));
}

TEST_F(FaultTest, SignalsOfTheApplicationStillReachItsHandler) {
#if CUDA_SHIM_SANITIZER_FIBERS
  GTEST_SKIP() << "Sanitizers install handlers of their own.";
#endif
  // The handler was there before ours; a child process shows it, since what it saw ends it.
  EXPECT_EXIT(
      {
        struct sigaction action = {};
        action.sa_handler = [](int) { ::_exit(42); };
        ::sigaction(SIGSEGV, &action, nullptr);
        *static_cast<volatile int*>(hole_) = 1;
      },
      testing::ExitedWithCode(42), "");
}

}  // namespace
}  // namespace cuda_shim::devices
