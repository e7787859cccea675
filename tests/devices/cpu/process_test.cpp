// The process around the device: its floating-point mode, its limits, fork, and its end while
// kernels run.

#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "devices/cpu/cpu_device.h"
#include "devices/cpu/sanitizer.h"
#include "devices/cpu/worker.h"

namespace cuda_shim::devices {
namespace {

struct Words {
  std::uint32_t* words;
};

using ProcessTest = CpuDeviceTest;

std::atomic_ref<std::uint32_t> word(cuda_shim_host_thread* thread, std::uint32_t index) {
  return std::atomic_ref<std::uint32_t>(parameters_of<Words>(thread).words[index]);
}

void set_word(cuda_shim_host_thread* thread) {
  word(thread, 0) = 1;
}

void wait_for_word(cuda_shim_host_thread* thread) {
  word(thread, 1) = 1;
  while (word(thread, 0) == 0) cuda_shim_host_yield(thread);
}

/// Runs `child` in a forked process that may take 30 seconds; its exit status, or -1 if a signal
/// ended it.
template <class Child>
int run_forked(Child child) {
  pid_t id = ::fork();
  if (id == 0) {
    ::alarm(30);
    ::_exit(child());
  }
  int status = 0;
  ::waitpid(id, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// --- Floating-point mode

// 2^-126 / 2 is a denormal number.
void halve_least_normal(cuda_shim_host_thread* thread) {
  volatile float least = 0x1p-126f, half = 0.5f;
  word(thread, 0) = least * half != 0;
  word(thread, 1) = static_cast<std::uint32_t>(::fegetround());
}

void spoil_mode(void*) {
#if defined(__x86_64__)
  _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
#elif defined(__aarch64__)
  std::uint64_t control;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  constexpr std::uint64_t kFlushZero = 1 << 24, kDefaultNan = 1 << 25;
  asm volatile("msr fpcr, %0" ::"r"(control | kFlushZero | kDefaultNan));
#endif
  ::fesetround(FE_UPWARD);
}

TEST_F(ProcessTest, HostCallCannotChangeTheModeThatKernelsComputeIn) {
  auto kernel = make_kernel(halve_least_normal, 0);
  std::uint32_t out[2] = {9, 9};
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(queue_.host_call(spoil_mode, nullptr).ok());
    run(kernel.get(), {1, 1, 1}, {1, 1, 1}, Words{out});
    EXPECT_EQ(out[0], 1u);
    EXPECT_EQ(out[1], std::uint32_t{FE_TONEAREST});
  }
}

TEST_F(ProcessTest, WorkerDoesNotInheritTheModeOfTheThreadThatStartedIt) {
  // As the start-up code of a program built with -ffast-math does.
  float product = 0;
  int rounding = -1;
  std::thread parent([&] {
    spoil_mode(nullptr);
    std::thread([&] {
      cpu::Worker worker;
      volatile float least = 0x1p-126f, half = 0.5f;
      product = least * half;
      rounding = ::fegetround();
    }).join();
  });
  parent.join();
  EXPECT_NE(product, 0.0f);
  EXPECT_EQ(rounding, FE_TONEAREST);
}

// --- Threads

TEST_F(ProcessTest, WorkIsDoneWhereTheSystemRefusesMoreThreads) {
#if defined(CUDA_SHIM_ASAN) || defined(CUDA_SHIM_TSAN)
  GTEST_SKIP() << "Sanitizers end a process that gets no thread.";
#endif
  auto sets = make_kernel(set_word, 0);
  std::uint32_t words[2] = {};
  run(sets.get(), {1, 1, 1}, {1, 1, 1}, Words{words});
  // From now on a thread's stack is larger than any address space.
  pthread_attr_t usual, impossible;
  ::pthread_getattr_default_np(&usual);
  ::pthread_attr_init(&impossible);
  ASSERT_EQ(::pthread_attr_setstacksize(&impossible, std::size_t{1} << 50), 0);
  ASSERT_EQ(::pthread_setattr_default_np(&impossible), 0);
  words[0] = 0;
  auto counts = make_kernel([](cuda_shim_host_thread* thread) { word(thread, 0).fetch_add(1); });
  for (int i = 0; i < 3; ++i) run(counts.get(), {64, 1, 1}, {32, 1, 1}, Words{words});
  std::vector<Queue> queues;
  for (int i = 0; i < 8; ++i) {
    queues.push_back(create_queue());
    std::swap(queues.back(), queue_);
    submit(counts.get(), {64, 1, 1}, {32, 1, 1}, Words{words});
    std::swap(queues.back(), queue_);
  }
  for (Queue& queue : queues) EXPECT_TRUE(queue.drain().ok());
  EXPECT_EQ(words[0], 11u * 64 * 32);
  ::pthread_setattr_default_np(&usual);
}

// --- Fork: threads do not come along, so the child has no device, as on hardware.

TEST_F(ProcessTest, ForkedChildGetsAnErrorInsteadOfWaitingForEver) {
  auto kernel = make_kernel(set_word, 0);
  std::uint32_t words[2] = {};
  run(kernel.get(), {1, 1, 1}, {1, 1, 1}, Words{words});
  int status = run_forked([&] {
    cuda_shim_launch launch = {};
    launch.executable = kernel.get();
    launch.config.grid = launch.config.block = launch.config.cluster = {1, 1, 1};
    Words parameters = {words};
    launch.parameters = &parameters;
    launch.parameter_bytes = sizeof(parameters);
    bool refused = queue_.launch(launch).code() == StatusCode::kNotInitialized;
    refused &= queue_.drain().code() == StatusCode::kNotInitialized;
    refused &= !Device::open(offer_);
    return refused ? 7 : 8;
  });
  EXPECT_EQ(status, 7);
  words[0] = 0;
  run(kernel.get(), {1, 1, 1}, {1, 1, 1}, Words{words});
  EXPECT_EQ(words[0], 1u);
}

TEST_F(ProcessTest, ForkedChildCanDestroyQueuesThatWereBusy) {
  auto waits = make_kernel(wait_for_word);
  std::uint32_t words[2] = {};
  submit(waits.get(), {1, 1, 1}, {32, 1, 1}, Words{words});
  std::atomic_ref<std::uint32_t> started(words[1]), flag(words[0]);
  while (started == 0) std::this_thread::yield();
  int status = run_forked([&] {
    queue_ = Queue();
    device_ = Device();
    return 7;
  });
  EXPECT_EQ(status, 7);
  flag = 1;
  EXPECT_TRUE(queue_.drain().ok());
}

TEST_F(ProcessTest, ForkBeforeAnyWorkLeavesTheDeviceToTheChild) {
#if defined(CUDA_SHIM_TSAN)
  GTEST_SKIP() << "ThreadSanitizer allows no threads in a forked child.";
#endif
  // In a process of its own: in this one other tests may have run.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        int status = run_forked([&] {
          auto kernel = make_kernel(set_word, 0);
          std::uint32_t words[2] = {};
          run(kernel.get(), {1, 1, 1}, {1, 1, 1}, Words{words});
          return words[0] == 1 ? 7 : 8;
        });
        ::_exit(status);
      },
      testing::ExitedWithCode(7), "");
}

// --- Exit

TEST_F(ProcessTest, ProcessMayEndWhileKernelsRun) {
#if defined(CUDA_SHIM_ASAN)
  GTEST_SKIP() << "LeakSanitizer does not look at a stack that has been left for a fiber's.";
#endif
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        auto waits = make_kernel(wait_for_word);
        static std::uint32_t words[2] = {};
        submit(waits.get(), {64, 1, 1}, {256, 1, 1}, Words{words});
        while (std::atomic_ref<std::uint32_t>(words[1]) == 0) std::this_thread::yield();
        std::exit(5);
      },
      testing::ExitedWithCode(5), "");
}

}  // namespace
}  // namespace cuda_shim::devices
