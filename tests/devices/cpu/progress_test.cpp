// Progress: spinning threads, blocks that wait for each other, cooperative grids.

#include <atomic>
#include <thread>

#include "devices/cpu/cpu_device.h"

namespace cuda_shim::devices {
namespace {

struct Words {
  std::uint32_t* words;
};

using ProgressTest = CpuDeviceTest;

std::atomic_ref<std::uint32_t> word(cuda_shim_host_thread* thread, std::uint32_t index) {
  return std::atomic_ref<std::uint32_t>(parameters_of<Words>(thread).words[index]);
}

TEST_F(ProgressTest, LaneCanWaitForALaterLaneOfItsWarp) {
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    if (thread->lane == 31) word(thread, 0) = 1;
    while (word(thread, 0) == 0) cuda_shim_host_yield(thread);
    word(thread, 1).fetch_add(1);
  });
  std::uint32_t words[2] = {};
  run(kernel.get(), {1, 1, 1}, {32, 1, 1}, Words{words});
  EXPECT_EQ(words[1], 32u);
}

TEST_F(ProgressTest, LockTakenByEachThreadInTurn) {
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    while (word(thread, 0).exchange(1) != 0) cuda_shim_host_yield(thread);
    std::uint32_t before = word(thread, 1);
    cuda_shim_host_yield(thread);
    word(thread, 1) = before + 1;
    word(thread, 0) = 0;
  });
  std::uint32_t words[2] = {};
  run(kernel.get(), {20, 1, 1}, {64, 1, 1}, Words{words});
  EXPECT_EQ(words[1], 20u * 64);
}

TEST_F(ProgressTest, BlockCanWaitForAnEarlierBlock) {
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    while (word(thread, 0) != thread->block->ctaid.x) cuda_shim_host_yield(thread);
    cuda_shim_host_barrier_sync(thread, 0, 0);
    if (thread->tid.x == 0) word(thread, 0).fetch_add(1);
  });
  std::uint32_t words[1] = {};
  run(kernel.get(), {200, 1, 1}, {32, 1, 1}, Words{words});
  EXPECT_EQ(words[0], 200u);
}

TEST_F(ProgressTest, BlockCanWaitForALaterOneThatItsWorkerHasTakenWithIt) {
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    const std::uint32_t block = thread->block->ctaid.x;
    if (word(thread, 0) == 0) return;
    if (block % 2 != 0) word(thread, 1 + block) = 1;
    while (block % 2 == 0 && word(thread, 2 + block) == 0) cuda_shim_host_yield(thread);
  });
  std::vector<std::uint32_t> words(1 + 4096);
  // Blocks that take no time are taken many at once from then on.
  for (int i = 0; i < 8; ++i) run(kernel.get(), {4096, 1, 1}, {1, 1, 1}, Words{words.data()});
  words[0] = 1;
  run(kernel.get(), {4096, 1, 1}, {1, 1, 1}, Words{words.data()});
  EXPECT_EQ(words[4096], 1u);
}

TEST_F(ProgressTest, BlocksThatWaitForLaterBlocksGoOn) {
  // A barrier across the grid without a cooperative launch: works on hardware as long as the grid
  // fits, so it must here.
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    if (thread->tid.x == 0) {
      word(thread, 0).fetch_add(1);
      while (word(thread, 0) != thread->block->nctaid.x) cuda_shim_host_yield(thread);
    }
    cuda_shim_host_barrier_sync(thread, 0, 0);
    word(thread, 1).fetch_add(1);
  });
  std::uint32_t words[2] = {};
  run(kernel.get(), {16, 1, 1}, {64, 1, 1}, Words{words});
  EXPECT_EQ(words[1], 16u * 64);
}

TEST_F(ProgressTest, BlocksThatSpinAsWholeWarpsWaitForLaterBlocks) {
  // As look-back loops do: every iteration ends in a vote of the warp.
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    if (thread->tid.x == 0) word(thread, 0).fetch_add(1);
    std::uint32_t ready = 0;
    while (ready == 0) {
      cuda_shim_host_yield(thread);
      ready = cuda_shim_host_vote(thread, CUDA_SHIM_VOTE_ALL,
                                  word(thread, 0) == thread->block->nctaid.x, ~0u);
    }
  });
  std::uint32_t words[1] = {};
  run(kernel.get(), {12, 1, 1}, {32, 1, 1}, Words{words});
  EXPECT_EQ(words[0], 12u);
}

