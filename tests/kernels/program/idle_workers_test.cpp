#include "kernels/idle_workers.h"

#include <gtest/gtest.h>

#include <ctime>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

namespace cuda_shim::kernels {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Never destroyed, as threads may sleep in it; still known, so that it is no leak.
template <class Object, class... Arguments>
Object& make_for_good(Arguments... arguments) {
  static auto& all = *new std::vector<Object*>;
  static std::mutex mutex;
  auto* made = new Object(arguments...);
  const std::lock_guard lock(mutex);
  all.push_back(made);
  return *made;
}

IdleWorkers& make_workers(unsigned most_threads) {
  return make_for_good<IdleWorkers>(most_threads);
}

TEST(IdleWorkers, CallAStepUntilThereIsNoneLeft) {
  std::atomic<int> left = 10;
  std::latch done(10);
  IdleWorkers& workers = make_workers(1);
  workers.add([&] {
    if (left.fetch_sub(1) <= 0) return false;
    done.count_down();
    return true;
  });
  done.wait();
  EXPECT_TRUE(workers.stop(1h));
}

TEST(IdleWorkers, WorkTogetherButNoMoreOfThemThanAllowed) {
  std::atomic<int> at_once = 0, most = 0, left = 50;
  std::latch both(2), done(50);
  IdleWorkers& workers = make_workers(2);
  workers.add([&] {
    const int turn = left.fetch_sub(1);
    if (turn <= 0) return false;
    const int now = ++at_once;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    if (turn > 48) both.arrive_and_wait();  // the first two: both threads are there
    --at_once;
    done.count_down();
    return true;
  });
  done.wait();
  EXPECT_TRUE(workers.stop(1h));
  EXPECT_EQ(most, 2);
}

TEST(IdleWorkers, DoOneThingAfterTheOther) {
  IdleWorkers& workers = make_workers(1);
  std::latch added(1), done(1);
  std::vector<int> order;
  workers.add([&, left = 3]() mutable {
    added.wait();
    order.push_back(1);
    return --left > 0;
  });
  workers.add([&] {
    order.push_back(2);
    done.count_down();
    return false;
  });
  added.count_down();
  done.wait();
  EXPECT_TRUE(workers.stop(1h));
  EXPECT_EQ(order, (std::vector{1, 1, 1, 2}));
}

TEST(IdleWorkers, SleepForGoodAtACheckpointOnceStopped) {
  IdleWorkers& workers = make_workers(1);
  auto& job = make_for_good<IdleJob>();
  std::latch begun(1);
  auto& passed = make_for_good<std::atomic<bool>>(false);
  workers.add([&] {
    IdleWorkers::set_job(&job);
    begun.count_down();
    while (!passed) IdleWorkers::checkpoint();
    return false;
  });
  begun.wait();
  EXPECT_TRUE(workers.stop(1h));
  while (!job.given_up) std::this_thread::yield();
  workers.add([&] {
    ADD_FAILURE() << "Work begins after the end.";
    return false;
  });
}

TEST(IdleWorkers, AreNotWaitedForLongerThanAllowedIfTheyPassNoCheckpoint) {
  IdleWorkers& workers = make_workers(1);
  std::latch begun(1), ended(1);
  workers.add([&] {
    begun.count_down();
    ended.wait();
    return false;
  });
  begun.wait();
  EXPECT_FALSE(workers.stop(1ms));
  ended.count_down();
  EXPECT_TRUE(workers.stop(1h));
}

std::chrono::nanoseconds processor_time_of_this_thread() {
  timespec time = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// Threads that want all cores, until this goes.
class Crowd {
 public:
  Crowd() {
    for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i)
      threads_.emplace_back([](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
        }
      });
  }

 private:
  std::vector<std::jthread> threads_;
};

/// Of a core, as a thread in idle time gets it while there is a crowd.
double share_in_a_crowd(bool wanted) {
  const Crowd crowd;
  auto& job = make_for_good<IdleJob>();
  job.wanted = wanted;
  std::latch done(1);
  double share = 0;
  IdleWorkers& workers = make_workers(1);
  workers.add([&] {
    IdleWorkers::set_job(&job);
    const auto begin = Clock::now();
    const auto before = processor_time_of_this_thread();
    while (Clock::now() - begin < 1s) IdleWorkers::checkpoint();
    share = (processor_time_of_this_thread() - before) / 1.0s;
    done.count_down();
    return false;
  });
  done.wait();
  EXPECT_TRUE(workers.stop(1h));
  return share;
}

TEST(IdleWorkers, StandBackInACrowdUnlessSomebodyWaitsForThem) {
  EXPECT_LT(share_in_a_crowd(false), share_in_a_crowd(true) / 2);
}

TEST(IdleWorkers, AreOneMoreWhileSomebodySleepsWhoWaitsForThem) {
  IdleWorkers& workers = make_workers(1);
  std::latch first(1), second(1), end(1);
  std::atomic<int> begun = 0;
  workers.add([&] {
    (++begun == 1 ? first : second).count_down();
    end.wait();
    return false;
  });
  first.wait();
  workers.lend_core();
  second.wait();
  workers.take_core_back();
  end.count_down();
  EXPECT_TRUE(workers.stop(1h));
}

}  // namespace
}  // namespace cuda_shim::kernels
