// Queues: order, independence, waiting for each other, host calls that block.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <thread>

#include "devices/cpu/cpu_device.h"

namespace cuda_shim::devices {
namespace {

struct Word {
  std::uint32_t* word;
};

using QueueTest = CpuDeviceTest;

void increment(cuda_shim_host_thread* thread) {
  ++*parameters_of<Word>(thread).word;
}

// A host call that waits until the test lets it go.
class Gate {
 public:
  static void pass(void* self) { static_cast<Gate*>(self)->wait(); }
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

TEST_F(QueueTest, WorkIsDoneInOrder) {
  auto kernel = make_kernel(increment, 0);
  std::uint32_t word = 0;
  constexpr int kRounds = 2000;
  std::vector<std::uint32_t> seen(kRounds);
  for (int i = 0; i < kRounds; ++i) {
    submit(kernel.get(), {1, 1, 1}, {1, 1, 1}, Word{&word});
    cuda_shim_copy copy = {reinterpret_cast<std::uint64_t>(&seen[i]),
                           reinterpret_cast<std::uint64_t>(&word),
                           4,
                           1,
                           1,
                           4,
                           4,
                           4,
                           4};
    ASSERT_TRUE(queue_.copy(copy).ok());
  }
  ASSERT_TRUE(queue_.drain().ok());
  std::vector<std::uint32_t> expected(kRounds);
  std::iota(expected.begin(), expected.end(), 1u);
  EXPECT_EQ(seen, expected);
}

TEST_F(QueueTest, ParametersAreCopiedWhenSubmitted) {
  struct Large {
    std::uint32_t* out;
    std::uint32_t values[1000];
  };
  auto kernel = make_kernel(
      [](cuda_shim_host_thread* thread) {
        const Large& large = parameters_of<Large>(thread);
        for (std::uint32_t value : large.values) *large.out += value;
      },
      0);
  Gate gate;
  ASSERT_TRUE(queue_.host_call(Gate::pass, &gate).ok());
  std::uint32_t sum = 0;
  Large large = {&sum, {}};
  for (std::uint32_t round = 1; round <= 3; ++round) {
    std::ranges::fill(large.values, round);
    submit(kernel.get(), {1, 1, 1}, {1, 1, 1}, large);
  }
  std::ranges::fill(large.values, 77u);
  gate.open();
  ASSERT_TRUE(queue_.drain().ok());
  EXPECT_EQ(sum, 6000u);
}

TEST_F(QueueTest, SubmittingDoesNotWaitForTheWork) {
  Gate gate;
  ASSERT_TRUE(queue_.host_call(Gate::pass, &gate).ok());
  auto point = queue_.signal();
  ASSERT_TRUE(point);
  EXPECT_FALSE(queue_.reached(*point));
  gate.open();
  ASSERT_TRUE(queue_.synchronize(*point).ok());
  EXPECT_TRUE(queue_.reached(*point));
}

TEST_F(QueueTest, PointOfAnEmptyQueueIsReached) {
  auto point = queue_.signal();
  ASSERT_TRUE(point);
  EXPECT_GE(*point, 1u);
  EXPECT_TRUE(queue_.reached(*point));
}

TEST_F(QueueTest, WaitHoldsLaterWorkUntilTheOtherQueueIsThere) {
  auto kernel = make_kernel(increment, 0);
  Queue other = create_queue();
  Gate gate;
  std::uint32_t word = 0;
  ASSERT_TRUE(other.host_call(Gate::pass, &gate).ok());
  auto there = other.signal();
  ASSERT_TRUE(queue_.wait(other, *there).ok());
  submit(kernel.get(), {1, 1, 1}, {1, 1, 1}, Word{&word});
  auto point = queue_.signal();
  EXPECT_FALSE(queue_.reached(*point));
  gate.open();
  ASSERT_TRUE(queue_.synchronize(*point).ok());
  EXPECT_TRUE(other.reached(*there));
  EXPECT_EQ(word, 1u);
}

TEST_F(QueueTest, QueueMayBeDestroyedWhileAnotherWaitsForIt) {
  Queue other = create_queue();
  Gate gate;
  ASSERT_TRUE(other.host_call(Gate::pass, &gate).ok());
  ASSERT_TRUE(queue_.wait(other, *other.signal()).ok());
  std::thread opener([&gate] { gate.open(); });
  other = Queue();
  opener.join();
  EXPECT_TRUE(queue_.drain().ok());
}

TEST_F(QueueTest, ChainOfHundredsOfQueuesRunsInTurn) {
  constexpr int kQueues = 300;
  std::vector<Queue> queues;
  for (int i = 0; i < kQueues; ++i) queues.push_back(create_queue());
  struct Step {
    std::vector<int>* order;
    int index;
  };
  std::vector<int> order;
  std::vector<Step> steps;
  for (int i = 0; i < kQueues; ++i) steps.push_back({&order, i});
  auto note = [](void* argument) {
    auto* step = static_cast<Step*>(argument);
    step->order->push_back(step->index);
  };
  Gate gate;
  ASSERT_TRUE(queues[0].host_call(Gate::pass, &gate).ok());
  for (int i = 0; i < kQueues; ++i) {
    if (i > 0) ASSERT_TRUE(queues[i].wait(queues[i - 1], *queues[i - 1].signal()).ok());
    ASSERT_TRUE(queues[i].host_call(note, &steps[i]).ok());
  }
  gate.open();
  ASSERT_TRUE(queues.back().drain().ok());
  std::vector<int> expected(kQueues);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(order, expected);
}

TEST_F(QueueTest, ManyBlockedHostCallsDoNotStopOtherQueues) {
  auto kernel = make_kernel(increment, 0);
  std::vector<Queue> queues;
  Gate gate;
  for (int i = 0; i < 40; ++i) {
    queues.push_back(create_queue());
    ASSERT_TRUE(queues.back().host_call(Gate::pass, &gate).ok());
  }
  std::uint32_t word = 0;
  run(kernel.get(), {1, 1, 1}, {1, 1, 1}, Word{&word});
  EXPECT_EQ(word, 1u);
  gate.open();
  for (Queue& queue : queues) EXPECT_TRUE(queue.drain().ok());
}

TEST_F(QueueTest, HostCallMayWaitForAnotherQueue) {
  Queue other = create_queue();
  Gate gate;
  struct Context {
    Queue* queue;
    std::uint64_t point;
  };
  ASSERT_TRUE(other.host_call(Gate::pass, &gate).ok());
  Context context = {&other, *other.signal()};
  auto wait = [](void* argument) {
    auto* c = static_cast<Context*>(argument);
    (void)c->queue->synchronize(c->point);
  };
  ASSERT_TRUE(queue_.host_call(wait, &context).ok());
  auto point = queue_.signal();
  EXPECT_FALSE(queue_.reached(*point));
  gate.open();
  EXPECT_TRUE(queue_.synchronize(*point).ok());
}

TEST_F(QueueTest, SeveralThreadsMaySubmitToOneQueue) {
  auto kernel = make_kernel(increment, 0);
  std::uint32_t word = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) submit(kernel.get(), {1, 1, 1}, {1, 1, 1}, Word{&word});
    });
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(queue_.drain().ok());
  EXPECT_EQ(word, 2000u);
}

