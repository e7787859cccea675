#pragma once
// Where the device writes the times of events.
//
// A place must stay valid until the write has happened, which may be after the event was destroyed
// or recorded anew: such places are parked with the point that they wait for, and taken back once
// it is reached.

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "api/objects/work_queue.h"

namespace cuda_shim::objects {

class TimestampPool {
 public:
  /// A place for one time in nanoseconds.
  std::uint64_t* take();
  /// Gives a place back; it is used again once `queue` has reached `point`.
  void give(std::uint64_t* place, std::shared_ptr<WorkQueue> queue, std::uint64_t point);
  void clear();

 private:
  struct Parked {
    std::uint64_t* place;
    std::shared_ptr<WorkQueue> queue;
    std::uint64_t point;
  };

  void unpark();

  std::mutex mutex_;  // guards all below
  std::deque<std::uint64_t> places_;
  std::vector<std::uint64_t*> free_;
  std::deque<Parked> parked_;
};

}  // namespace cuda_shim::objects
