#pragma once
// A device queue that is shared by the stream it serves and by the events that were recorded on it.
//
// cuStreamDestroy returns at once although work is pending, and an event outlives the stream that
// it was recorded on: both only let go of the queue. It ends when nobody holds it, or when its
// context ends (close).

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "cuda_shim/status.h"
#include "devices/registry.h"

namespace cuda_shim::objects {

class WorkQueue {
 public:
  explicit WorkQueue(devices::Queue queue) : queue_(std::move(queue)) {}

  devices::Queue& device() { return queue_; }
  /// To be called after each submission: later points include it.
  void submitted() { submissions_.fetch_add(1, std::memory_order_release); }
  /// Marks the end of the work submitted so far; the same point again while nothing is submitted.
  Result<std::uint64_t> point();
  /// Never blocks. True once the queue is closed.
  bool reached(std::uint64_t point) { return !queue_ || queue_.reached(point); }
  bool idle();
  /// Waits for the point.
  Status synchronize(std::uint64_t point);
  /// Waits for everything submitted so far.
  Status drain();
  /// Later work waits for `other` to reach `point`. `foreign`: it belongs to another context, whose
  /// queues the device cannot wait for.
  Status wait_for(const std::shared_ptr<WorkQueue>& other, std::uint64_t point, bool foreign);
  /// Ends the device's queue, with its context. A queue of another context may be waiting for this
  /// one; it has nothing to wait for any more, but must have let go first.
  void close();

 private:
  devices::Queue queue_;
  std::shared_mutex open_mutex_;  // held while somebody waits for queue_, and exclusively to end it
  std::atomic<std::uint64_t> submissions_ = 0;
  std::mutex mutex_;  // guards point_ and counted_
  std::uint64_t point_ = 0;
  std::uint64_t counted_ = ~std::uint64_t(0);  // submissions that point_ covers
};

}  // namespace cuda_shim::objects
