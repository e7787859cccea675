#pragma once
// Threads for what nobody waits for: they come with the work, go with it, and stand back while
// others want their core.
//
// Not by a low priority. On a busy machine a thread of low priority does not even get to die: with
// SCHED_IDLE or nice 19 we measured hundreds of milliseconds until such a process had ended, and
// who has to wait for such a thread waits as long, as only a privilege would lift it up again. So
// these are ordinary threads that look at each checkpoint() how much of a core they got. Where that
// is not nearly all of it somebody else wants the core, and they sleep, each time twice as long.
// While somebody waits for their work (IdleJob::wanted) they do not.
//
// They must not be in LLVM while the process ends either: its static objects are destroyed then.
// Nor can the end wait for a translation, which may take seconds. Once the process ends a thread
// that comes by a checkpoint sleeps there for good, wherever in LLVM that is.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace cuda_shim::kernels {

class IdleWorkers;

/// What others and the thread that works on something tell each other.
struct IdleJob {
  std::atomic<IdleWorkers*> workers = nullptr;  ///< who does it
  std::atomic<bool> wanted = false;             ///< somebody waits for it
  std::atomic<bool> given_up = false;           ///< it will never be done
};

class IdleWorkers {
 public:
  /// Does the next piece of some work; false if there was none left. Several threads may call it at
  /// once.
  using Step = std::function<bool()>;

  explicit IdleWorkers(unsigned most_threads) : most_threads_(most_threads) {}
  /// Threads may be asleep in it for good.
  ~IdleWorkers() = delete;

  /// Calls the step until there is none left, on at most so many threads as the constructor got,
  /// the work that was added first before all other. Does nothing after stop().
  void add(Step step);

  /// To be called often on these threads, where no lock is held; nothing on others. Does not return
  /// after stop().
  static void checkpoint();
  /// What the calling thread does from now on, if it is one of these; null: nothing that anybody
  /// can wait for.
  static void set_job(IdleJob* job);

  /// Somebody waits for these threads (or does so no longer), and leaves a core free: one more of
  /// them may run.
  void lend_core();
  void take_core_back();

  /// Lets no step begin any more, and waits until every thread has ended or sleeps, but not longer
  /// than `patience`. False if that was too short.
  bool stop(std::chrono::milliseconds patience);

  class Worker;

 private:
  void start_threads();
  void work();
  bool next(std::unique_lock<std::mutex>& lock);

  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  // guards what follows
  unsigned most_threads_;
  std::condition_variable left_;
  std::deque<std::shared_ptr<const Step>> queue_;
  unsigned threads_ = 0;
  unsigned awake_ = 0;  ///< of them, those that do not sleep in a checkpoint
};

}  // namespace cuda_shim::kernels
