#include "api/objects/work_queue.h"

namespace cuda_shim::objects {

Result<std::uint64_t> WorkQueue::point() {
  std::lock_guard lock(mutex_);
  std::uint64_t count = submissions_.load(std::memory_order_acquire);
  if (count == counted_ || !queue_) return point_;
  Result<std::uint64_t> point = queue_.signal();
  if (!point) return point;
  counted_ = count;
  point_ = *point;
  return point;
}

bool WorkQueue::idle() {
  Result<std::uint64_t> end = point();
  return end && reached(*end);
}

Status WorkQueue::synchronize(std::uint64_t point) {
  // Also where the point has been reached: a device hands out kernels' printf output here.
  if (point == 0) return {};
  std::shared_lock lock(open_mutex_);
  return queue_ ? queue_.synchronize(point) : Status();
}

void WorkQueue::close() {
  std::unique_lock lock(open_mutex_);
  queue_ = {};
}

Status WorkQueue::drain() {
  Result<std::uint64_t> end = point();
  return end ? synchronize(*end) : std::move(end.error());
}

namespace {

// What a queue waits for in another context.
struct ForeignWait {
  std::shared_ptr<WorkQueue> queue;
  std::uint64_t point;
};

void wait_for_foreign(void* argument) {
  std::unique_ptr<ForeignWait> wait(static_cast<ForeignWait*>(argument));
  // A failure of the other context is that context's to report; here the wait just ends.
  [[maybe_unused]] Status ended = wait->queue->synchronize(wait->point);
}

}  // namespace

Status WorkQueue::wait_for(const std::shared_ptr<WorkQueue>& other, std::uint64_t point,
                           bool foreign) {
  if (other.get() == this || other->reached(point)) return {};
  if (!foreign) return queue_.wait(other->queue_, point);
  auto wait = std::make_unique<ForeignWait>(other, point);
  Status status = queue_.host_call(wait_for_foreign, wait.get());
  if (status) [[maybe_unused]]
    ForeignWait* taken = wait.release();
  return status;
}

}  // namespace cuda_shim::objects
