#include "devices/cpu/thread_pool.h"

#include <pthread.h>

#include <algorithm>
#include <system_error>
#include <thread>

#include "devices/cpu/machine.h"
#include "devices/cpu/pause.h"
#include "devices/cpu/queue.h"
#include "support/options.h"

namespace cuda_shim::devices::cpu {
namespace {

// How long an idle thread looks for work before it sleeps: a cold wake costs 20 to 50 microseconds.
constexpr std::int64_t kSpinNanoseconds = 50'000;
// How long a queue may find no thread before the guard adds one, and how many it may add.
constexpr std::int64_t kPatienceNanoseconds = 2'000'000;
constexpr std::uint32_t kMostExtra = 64;
// How long a thread beyond the number stays idle before it leaves.
constexpr std::int64_t kExtraIdleNanoseconds = 200'000'000;

std::int64_t now_nanoseconds() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

std::atomic<bool> g_has_threads{false};
std::atomic<bool> g_lost{false};

// False if the system has no more threads for this process.
template <class Function>
bool start_detached(Function function) {
  g_has_threads.store(true, std::memory_order_relaxed);
  try {
    std::thread(function).detach();
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

template <class Condition>
bool spin_until(Condition condition) {
  std::int64_t end = now_nanoseconds() + kSpinNanoseconds;
  do {
    for (int i = 0; i < 32; ++i) {
      if (condition()) return true;
      cpu_pause();
    }
  } while (now_nanoseconds() < end);
  return false;
}

std::uint32_t wanted_size() {
  std::int64_t asked = support::option_number(support::Option::CPU_THREADS);
  return asked > 0 ? static_cast<std::uint32_t>(std::min<std::int64_t>(asked, 1024))
                   : machine().cores;
}

}  // namespace

ThreadPool& ThreadPool::get() {
  static auto* pool = [] {
    ::pthread_atfork(nullptr, nullptr, [] { g_lost = g_has_threads.load(); });
    return new ThreadPool(wanted_size());
  }();
  return *pool;
}

bool ThreadPool::is_lost() {
  return g_lost.load(std::memory_order_relaxed);
}

// Under the mutex. Threads that spin see the work by themselves; then sleepers are woken; then
// threads are started.
ThreadPool::Summons ThreadPool::plan(std::uint32_t wanted) {
  Summons summons;
  wanted -= std::min(wanted, spinning_ + woken_);
  std::uint32_t wake = std::min(wanted, sleeping_ - std::min(sleeping_, woken_));
  woken_ += wake;
  wanted -= wake;
  std::uint32_t working = threads_ - blocked_;
  std::uint32_t spawn = std::min(wanted, working < size_ ? size_ - working : 0);
  threads_ += spawn;
  summons.wake = static_cast<int>(wake);
  summons.spawn = static_cast<int>(spawn);
  bool nobody = wanted > spawn && ready_head_;
  if (nobody && !guard_watches_) summons.guard = guard_watches_ = true;
  if (wake) wakeups_.fetch_add(1, std::memory_order_relaxed);
  return summons;
}

void ThreadPool::carry_out(const Summons& summons) {
  if (summons.wake) futex_wake(&wakeups_, summons.wake);
  for (int i = 0; i < summons.spawn; ++i) start_thread();
  if (summons.guard) start_guard();
}

// A thread that has been counted already. Where there is none to be had, the others do its work;
// the first one is waited for.
void ThreadPool::start_thread() {
  while (!start_detached([this] { work(); })) {
    {
      std::lock_guard lock(mutex_);
      if (threads_ > 1) {
        --threads_;
        return;
      }
    }
    report(0, "The system refuses a thread to this process; the work of the device waits for it.");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

void ThreadPool::start_guard() {
  bool start = false;
  {
    std::lock_guard lock(mutex_);
    start = !std::exchange(guard_exists_, true);
  }
  alarms_.fetch_add(1, std::memory_order_relaxed);
  if (!start) return futex_wake(&alarms_, 1);
  if (start_detached([this] { watch(); })) return;
  std::lock_guard lock(mutex_);
  guard_exists_ = guard_watches_ = false;
}

void ThreadPool::submit(Queue& queue) {
  Summons summons;
  {
    std::lock_guard lock(mutex_);
    queue.next_ready = nullptr;
    (ready_head_ ? ready_tail_->next_ready : ready_head_) = &queue;
    ready_tail_ = &queue;
    ready_count_.fetch_add(1, std::memory_order_relaxed);
    open_.fetch_add(1, std::memory_order_relaxed);
    summons = plan(1);
  }
  carry_out(summons);
}

Queue* ThreadPool::take_ready() {
  Queue* queue = ready_head_;
  if (!queue) return nullptr;
  ready_head_ = queue->next_ready;
  ready_count_.fetch_sub(1, std::memory_order_relaxed);
  open_.fetch_sub(1, std::memory_order_relaxed);
  ++taken_;
  return queue;
}

SharedJob* ThreadPool::take_seat(std::uint32_t* seat) {
  for (SharedJob* job = jobs_; job; job = job->next) {
    if (job->seats == 0) continue;
    --job->seats;
    open_.fetch_sub(1, std::memory_order_relaxed);
    *seat = job->next_seat++;
    job->helpers.fetch_add(1, std::memory_order_relaxed);
    return job;
  }
  return nullptr;
}

void ThreadPool::share(SharedJob& job, std::uint32_t helpers, Worker& worker) {
  Summons summons;
  {
    std::lock_guard lock(mutex_);
    job.seats = helpers;
    job.next = jobs_;
    jobs_ = &job;
    open_.fetch_add(helpers, std::memory_order_relaxed);
    summons = plan(helpers);
  }
  carry_out(summons);
  job.run(job.context, worker, 0);
  {
    std::lock_guard lock(mutex_);
    open_.fetch_sub(job.seats, std::memory_order_relaxed);
    job.seats = 0;
    SharedJob** link = &jobs_;
    while (*link != &job) link = &(*link)->next;
    *link = job.next;
  }
  auto finished = [&job] { return job.helpers.load(std::memory_order_acquire) == 0; };
  if (spin_until(finished)) return;
  waiting_owners_.fetch_add(1);
  while (std::uint32_t left = job.helpers.load()) futex_wait(job.helpers, left);
  waiting_owners_.fetch_sub(1);
}

void ThreadPool::work() {
  Worker worker;
  std::unique_lock lock(mutex_);
  worker.number = next_number_++;
  for (;;) {
    std::uint32_t seat = 0;
    if (Queue* queue = take_ready()) {
      // Who was woken for one queue has taken it; another that is left needs somebody, too.
      Summons summons = ready_head_ ? plan(1) : Summons{};
      lock.unlock();
      carry_out(summons);
      queue->work(worker);
      lock.lock();
    } else if (SharedJob* job = take_seat(&seat)) {
      lock.unlock();
      job->run(job->context, worker, seat);
      // The last access to the job: its owner may leave now.
      FutexWord* word = &job->helpers;
      bool last = word->fetch_sub(1) == 1;
      if (last && waiting_owners_.load() != 0) futex_wake(word, 1);
      lock.lock();
    } else if (!rest(lock)) {
      return;
    }
  }
}

// Waits for work; false if the thread, one too many, has left the pool.
bool ThreadPool::rest(std::unique_lock<std::mutex>& lock) {
  auto has_work = [this] { return open_.load(std::memory_order_relaxed) != 0; };
  ++spinning_;
  lock.unlock();
  spin_until(has_work);
  lock.lock();
  --spinning_;
  if (has_work()) return true;
  bool extra = threads_ - blocked_ > size_;
  std::uint32_t seen = wakeups_.load(std::memory_order_relaxed);
  ++sleeping_;
  lock.unlock();
  futex_wait(wakeups_, seen, extra ? kExtraIdleNanoseconds : 0);
  lock.lock();
  --sleeping_;
  woken_ -= std::min(woken_, 1u);
  if (has_work() || !extra || threads_ - blocked_ <= size_) return true;
  --threads_;
  return false;
}

void ThreadPool::begin_blocking() {
  Summons summons;
  {
    std::lock_guard lock(mutex_);
    ++blocked_;
    if (open_.load(std::memory_order_relaxed) != 0) summons = plan(1);
  }
  carry_out(summons);
}

void ThreadPool::end_blocking() {
  std::lock_guard lock(mutex_);
  --blocked_;
}

// The guard: sleeps until somebody has found no thread for a queue, then looks again and again
// until no queue waits.
void ThreadPool::watch() {
  std::uint32_t seen = 0;
  for (;;) {
    futex_wait(alarms_, seen);
    seen = alarms_.load(std::memory_order_relaxed);
    std::unique_lock lock(mutex_);
    while (ready_head_) {
      std::uint64_t before = taken_;
      lock.unlock();
      timespec patience = {0, kPatienceNanoseconds};
      ::nanosleep(&patience, nullptr);
      lock.lock();
      bool stuck = ready_head_ && taken_ == before;
      if (!stuck || threads_ - blocked_ >= size_ + kMostExtra) continue;
      ++threads_;
      lock.unlock();
      start_thread();
      lock.lock();
    }
    guard_watches_ = false;
  }
}

}  // namespace cuda_shim::devices::cpu
