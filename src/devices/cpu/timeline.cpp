#include "devices/cpu/timeline.h"

#include <climits>

#include "devices/cpu/pause.h"
#include "devices/cpu/thread_pool.h"

namespace cuda_shim::devices::cpu {
namespace {

// About 20 microseconds: longer than a small kernel, shorter than it costs to be woken.
constexpr int kSpins = 600;

}  // namespace

void Timeline::await(std::uint64_t point) {
  for (int i = 0; i < kSpins; ++i) {
    if (reached(point)) return;
    cpu_pause();
  }
  // Sequentially consistent against `advance`: either it sees the waiter, or the waiter sees the
  // point.
  waiters_.fetch_add(1);
  for (;;) {
    std::uint32_t seen = wakeups_.load();
    if (completed_.load() >= point) break;
    futex_wait(wakeups_, seen);
  }
  waiters_.fetch_sub(1);
}

bool Timeline::park(Queue& queue, std::uint64_t point) {
  std::lock_guard lock(mutex_);
  waiters_.fetch_add(1);
  if (completed_.load() >= point) {
    waiters_.fetch_sub(1);
    return false;
  }
  parked_.push_back({&queue, point});
  return true;
}

void Timeline::advance(std::uint64_t point) {
  completed_.store(point);
  if (waiters_.load() != 0) notify();
}

void Timeline::notify() {
  wakeups_.fetch_add(1);
  futex_wake(&wakeups_, INT_MAX);
  std::vector<Parked> ready;
  {
    std::lock_guard lock(mutex_);
    std::uint64_t completed = completed_.load();
    std::erase_if(parked_, [&](const Parked& parked) {
      if (parked.point > completed) return false;
      ready.push_back(parked);
      return true;
    });
  }
  for (const Parked& parked : ready) {
    waiters_.fetch_sub(1);
    ThreadPool::get().submit(*parked.queue);
  }
}

}  // namespace cuda_shim::devices::cpu
