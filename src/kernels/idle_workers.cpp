#include "kernels/idle_workers.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <thread>

namespace cuda_shim::kernels {
namespace {

using std::chrono::milliseconds, std::chrono::nanoseconds;

/// LLVM needs what a main thread has, however little the environment gives to others.
constexpr std::size_t kStackBytes = 8 << 20;

/// Several of the slices in which the system gives out its cores: who has just slept gets the first
/// one at once, whoever else wants it.
constexpr milliseconds kShortestLook(20);
constexpr milliseconds kFirstSleep(20), kLongestSleep(200);
/// In which a thread that sleeps sees that somebody waits for its work.
constexpr milliseconds kSlice(5);

nanoseconds now_on(clockid_t clock) {
  timespec time = {};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

/// The application's handlers are for its own threads.
class BlockSignals {
 public:
  BlockSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockSignals(const BlockSignals&) = delete;

 private:
  sigset_t before_;
};

bool start_detached(void* (*function)(void*), void* argument) {
  const BlockSignals blocked;
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const bool started = ::pthread_create(&thread, &attributes, function, argument) == 0;
  ::pthread_attr_destroy(&attributes);
  return started;
}

}  // namespace

/// One thread, as its checkpoints see it.
class IdleWorkers::Worker {
 public:
  explicit Worker(IdleWorkers& all) : all_(all) { look(); }

  void set_job(IdleJob* job) {
    if (job != nullptr) job->workers.store(&all_, std::memory_order_relaxed);
    job_ = job;
  }

  void checkpoint() {
    if (all_.stopping_.load(std::memory_order_relaxed)) sleep_for_good();
    const nanoseconds passed = now_on(CLOCK_MONOTONIC) - time_;
    if (passed < kShortestLook) return;
    const nanoseconds got = now_on(CLOCK_THREAD_CPUTIME_ID) - processor_time_;
    if (got < passed * 7 / 8 && !is_wanted())
      stand_back();
    else
      sleep_ = kFirstSleep;
    look();
  }

 private:
  bool is_wanted() const { return job_ != nullptr && job_->wanted.load(std::memory_order_relaxed); }

  void look() {
    time_ = now_on(CLOCK_MONOTONIC);
    processor_time_ = now_on(CLOCK_THREAD_CPUTIME_ID);
  }

  void stand_back() {
    change_awake(-1);
    for (milliseconds slept(0); slept < sleep_ && !is_wanted(); slept += kSlice)
      std::this_thread::sleep_for(kSlice);
    sleep_ = std::min(2 * sleep_, kLongestSleep);
    change_awake(1);
  }

  /// Who wakes up after stop() goes on sleeping.
  void change_awake(int change) {
    std::unique_lock lock(all_.mutex_);
    if (change > 0 && all_.stopping_.load(std::memory_order_relaxed)) {
      lock.unlock();
      pause_for_good();
    }
    all_.awake_ += static_cast<unsigned>(change);
    if (change < 0) all_.left_.notify_all();
  }

  [[noreturn]] void sleep_for_good() {
    change_awake(-1);
    pause_for_good();
  }

  [[noreturn]] void pause_for_good() const {
    if (job_ != nullptr) job_->given_up.store(true, std::memory_order_relaxed);
    for (;;) ::pause();
  }

  IdleWorkers& all_;
  IdleJob* job_ = nullptr;
  nanoseconds time_{0}, processor_time_{0};  ///< when it was last looked
  milliseconds sleep_ = kFirstSleep;
};

namespace {

thread_local IdleWorkers::Worker* t_worker = nullptr;

}  // namespace

void IdleWorkers::checkpoint() {
  if (t_worker != nullptr) t_worker->checkpoint();
}

void IdleWorkers::set_job(IdleJob* job) {
  if (t_worker != nullptr) t_worker->set_job(job);
}

void IdleWorkers::add(Step step) {
  const std::lock_guard lock(mutex_);
  if (stopping_.load(std::memory_order_relaxed)) return;
  queue_.push_back(std::make_shared<const Step>(std::move(step)));
  start_threads();
}

/// Under the mutex.
void IdleWorkers::start_threads() {
  while (!queue_.empty() && threads_ < most_threads_) {
    const auto run = [](void* workers) -> void* {
      static_cast<IdleWorkers*>(workers)->work();
      return nullptr;
    };
    // Without a thread to be had the work stays undone, which harms nobody.
    if (!start_detached(run, this)) break;
    ++threads_;
    ++awake_;
  }
}

void IdleWorkers::lend_core() {
  const std::lock_guard lock(mutex_);
  ++most_threads_;
  start_threads();
}

void IdleWorkers::take_core_back() {
  const std::lock_guard lock(mutex_);
  --most_threads_;
}

void IdleWorkers::work() {
  ::pthread_setname_np(::pthread_self(), "cuda_shim idle");
  Worker worker(*this);
  t_worker = &worker;
  std::unique_lock lock(mutex_);
  while (next(lock)) {
  }
  t_worker = nullptr;
  --threads_;
  --awake_;
  left_.notify_all();
}

/// Does one step of the first work; false if there is none, or are too many threads.
bool IdleWorkers::next(std::unique_lock<std::mutex>& lock) {
  if (queue_.empty() || threads_ > most_threads_) return false;
  const std::shared_ptr<const Step> step = queue_.front();
  lock.unlock();
  checkpoint();
  const bool more = (*step)();
  lock.lock();
  if (!more) std::erase(queue_, step);  // another thread may have done so
  return true;
}

bool IdleWorkers::stop(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  stopping_.store(true, std::memory_order_relaxed);
  queue_.clear();
  return left_.wait_for(lock, patience, [this] { return awake_ == 0; });
}

}  // namespace cuda_shim::kernels
