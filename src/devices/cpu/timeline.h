#pragma once
// How far a queue has got, and who waits for that. Shared by the queue and those that wait for it,
// who may outlive it.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "devices/cpu/futex.h"

namespace cuda_shim::devices::cpu {

class Queue;

class Timeline {
 public:
  void acquire() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  bool reached(std::uint64_t point) const {
    return completed_.load(std::memory_order_acquire) >= point;
  }
  /// Blocks the calling thread until `point` is reached.
  void await(std::uint64_t point);
  /// Sees to it that `queue` is submitted to the pool once `point` is reached; false if it is
  /// already.
  bool park(Queue& queue, std::uint64_t point);
  /// The queue has done everything up to `point`.
  void advance(std::uint64_t point);

 private:
  struct Parked {
    Queue* queue;
    std::uint64_t point;
  };

  ~Timeline() = default;
  void notify();

  // Point 1 is "nothing submitted yet": reached from the start.
  std::atomic<std::uint64_t> completed_{1};
  std::atomic<std::uint32_t> waiters_{
      0};  ///< threads and queues that wait; spares `advance` the lock
  FutexWord wakeups_{0};
  std::atomic<std::uint32_t> references_{1};
  std::mutex mutex_;  // guards parked_
  std::vector<Parked> parked_;
};

}  // namespace cuda_shim::devices::cpu
