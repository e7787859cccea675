#include "api/objects/timestamps.h"

namespace cuda_shim::objects {

std::uint64_t* TimestampPool::take() {
  std::lock_guard lock(mutex_);
  unpark();
  if (free_.empty()) return &places_.emplace_back(0);
  std::uint64_t* place = free_.back();
  free_.pop_back();
  return place;
}

void TimestampPool::give(std::uint64_t* place, std::shared_ptr<WorkQueue> queue,
                         std::uint64_t point) {
  std::lock_guard lock(mutex_);
  if (queue == nullptr || queue->reached(point))
    free_.push_back(place);
  else
    parked_.push_back({place, std::move(queue), point});
}

// Looks at the oldest places only: they are the likeliest to be ready, and the cost of taking one
// stays constant.
void TimestampPool::unpark() {
  while (!parked_.empty() && parked_.front().queue->reached(parked_.front().point)) {
    free_.push_back(parked_.front().place);
    parked_.pop_front();
  }
}

void TimestampPool::clear() {
  std::lock_guard lock(mutex_);
  parked_.clear();
  free_.clear();
  places_.clear();
}

}  // namespace cuda_shim::objects
