#include "api/objects/event.h"

#include <chrono>

#include "api/objects/context.h"

namespace cuda_shim::objects {
namespace {

// For devices without timestamps: the time when the host hears that the work is done.
void write_host_time(void* place) {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  *static_cast<std::uint64_t*>(place) =
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

Status stamp(Stream& stream, std::uint64_t* place) {
  bool native = stream.context().device().has(CUDA_SHIM_CAP_TIMESTAMPS);
  return stream.submit([&](devices::Queue& queue) {
    return native ? queue.timestamp(place) : queue.host_call(write_host_time, place);
  });
}

}  // namespace

Event::~Event() {
  // A thread that waits for the event has taken what it needs under the mutex.
  std::lock_guard lock(mutex_);
  if (record_.time) context_.timestamps().give(record_.time, record_.queue, record_.point);
}

Event::Record Event::record() {
  std::lock_guard lock(mutex_);
  return record_;
}

Status Event::record(Stream& stream) {
  Record made;
  if (!(flags_ & CU_EVENT_DISABLE_TIMING)) {
    made.time = context_.timestamps().take();
    if (Status status = stamp(stream, made.time); !status) {
      context_.timestamps().give(made.time, nullptr, 0);
      return status;
    }
  }
  Result<std::uint64_t> point = stream.point();
  if (!point) return std::move(point.error());
  made.queue = stream.queue();
  made.point = *point;
  std::lock_guard lock(mutex_);
  if (record_.time) context_.timestamps().give(record_.time, record_.queue, record_.point);
  record_ = std::move(made);
  return {};
}

bool Event::done() {
  std::lock_guard lock(mutex_);
  return record_.queue == nullptr || record_.queue->reached(record_.point);
}

Status Event::synchronize() {
  Record wanted = record();
  return wanted.queue ? wanted.queue->synchronize(wanted.point) : Status();
}

Status Event::make_wait(Stream& stream) {
  Record wanted = record();
  return wanted.queue ? stream.wait_for(wanted.queue, wanted.point, context_) : Status();
}

Result<float> Event::elapsed(Event& start, Event& end) {
  Record from = start.record();
  Record to = end.record();
  if (from.time == nullptr || to.time == nullptr)
    return error(
        StatusCode::kInvalidHandle,
        "Both events must be recorded and have been made without CU_EVENT_DISABLE_TIMING.");
  if (!from.queue->reached(from.point) || !to.queue->reached(to.point))
    return error(StatusCode::kNotReady, {});
  auto nanoseconds = static_cast<std::int64_t>(*to.time - *from.time);
  return static_cast<float>(static_cast<double>(nanoseconds) * 1e-6);
}

}  // namespace cuda_shim::objects
