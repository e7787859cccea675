// Barriers of a block on the scalar engine.

#include "devices/cpu/cpu_device.h"

namespace cuda_shim::devices {
namespace {

struct Buffer {
  std::uint32_t* words;
};

using BarrierTest = CpuDeviceTest;

TEST_F(BarrierTest, ValuesWrittenBeforeABarrierAreSeenByAllThreadsAfterIt) {
  // Each round every thread reads what its neighbour wrote in the round before.
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) {
        auto* shared = reinterpret_cast<std::uint32_t*>(thread->block->shared);
        std::uint32_t count = threads_of(thread->block), own = linear_thread(thread);
        std::uint32_t value = own;
        for (int round = 0; round < 10; ++round) {
          shared[own] = value;
          cuda_shim_host_barrier_sync(thread, 0, 0);
          value = shared[(own + 1) % count] + 1;
          cuda_shim_host_barrier_sync(thread, 0, 0);
        }
        std::uint32_t block = thread->block->ctaid.x;
        parameters_of<Buffer>(thread).words[block * count + own] = value;
      },
      CUDA_SHIM_KERNEL_NEEDS_FIBERS, 4096);
  constexpr std::uint32_t kBlocks = 37, kThreads = 1000;
  std::vector<std::uint32_t> out(kBlocks * kThreads);
  run(kernel.get(), {kBlocks, 1, 1}, {10, 10, 10}, Buffer{out.data()});
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  for (std::uint32_t i = 0; i < out.size(); ++i)
    ASSERT_EQ(out[i], (i % kThreads + 10) % kThreads + 10) << i;
}

TEST_F(BarrierTest, ThreadsThatHaveExitedAreNotWaitedFor) {
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    if (linear_thread(thread) % 3 == 0) return;
    if (linear_thread(thread) % 3 == 1) cuda_shim_host_exit_thread(thread);
    cuda_shim_host_barrier_sync(thread, 0, 0);
    ++*parameters_of<Buffer>(thread).words;
  });
  std::uint32_t passed = 0;
  run(kernel.get(), {1, 1, 1}, {96, 1, 1}, Buffer{&passed});
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  EXPECT_EQ(passed, 32u);
}

TEST_F(BarrierTest, NamedBarrierWithCountJoinsProducersAndConsumers) {
  // Warp 0 produces and arrives; warp 1 waits for both warps; warp 2 takes no part.
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) {
        auto* shared = reinterpret_cast<std::uint32_t*>(thread->block->shared);
        if (thread->warp == 0) {
          shared[thread->lane] = 100 + thread->lane;
          cuda_shim_host_barrier_arrive(thread, 5, 64);
        } else if (thread->warp == 1) {
          cuda_shim_host_barrier_sync(thread, 5, 64);
          parameters_of<Buffer>(thread).words[thread->lane] = shared[31 - thread->lane];
        }
      },
      CUDA_SHIM_KERNEL_NEEDS_FIBERS, 128);
  std::vector<std::uint32_t> out(32);
  run(kernel.get(), {1, 1, 1}, {96, 1, 1}, Buffer{out.data()});
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  for (std::uint32_t i = 0; i < 32; ++i) EXPECT_EQ(out[i], 131 - i);
}

TEST_F(BarrierTest, CountedBarrierCountsAPartialWarpAsAWholeOne) {
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    cuda_shim_host_barrier_sync(thread, 1, 64);
    ++*parameters_of<Buffer>(thread).words;
  });
  std::uint32_t passed = 0;
  run(kernel.get(), {1, 1, 1}, {48, 1, 1}, Buffer{&passed});
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  EXPECT_EQ(passed, 48u);
}

TEST_F(BarrierTest, ReductionsCountAndCombinePredicates) {
  struct Out {
    std::uint32_t *count, *all, *any, *none;
  };
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    const Out& out = parameters_of<Out>(thread);
    std::uint32_t i = linear_thread(thread);
    out.count[i] = cuda_shim_host_barrier_reduce(thread, CUDA_SHIM_REDUCE_POPC, 0, 0, i % 5 == 0);
    out.all[i] = cuda_shim_host_barrier_reduce(thread, CUDA_SHIM_REDUCE_AND, 0, 0, i != 17);
    out.any[i] = cuda_shim_host_barrier_reduce(thread, CUDA_SHIM_REDUCE_OR, 0, 0, i == 17);
    out.none[i] = cuda_shim_host_barrier_reduce(thread, CUDA_SHIM_REDUCE_OR, 0, 0, 0);
  });
  std::vector<std::uint32_t> count(100), all(100, 9), any(100, 9), none(100, 9);
  run(kernel.get(), {1, 1, 1}, {100, 1, 1}, Out{count.data(), all.data(), any.data(), none.data()});
  EXPECT_EQ(count, std::vector<std::uint32_t>(100, 20));
  EXPECT_EQ(all, std::vector<std::uint32_t>(100, 0));
  EXPECT_EQ(any, std::vector<std::uint32_t>(100, 1));
  EXPECT_EQ(none, std::vector<std::uint32_t>(100, 0));
}

TEST_F(BarrierTest, BarrierThatCanNeverBeMetIsReportedInsteadOfHanging) {
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    cuda_shim_host_barrier_sync(thread, linear_thread(thread) == 3 ? 1 : 0, 0);
  });
  run(kernel.get(), {1, 1, 1}, {64, 1, 1}, Buffer{nullptr});
  EXPECT_EQ(fault_code(), StatusCode::kLaunchFailed);
}

TEST_F(BarrierTest, ArrivalThatNobodyWaitedForIsForgottenWithItsBlock) {
  // Even blocks leave half an arrival behind; odd ones need two warps at the same barrier.
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) {
        auto* shared = reinterpret_cast<std::uint32_t*>(thread->block->shared);
        if (thread->block->ctaid.x % 2 == 0) {
          if (thread->warp == 0) cuda_shim_host_barrier_arrive(thread, 3, 64);
          return;
        }
        shared[linear_thread(thread)] = thread->block->ctaid.x;
        cuda_shim_host_barrier_sync(thread, 3, 64);
        if (shared[63 - linear_thread(thread)] != thread->block->ctaid.x)
          ++*parameters_of<Buffer>(thread).words;
      },
      CUDA_SHIM_KERNEL_NEEDS_FIBERS, 256);
  std::uint32_t wrong = 0;
  run(kernel.get(), {200, 1, 1}, {64, 1, 1}, Buffer{&wrong});
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  EXPECT_EQ(wrong, 0u);
}

TEST_F(BarrierTest, BarrierNumberAbove15EndsTheLaunch) {
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) { cuda_shim_host_barrier_sync(thread, 16, 0); });
  run(kernel.get(), {1, 1, 1}, {32, 1, 1}, Buffer{nullptr});
  EXPECT_EQ(fault_code(), StatusCode::kIllegalInstruction);
}

TEST_F(BarrierTest, BarrierInAKernelWithoutFibersEndsTheLaunch) {
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) { cuda_shim_host_barrier_sync(thread, 0, 0); }, 0);
  run(kernel.get(), {1, 1, 1}, {32, 1, 1}, Buffer{nullptr});
  EXPECT_EQ(fault_code(), StatusCode::kLaunchFailed);
}

}  // namespace
}  // namespace cuda_shim::devices