// grid.sync() as nvcc compiles it from cooperative_groups: the workspace's second word counts, its
// top bit flips.
void grid_sync(cuda_shim_host_thread* thread) {
  const cuda_shim_host_block& block = *thread->block;
  auto* workspace = reinterpret_cast<std::uint32_t*>(block.envreg[1] << 32 | block.envreg[2]);
  cuda_shim_host_barrier_sync(thread, 0, 0);
  if (thread->tid.x == 0) {
    std::atomic_ref<std::uint32_t> counter(workspace[1]);
    std::uint32_t step = block.ctaid.x == 0 ? 0x80000000u - (block.nctaid.x - 1) : 1;
    std::uint32_t before = counter.fetch_add(step);
    while (((counter.load() ^ before) & 0x80000000u) == 0) cuda_shim_host_yield(thread);
  }
  cuda_shim_host_barrier_sync(thread, 0, 0);
}

TEST_F(ProgressTest, CooperativeGridSynchronises) {
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    std::uint32_t blocks = thread->block->nctaid.x;
    for (std::uint32_t round = 1; round <= 5; ++round) {
      if (thread->tid.x == 0) word(thread, 0).fetch_add(1);
      grid_sync(thread);
      if (word(thread, 0) != round * blocks) word(thread, 1).fetch_add(1);
      grid_sync(thread);
    }
    word(thread, 2).fetch_add(1);
  });
  std::uint32_t words[3] = {};
  run(kernel.get(), {48, 1, 1}, {128, 1, 1}, Words{words}, CUDA_SHIM_LAUNCH_COOPERATIVE);
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  EXPECT_EQ(words[1], 0u);
  EXPECT_EQ(words[2], 48u * 128);
}

TEST_F(ProgressTest, OrdinaryLaunchHasNoGridWorkspace) {
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    word(thread, 0) = thread->block->envreg[1] == 0 && thread->block->envreg[2] == 0;
  });
  std::uint32_t words[1] = {};
  run(kernel.get(), {1, 1, 1}, {1, 1, 1}, Words{words});
  EXPECT_EQ(words[0], 1u);
}

TEST_F(ProgressTest, KernelCanWaitForTheHost) {
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    word(thread, 1) = 1;
    while (word(thread, 0) == 0) cuda_shim_host_yield(thread);
  });
  std::uint32_t words[2] = {};
  submit(kernel.get(), {8, 1, 1}, {32, 1, 1}, Words{words});
  std::atomic_ref<std::uint32_t> started(words[1]), flag(words[0]);
  while (started == 0) std::this_thread::yield();
  flag = 1;
  EXPECT_TRUE(queue_.drain().ok());
}

TEST_F(ProgressTest, KernelsThatOccupyAllThreadsCanWaitForAnotherQueue) {
  auto waits = make_kernel([](cuda_shim_host_thread* thread) {
    while (word(thread, 0) == 0) cuda_shim_host_yield(thread);
  });
  auto sets = make_kernel([](cuda_shim_host_thread* thread) { word(thread, 0) = 1; }, 0);
  std::uint32_t flag = 0;
  std::vector<Queue> busy;
  for (int i = 0; i < 8; ++i) busy.push_back(create_queue());
  for (Queue& queue : busy) {
    std::swap(queue, queue_);
    submit(waits.get(), {64, 1, 1}, {32, 1, 1}, Words{&flag});
    std::swap(queue, queue_);
  }
  run(sets.get(), {1, 1, 1}, {1, 1, 1}, Words{&flag});
  for (Queue& queue : busy) EXPECT_TRUE(queue.drain().ok());
}

TEST_F(ProgressTest, NanosleepLetsOthersRun) {
  auto kernel = make_kernel([](cuda_shim_host_thread* thread) {
    if (thread->lane == 1) word(thread, 0) = 1;
    while (word(thread, 0) == 0) cuda_shim_host_nanosleep(thread, 100);
    word(thread, 1).fetch_add(1);
  });
  std::uint32_t words[2] = {};
  run(kernel.get(), {1, 1, 1}, {2, 1, 1}, Words{words});
  EXPECT_EQ(words[1], 2u);
}

TEST_F(ProgressTest, IdsCoverTheGridOnce) {
  struct Out {
    std::uint32_t* hits;
  };
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) {
        const cuda_shim_host_block& b = *thread->block;
        std::uint32_t block = (b.ctaid.z * b.nctaid.y + b.ctaid.y) * b.nctaid.x + b.ctaid.x;
        std::uint32_t own = (thread->tid.z * b.ntid.y + thread->tid.y) * b.ntid.x + thread->tid.x;
        bool right = own == linear_thread(thread) && b.smid < b.nsmid;
        parameters_of<Out>(thread).hits[block * threads_of(&b) + own] += right;
      },
      0);
  std::vector<std::uint32_t> hits(3 * 5 * 7 * 2 * 3 * 4);
  run(kernel.get(), {3, 5, 7}, {2, 3, 4}, Out{hits.data()});
  EXPECT_EQ(hits, std::vector<std::uint32_t>(hits.size(), 1));
}

}  // namespace
}  // namespace cuda_shim::devices
