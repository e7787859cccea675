#pragma once
// Events: a point of a queue, and the time when it was reached.

#include <cuda.h>

#include <memory>
#include <mutex>

#include "api/objects/handle.h"
#include "api/objects/work_queue.h"
#include "cuda_shim/status.h"

namespace cuda_shim::objects {

class Context;
class Stream;

class Event {
 public:
  static constexpr Kind kKind = Kind::kEvent;
  using CHandle = CUevent;

  Event(Context& context, unsigned flags) : context_(context), flags_(flags) {}
  ~Event();

  CUevent handle() const { return handle_.as<CUevent>(); }
  Context& context() const { return context_; }

  /// Marks the end of the stream's work so far.
  Status record(Stream& stream);
  /// True if everything recorded is done; an event never recorded is done.
  bool done();
  Status synchronize();
  /// Later work of the stream waits for the event.
  Status make_wait(Stream& stream);
  /// Milliseconds from `start` to `end`. kInvalidHandle: not recorded, or without timing;
  /// kNotReady.
  static Result<float> elapsed(Event& start, Event& end);

 private:
  struct Record {
    std::shared_ptr<WorkQueue> queue;  // null: never recorded
    std::uint64_t point = 0;
    std::uint64_t* time = nullptr;
  };

  Record record();

  Context& context_;
  unsigned flags_;
  std::mutex mutex_;  // guards record_
  Record record_;
  OwnedHandle<Event> handle_{this};
};

}  // namespace cuda_shim::objects
