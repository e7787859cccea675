#pragma once
// The threads that do all device work of the process, for all instances and queues.
//
// One thread for each multiprocessor. A thread takes a queue that has work, or else helps with a
// job that another thread shares (the blocks of a grid, the pieces of a copy). A thread that finds
// nothing spins for a while, since a launch is often followed by the next, then sleeps.
//
// Nobody may wait for ever for a thread. A host call may block for as long as it likes: while it
// runs, the pool may start a thread in its stead. And kernels may wait for the work of other
// queues: where all threads are busy and a queue with work has found none for some milliseconds, a
// guard starts one more. Threads beyond the number leave when they are idle.

#include <atomic>
#include <cstdint>
#include <mutex>

#include "devices/cpu/futex.h"
#include "devices/cpu/worker.h"

namespace cuda_shim::devices::cpu {

class Queue;

/// Work that its owner begins and idle threads join. Lives on the owner's stack.
struct SharedJob {
  /// Called once by each thread that takes part, with a different `seat` from 0 (the owner) on.
  void (*run)(void* context, Worker& worker, std::uint32_t seat);
  void* context;

  // The pool's own.
  std::uint32_t seats = 0;  ///< still free
  std::uint32_t next_seat = 1;
  SharedJob* next = nullptr;
  FutexWord helpers{0};  ///< that have not finished
};

class ThreadPool {
 public:
  /// The process's pool. Never destroyed: its threads may outlive main.
  static ThreadPool& get();

  /// Whether this process is the child of a fork that left the pool's threads behind. It can use
  /// nothing of the device; locks may be held by threads that do not exist.
  static bool is_lost();

  /// Threads that work at the same time: the device's multiprocessors.
  std::uint32_t size() const { return size_; }

  /// Has a thread call queue.work(). The queue is in the pool's hands until then.
  void submit(Queue& queue);
  /// Whether a queue waits for a thread.
  bool has_ready() const { return ready_count_.load(std::memory_order_relaxed) != 0; }

  /// Runs `job` on the calling worker and up to `helpers` others; returns when all have finished.
  void share(SharedJob& job, std::uint32_t helpers, Worker& worker);

  /// Around a call that may block for long.
  void begin_blocking();
  void end_blocking();

 private:
  explicit ThreadPool(std::uint32_t size) : size_(size) {}

  /// What must be done, after the mutex is released, for somebody to look at new work.
  struct Summons {
    int wake = 0;
    int spawn = 0;
    bool guard = false;
  };

  Summons plan(std::uint32_t wanted);
  void carry_out(const Summons& summons);
  void start_thread();
  void start_guard();
  void work();
  bool rest(std::unique_lock<std::mutex>& lock);
  void watch();
  Queue* take_ready();
  SharedJob* take_seat(std::uint32_t* seat);

  const std::uint32_t size_;
  std::mutex mutex_;  // guards what is not atomic
  Queue* ready_head_ = nullptr;
  Queue* ready_tail_ = nullptr;
  SharedJob* jobs_ = nullptr;
  std::uint32_t threads_ = 0;
  std::uint32_t next_number_ = 0;  ///< of a worker
  std::uint32_t blocked_ = 0;
  std::uint32_t spinning_ = 0;
  std::uint32_t sleeping_ = 0;
  std::uint32_t woken_ = 0;  ///< sleepers that have been woken and have not yet looked
  std::uint64_t taken_ = 0;  ///< queues taken so far; the guard looks whether it grows
  bool guard_exists_ = false;
  std::atomic<std::uint32_t> ready_count_{0};
  std::atomic<std::uint32_t> open_{
      0};  ///< ready queues and free seats: what spinning threads look at
  std::atomic<std::uint32_t> waiting_owners_{0};
  FutexWord wakeups_{0};
  FutexWord alarms_{0};  ///< the guard sleeps on it
  bool guard_watches_ = false;
};

}  // namespace cuda_shim::devices::cpu
