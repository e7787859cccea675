#pragma once
// A queue: commands in order, done by whichever pool thread takes the queue; by one at a time.
//
// Submitting takes one lock and, if the queue was idle, hands it to the pool. A thread takes all
// submitted commands at once, so the two rarely meet. Where a command must wait for another queue,
// the thread parks this one there and goes on to other work.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "cuda_shim/device.h"
#include "devices/cpu/instance.h"
#include "devices/cpu/timeline.h"
#include "devices/cpu/worker.h"

namespace cuda_shim::devices::cpu {

/// One piece of work. Records are recycled within their queue: submitting allocates nothing once it
/// has as many as wait at a time.
struct Command {
  enum class Kind : std::uint8_t { kLaunch, kCopy, kFill, kHostCall, kWait, kTimestamp };

  struct Launch {
    cuda_shim_executable executable;
    cuda_shim_launch_config config;
    std::uint64_t module_memory;
    unsigned char* parameters;  ///< inline_parameters or long_parameters
  };
  struct HostCall {
    void (*function)(void*);
    void* argument;
  };
  struct Wait {
    Timeline* timeline;  ///< owns a reference
    std::uint64_t point;
  };

  Command* next = nullptr;
  Kind kind;
  union {
    Launch launch;
    cuda_shim_copy copy;
    cuda_shim_fill fill;
    HostCall host_call;
    Wait wait;
    std::uint64_t* timestamp;
  };
  alignas(64) unsigned char inline_parameters[192];
  std::unique_ptr<unsigned char[]> long_parameters;  ///< kept for the next user of the record
  std::size_t long_capacity = 0;

  Command() : kind(Kind::kTimestamp), timestamp(nullptr) {}
};

class Queue {
 public:
  explicit Queue(Instance& instance) : instance_(instance), timeline_(new Timeline) {}
  Queue(const Queue&) = delete;
  /// Waits for the queue's work.
  ~Queue();

  void launch(const cuda_shim_launch& launch);
  void copy(const cuda_shim_copy& copy);
  void fill(const cuda_shim_fill& fill);
  void host_call(void (*function)(void*), void* argument);
  void wait(Queue& other, std::uint64_t point);
  void timestamp(std::uint64_t* destination);
  std::uint64_t signal();
  bool reached(std::uint64_t point) const { return timeline_->reached(point); }
  void synchronize(std::uint64_t point);

  /// Does the queue's work until none is left, it is parked, or others want the thread. Called by
  /// the pool.
  void work(Worker& worker);

  Instance& instance() { return instance_; }

  Queue* next_ready = nullptr;  ///< the pool's

 private:
  Command& take_record();
  template <class Fill>
  void submit(Fill fill_record);
  void wait_for_room(std::unique_lock<std::mutex>& lock);
  bool fetch();
  void recycle(Command* first, Command* last);
  void execute(Command& command, Worker& worker);
  void execute_host_call(const Command::HostCall& call);

  Instance& instance_;
  Timeline* timeline_;
  std::mutex mutex_;  // guards the next five
  Command* incoming_head_ = nullptr;
  Command* incoming_tail_ = nullptr;
  Command* records_ = nullptr;  ///< free ones
  std::uint64_t submitted_ = 1;
  bool active_ = false;  ///< in the pool's hands, being worked on, or parked
  // Only touched by who works on the queue.
  Command* batch_ = nullptr;
  std::uint64_t done_ = 1;
};

}  // namespace cuda_shim::devices::cpu

struct cuda_shim_queue_impl : cuda_shim::devices::cpu::Queue {
  using Queue::Queue;
};