TEST_F(QueueTest, FarMoreWorkThanIsKeptWaitingIsDone) {
  auto kernel = make_kernel(increment, 0);
  std::uint32_t word = 0;
  for (int i = 0; i < 100'000; ++i) submit(kernel.get(), {1, 1, 1}, {1, 1, 1}, Word{&word});
  ASSERT_TRUE(queue_.drain().ok());
  EXPECT_EQ(word, 100'000u);
}

TEST_F(QueueTest, TimestampsGrow) {
  std::uint64_t first = 0, second = 0;
  ASSERT_TRUE(queue_.timestamp(&first).ok());
  ASSERT_TRUE(queue_.timestamp(&second).ok());
  ASSERT_TRUE(queue_.drain().ok());
  EXPECT_GT(first, 0u);
  EXPECT_GE(second, first);
}

TEST_F(QueueTest, ClosingTheDeviceWaitsForItsQueues) {
  auto kernel = make_kernel(increment, 0);
  std::uint32_t word = 0;
  for (int i = 0; i < 100; ++i) submit(kernel.get(), {1, 1, 1}, {1, 1, 1}, Word{&word});
  cuda_shim_queue leaked = queue_.handle();
  ASSERT_NE(leaked, nullptr);
  // The wrapper forgets its queue as a program does that never destroys its streams.
  std::construct_at(&queue_);
  device_ = Device();
  EXPECT_EQ(word, 100u);
}

TEST_F(QueueTest, BlockOfTooManyThreadsIsRefused) {
  auto kernel = make_kernel(increment, 0);
  cuda_shim_launch launch = {};
  launch.executable = kernel.get();
  launch.config.grid = launch.config.cluster = {1, 1, 1};
  launch.config.block = {1024, 2, 1};
  Status status = queue_.launch(launch);
  EXPECT_EQ(status.code(), StatusCode::kInvalidValue);
  EXPECT_NE(status.message().find("2048"), std::string_view::npos);
}

}  // namespace
}  // namespace cuda_shim::devices
