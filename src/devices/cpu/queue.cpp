#include "devices/cpu/queue.h"

#include <time.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "devices/cpu/launch.h"
#include "devices/cpu/thread_pool.h"
#include "devices/cpu/transfer.h"

namespace cuda_shim::devices::cpu {
namespace {

// A program that submits faster than work is done has to wait for it at some point, as it does on
// hardware.
constexpr std::uint64_t kMostPending = 32768;

std::uint64_t monotonic_nanoseconds() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(now.tv_nsec);
}

void copy_parameters(Command& command, const cuda_shim_launch& launch) {
  std::size_t bytes = launch.parameter_bytes;
  unsigned char* to = command.inline_parameters;
  if (bytes > sizeof(command.inline_parameters)) {
    if (bytes > command.long_capacity) {
      command.long_parameters.reset(new unsigned char[bytes]);
      command.long_capacity = bytes;
    }
    to = command.long_parameters.get();
  }
  if (bytes) std::memcpy(to, launch.parameters, bytes);
  command.launch.parameters = to;
}

}  // namespace

Queue::~Queue() {
  synchronize(signal());
  // Done is not left: the thread that did the last command may still be about to let go of the
  // queue.
  std::unique_lock lock(mutex_);
  while (active_) {
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
  }
  while (records_) delete std::exchange(records_, records_->next);
  timeline_->release();
}

// Under the mutex.
Command& Queue::take_record() {
  if (!records_) return *new Command;
  return *std::exchange(records_, records_->next);
}

void Queue::wait_for_room(std::unique_lock<std::mutex>& lock) {
  // A pool thread must not wait for pool threads.
  if (current_worker()) return;
  std::uint64_t point = submitted_ - kMostPending / 2;
  lock.unlock();
  timeline_->await(point);
  lock.lock();
}

template <class Fill>
void Queue::submit(Fill fill_record) {
  std::unique_lock lock(mutex_);
  if (submitted_ > kMostPending && !timeline_->reached(submitted_ - kMostPending)) [[unlikely]]
    wait_for_room(lock);
  Command& command = take_record();
  fill_record(command);
  command.next = nullptr;
  (incoming_head_ ? incoming_tail_->next : incoming_head_) = &command;
  incoming_tail_ = &command;
  ++submitted_;
  bool idle = !std::exchange(active_, true);
  lock.unlock();
  if (idle) ThreadPool::get().submit(*this);
}

void Queue::launch(const cuda_shim_launch& launch) {
  submit([&](Command& command) {
    command.kind = Command::Kind::kLaunch;
    command.launch = {launch.executable, launch.config, launch.module_memory, nullptr};
    copy_parameters(command, launch);
  });
}

void Queue::copy(const cuda_shim_copy& copy) {
  submit([&](Command& command) {
    command.kind = Command::Kind::kCopy;
    command.copy = copy;
  });
}

void Queue::fill(const cuda_shim_fill& fill) {
  submit([&](Command& command) {
    command.kind = Command::Kind::kFill;
    command.fill = fill;
  });
}

void Queue::host_call(void (*function)(void*), void* argument) {
  submit([&](Command& command) {
    command.kind = Command::Kind::kHostCall;
    command.host_call = {function, argument};
  });
}

void Queue::wait(Queue& other, std::uint64_t point) {
  if (&other == this || other.reached(point)) return;
  other.timeline_->acquire();
  submit([&](Command& command) {
    command.kind = Command::Kind::kWait;
    command.wait = {other.timeline_, point};
  });
}

void Queue::timestamp(std::uint64_t* destination) {
  submit([&](Command& command) {
    command.kind = Command::Kind::kTimestamp;
    command.timestamp = destination;
  });
}

std::uint64_t Queue::signal() {
  // Commands are points: the last submitted one marks the end.
  std::lock_guard lock(mutex_);
  return submitted_;
}

void Queue::synchronize(std::uint64_t point) {
  timeline_->await(point);
  instance_.output.flush();
}

// Makes everything submitted the batch; false if there is nothing, and then the queue is idle and
// no longer ours.
bool Queue::fetch() {
  std::lock_guard lock(mutex_);
  batch_ = std::exchange(incoming_head_, nullptr);
  if (!batch_) active_ = false;
  return batch_ != nullptr;
}

void Queue::recycle(Command* first, Command* last) {
  std::lock_guard lock(mutex_);
  last->next = records_;
  records_ = first;
}

void Queue::work(Worker& worker) {
  while (batch_ || fetch()) {
    Command* first = batch_;
    Command* last = nullptr;
    while (batch_) {
      // Parked: whoever wakes the queue goes on with this command, perhaps already now.
      if (batch_->kind == Command::Kind::kWait &&
          !batch_->wait.timeline->reached(batch_->wait.point)) {
        if (last) {
          Command* rest = batch_;
          recycle(first, last);
          first = rest;
          last = nullptr;
        }
        if (batch_->wait.timeline->park(*this, batch_->wait.point)) return;
      }
      execute(*batch_, worker);
      last = batch_;
      batch_ = batch_->next;
      timeline_->advance(++done_);
    }
    recycle(first, last);
    if (!fetch()) return;
    // Others have waited longer.
    if (ThreadPool::get().has_ready()) return ThreadPool::get().submit(*this);
  }
}

void Queue::execute(Command& command, Worker& worker) {
  switch (command.kind) {
    case Command::Kind::kLaunch:
      if (!instance_.faulted()) run_launch(instance_, command.launch, worker);
      return;
    case Command::Kind::kCopy:
      if (!instance_.faulted()) run_copy(instance_, command.copy, worker);
      return;
    case Command::Kind::kFill:
      if (!instance_.faulted()) run_fill(instance_, command.fill, worker);
      return;
    case Command::Kind::kHostCall:
      return execute_host_call(command.host_call);
    case Command::Kind::kWait:
      return command.wait.timeline->release();
    case Command::Kind::kTimestamp:
      *command.timestamp = monotonic_nanoseconds();
      return;
  }
}

void Queue::execute_host_call(const Command::HostCall& call) {
  instance_.output.flush();
  ThreadPool::get().begin_blocking();
  call.function(call.argument);
  reset_floating_point_mode();
  ThreadPool::get().end_blocking();
}

}  // namespace cuda_shim::devices::cpu
