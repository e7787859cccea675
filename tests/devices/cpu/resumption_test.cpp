// Kernels that return where they wait and are resumed.

#include <sys/mman.h>

#include <atomic>

#include "devices/cpu/cpu_device.h"

namespace cuda_shim::devices {
namespace {

struct Words {
  std::uint32_t* words;
};

/// What the kernels here keep while they wait.
struct Frame {
  cuda_shim_host_resume resume;
  cuda_shim_host_thread* thread;
  std::uint32_t round;
};

Frame& frame_of(cuda_shim_host_thread* thread) {
  return *static_cast<Frame*>(thread->frame);
}

/// The kernel's beginning: what comes next, and its first run up to a wait.
Frame& begin(cuda_shim_host_thread* thread, cuda_shim_host_resume step) {
  frame_of(thread) = {step, thread, 0};
  step(&frame_of(thread));
  return frame_of(thread);
}

class ResumptionTest : public CpuDeviceTest {
 protected:
  static std::unique_ptr<cuda_shim_executable_impl> make(cuda_shim_host_kernel entry,
                                                         std::uint32_t shared_bytes = 0,
                                                         std::uint32_t traits = 0) {
    auto kernel = make_kernel(entry, CUDA_SHIM_KERNEL_RESUMES | traits, shared_bytes);
    kernel->info.frame_bytes = sizeof(Frame);
    return kernel;
  }
};

// Each round every thread reads what its neighbour wrote in the round before.
void exchange(void* memory) {
  auto& frame = *static_cast<Frame*>(memory);
  auto* shared = reinterpret_cast<std::uint32_t*>(frame.thread->block->shared);
  const std::uint32_t count = threads_of(frame.thread->block), own = linear_thread(frame.thread);
  for (;;) {
    const std::uint32_t round = frame.round++;
    std::uint32_t* now = shared + round % 2 * count;
    const std::uint32_t* before = shared + (round + 1) % 2 * count;
    now[own] = round == 0 ? own : before[(own + 1) % count] + 1;
    if (round == 10) {
      const std::uint32_t block = frame.thread->block->ctaid.x;
      parameters_of<Words>(frame.thread).words[block * count + own] = now[own];
      frame.resume = nullptr;
      return;
    }
    if (cuda_shim_host_await_barrier(frame.thread, 0, 0)) return;
  }
}

TEST_F(ResumptionTest, EveryThreadGoesOnWithItsFrameOnceAllHaveArrived) {
  auto kernel = make([](cuda_shim_host_thread* thread) { begin(thread, exchange); }, 2 * 4 * 1000);
  constexpr std::uint32_t kBlocks = 37, kThreads = 1000;
  std::vector<std::uint32_t> out(kBlocks * kThreads);
  run(kernel.get(), {kBlocks, 1, 1}, {10, 10, 10}, Words{out.data()});
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  for (std::uint32_t i = 0; i < out.size(); ++i)
    ASSERT_EQ(out[i], (i % kThreads + 10) % kThreads + 10) << i;
}

void count_and_end(void* memory) {
  auto& frame = *static_cast<Frame*>(memory);
  const std::uint32_t round = frame.round++;
  // A third ends at once, and nobody waits for them.
  if (round == 0 && linear_thread(frame.thread) % 3 != 0 &&
      cuda_shim_host_await_barrier(frame.thread, 0, 0))
    return;
  if (linear_thread(frame.thread) % 3 != 0) ++*parameters_of<Words>(frame.thread).words;
  frame.resume = nullptr;
}

TEST_F(ResumptionTest, ThreadsThatHaveEndedAreNotWaitedFor) {
  auto kernel = make([](cuda_shim_host_thread* thread) { begin(thread, count_and_end); });
  std::uint32_t passed = 0;
  run(kernel.get(), {1, 1, 1}, {96, 1, 1}, Words{&passed});
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  EXPECT_EQ(passed, 64u);
}

/// What kernels that run in rounds do at their barrier; true: it must return.
bool waits_for_all(cuda_shim_host_block* block) {
  const bool waits = block->waiting + 1 < block->calls;
  block->waiting = waits ? block->waiting + 1 : 0;
  block->passed += !waits;
  return waits;
}

// As `exchange`, but a thread that is a multiple of three ends early: its neighbour keeps its
// value.
void exchange_in_rounds(void* memory) {
  auto& frame = *static_cast<Frame*>(memory);
  auto* shared = reinterpret_cast<std::uint32_t*>(frame.thread->block->shared);
  const std::uint32_t count = threads_of(frame.thread->block), own = linear_thread(frame.thread);
  for (;;) {
    const std::uint32_t round = frame.round++;
    std::uint32_t* now = shared + round % 2 * count;
    const std::uint32_t* before = shared + (round + 1) % 2 * count;
    now[own] = round == 0 ? own : before[own % 3 == 2 ? own : own + 1] + 1;
    if (round == (own % 3 == 0 ? 1u : 10u)) {
      const std::uint32_t block = frame.thread->block->ctaid.x;
      parameters_of<Words>(frame.thread).words[block * count + own] = now[own];
      frame.resume = nullptr;
      return;
    }
    if (waits_for_all(frame.thread->block)) return;
  }
}

TEST_F(ResumptionTest, InRoundsNobodyIsTwoBarriersAheadAndWhoHasEndedIsNotWaitedFor) {
  auto kernel = make([](cuda_shim_host_thread* thread) { begin(thread, exchange_in_rounds); },
                     2 * 4 * 999, CUDA_SHIM_KERNEL_RUNS_IN_ROUNDS);
  constexpr std::uint32_t kBlocks = 37, kThreads = 999;
  std::vector<std::uint32_t> out(kBlocks * kThreads);
  run(kernel.get(), {kBlocks, 1, 1}, {333, 3, 1}, Words{out.data()});
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  for (std::uint32_t i = 0; i < out.size(); ++i) {
    const std::uint32_t own = i % kThreads;
    // One takes its neighbour's value in each round, which goes up by one, as its own does.
    ASSERT_EQ(out[i], own % 3 == 0 ? own + 2 : own % 3 == 1 ? own + 11 : own + 10) << i;
  }
}

void write_after_round(void* memory) {
  auto& frame = *static_cast<Frame*>(memory);
  if (frame.round++ == 0 && waits_for_all(frame.thread->block)) return;
  if (frame.thread->block->ctaid.x == 3 && frame.thread->tid.x == 33)
    parameters_of<Words>(frame.thread).words[4] = 1;
  frame.resume = nullptr;
}

TEST_F(ResumptionTest, AFaultInARoundNamesTheThread) {
  void* hole = ::mmap(nullptr, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  auto kernel = make([](cuda_shim_host_thread* thread) { begin(thread, write_after_round); }, 0,
                     CUDA_SHIM_KERNEL_RUNS_IN_ROUNDS);
  run(kernel.get(), {5, 1, 1}, {64, 1, 1}, Words{static_cast<std::uint32_t*>(hole)});
  const cuda_shim_fault fault = device_.fault();
  EXPECT_EQ(static_cast<StatusCode>(fault.code), StatusCode::kIllegalAddress);
  EXPECT_EQ(fault.block.x, 3u);
  EXPECT_EQ(fault.thread.x, 33u);
  ::munmap(hole, 1 << 16);
}

// Each thread gives as many turns as its number says, then all meet, twice.
void meet_after_turns(void* memory) {
  auto& frame = *static_cast<Frame*>(memory);
  cuda_shim_host_block* block = frame.thread->block;
  auto* shared = reinterpret_cast<std::uint32_t*>(block->shared);
  const std::uint32_t count = threads_of(block), own = linear_thread(frame.thread);
  const std::uint32_t turns = own % 4;
  if (frame.round++ < turns) return;
  if (frame.round == turns + 1) {
    shared[own] = own + block->ctaid.x;
    if (waits_for_all(block)) return;
    ++frame.round;
  }
  if (frame.round == turns + 2) {
    shared[count + own] = 2 * shared[(own + 1) % count];
    if (waits_for_all(block)) return;
  }
  parameters_of<Words>(frame.thread).words[block->ctaid.x * count + own] =
      shared[count + (own + 1) % count];
  frame.resume = nullptr;
}

TEST_F(ResumptionTest, WhoGivesATurnIsNotTakenForOneThatWaits) {
  for (const std::uint32_t threads : {1u, 2u, 3u, 64u}) {
    auto kernel = make([](cuda_shim_host_thread* thread) { begin(thread, meet_after_turns); },
                       2 * 4 * 64, CUDA_SHIM_KERNEL_RUNS_IN_ROUNDS);
    constexpr std::uint32_t kBlocks = 50;
    std::vector<std::uint32_t> out(kBlocks * threads);
    run(kernel.get(), {kBlocks, 1, 1}, {threads, 1, 1}, Words{out.data()});
    EXPECT_EQ(fault_code(), StatusCode::kOk);
    for (std::uint32_t i = 0; i < out.size(); ++i)
      ASSERT_EQ(out[i], 2 * ((i % threads + 2) % threads + i / threads)) << threads << ' ' << i;
  }
}

// Counts how many blocks have begun before the first one goes on after its turn.
void count_begun(void* memory) {
  auto& frame = *static_cast<Frame*>(memory);
  std::atomic_ref<std::uint32_t> begun(parameters_of<Words>(frame.thread).words[0]);
  if (frame.round++ == 0) return static_cast<void>(begun.fetch_add(1));
  if (frame.thread->block->ctaid.x == 0) parameters_of<Words>(frame.thread).words[1] = begun.load();
  frame.resume = nullptr;
}

TEST_F(ResumptionTest, BlocksThatGiveTurnsRunSideBySide) {
  auto kernel = make([](cuda_shim_host_thread* thread) { begin(thread, count_begun); }, 0,
                     CUDA_SHIM_KERNEL_RUNS_IN_ROUNDS);
  std::uint32_t counts[2] = {};
  run(kernel.get(), {64, 1, 1}, {1, 1, 1}, Words{counts});
  EXPECT_EQ(counts[0], 64u);
  EXPECT_GE(counts[1], 8u);
}

// All but the last thread of a block wait when that one writes; then each writes. With several
// blocks, the first thread gives a turn before.
void write_while_others_wait(void* memory) {
  auto& frame = *static_cast<Frame*>(memory);
  const auto count = [&](std::uint32_t place) {
    ++std::atomic_ref(parameters_of<Words>(frame.thread).words[place]);
  };
  const bool gives_turn = frame.thread->tid.x == 0 && frame.thread->block->nctaid.x > 1;
  if (gives_turn && frame.round++ == 0) return;
  if (frame.round++ == gives_turn) {
    if (frame.thread->tid.x == 63) count(64);
    if (waits_for_all(frame.thread->block)) return;
  }
  count(frame.thread->tid.x);
  frame.resume = nullptr;
}

TEST_F(ResumptionTest, WhoWaitedWhenABlockEndedWithAFaultIsForgotten) {
  void* hole = ::mmap(nullptr, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  auto kernel = make([](cuda_shim_host_thread* thread) { begin(thread, write_while_others_wait); },
                     0, CUDA_SHIM_KERNEL_RUNS_IN_ROUNDS);
  run(kernel.get(), {1, 1, 1}, {64, 1, 1}, Words{static_cast<std::uint32_t*>(hole)});
  EXPECT_EQ(fault_code(), StatusCode::kIllegalAddress);
  ::munmap(hole, 1 << 16);
  // The workers are the process's, and serve the next device, too.
  queue_ = {};
  device_ = open();
  queue_ = create_queue();
  std::vector<std::uint32_t> words(65);
  for (int i = 0; i < 50; ++i) run(kernel.get(), {2, 1, 1}, {64, 1, 1}, Words{words.data()});
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  EXPECT_EQ(words, std::vector<std::uint32_t>(65, 100));
}

void reduce(void* memory) {
  auto& frame = *static_cast<Frame*>(memory);
  cuda_shim_host_thread* thread = frame.thread;
  const std::uint32_t own = linear_thread(thread);
  if (frame.round++ == 0 &&
      cuda_shim_host_await_reduction(thread, CUDA_SHIM_REDUCE_POPC, 2, 0, own % 5 == 0, 1))
    return;
  parameters_of<Words>(thread).words[own] = cuda_shim_host_awaited_reduction(thread);
  frame.resume = nullptr;
}

TEST_F(ResumptionTest, ABarrierGivesItsReductionToTheLastToArriveAsToAllOthers) {
  auto kernel = make([](cuda_shim_host_thread* thread) { begin(thread, reduce); });
  std::vector<std::uint32_t> counts(100);
  run(kernel.get(), {1, 1, 1}, {100, 1, 1}, Words{counts.data()});
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  EXPECT_EQ(counts, std::vector<std::uint32_t>(100, 20));
}

// The first thread of the grid's first block waits until the last of its last block has come.
void wait_for_last(void* memory) {
  auto& frame = *static_cast<Frame*>(memory);
  const cuda_shim_host_block* block = frame.thread->block;
  std::atomic_ref<std::uint32_t> flag(*parameters_of<Words>(frame.thread).words);
  const bool first = block->ctaid.x == 0, last = block->ctaid.x + 1 == block->nctaid.x;
  if (first && flag.load() == 0) return cuda_shim_host_await_turn(frame.thread);
  if (last) flag.store(1);
  frame.resume = nullptr;
}

TEST_F(ResumptionTest, ThreadsThatSpinLetLaterBlocksRun) {
  auto kernel = make([](cuda_shim_host_thread* thread) { begin(thread, wait_for_last); });
  std::uint32_t flag = 0;
  run(kernel.get(), {64, 1, 1}, {32, 1, 1}, Words{&flag});
  EXPECT_EQ(fault_code(), StatusCode::kOk);
  EXPECT_EQ(flag, 1u);
  flag = 0;
  run(kernel.get(), {64, 1, 1}, {32, 1, 1}, Words{&flag}, CUDA_SHIM_LAUNCH_COOPERATIVE);
  EXPECT_EQ(flag, 1u);
}

void write_after_barrier(void* memory) {
  auto& frame = *static_cast<Frame*>(memory);
  if (frame.round++ == 0 && cuda_shim_host_await_barrier(frame.thread, 0, 0)) return;
  if (frame.thread->block->ctaid.x == 3 && frame.thread->tid.x == 33)
    parameters_of<Words>(frame.thread).words[4] = 1;
  frame.resume = nullptr;
}

TEST_F(ResumptionTest, AFaultAfterAWaitNamesTheThread) {
  void* hole = ::mmap(nullptr, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  auto kernel = make([](cuda_shim_host_thread* thread) { begin(thread, write_after_barrier); });
  run(kernel.get(), {5, 1, 1}, {64, 1, 1}, Words{static_cast<std::uint32_t*>(hole)});
  const cuda_shim_fault fault = device_.fault();
  EXPECT_EQ(static_cast<StatusCode>(fault.code), StatusCode::kIllegalAddress);
  EXPECT_EQ(fault.block.x, 3u);
  EXPECT_EQ(fault.thread.x, 33u);
  ::munmap(hole, 1 << 16);
}

void meet_nobody(void* memory) {
  auto& frame = *static_cast<Frame*>(memory);
  if (cuda_shim_host_await_barrier(frame.thread, linear_thread(frame.thread) == 3 ? 1 : 0, 0))
    return;
  frame.resume = nullptr;
}

TEST_F(ResumptionTest, ABarrierThatCanNeverBeMetIsReported) {
  auto kernel = make([](cuda_shim_host_thread* thread) { begin(thread, meet_nobody); });
  run(kernel.get(), {1, 1, 1}, {64, 1, 1}, Words{nullptr});
  EXPECT_EQ(fault_code(), StatusCode::kLaunchFailed);
}

}  // namespace
}  // namespace cuda_shim::devices
