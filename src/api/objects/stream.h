#pragma once
// Streams and the rules of the default streams.
//
// The legacy default stream waits for the blocking streams of its context, and they wait for it; a
// per-thread default stream is a blocking stream of its own; non-blocking streams take no part. The
// order is made by waits between device queues, laid lazily: a submission first looks at two
// counters, and only if the other side has submitted since does it take the context's lock.
//
// Counters are raised after the work is in its queue: a call that comes after another has returned
// sees that call's work.

#include <cuda.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "api/objects/handle.h"
#include "api/objects/work_queue.h"
#include "cuda_shim/status.h"

namespace cuda_shim::objects {

class Context;

/// Which stream the handle 0 means: entry points come in two kinds (cuLaunchKernel,
/// cuLaunchKernel_ptsz).
enum class DefaultStream { kLegacy, kPerThread };

enum class StreamRole { kLegacy, kBlocking, kNonBlocking };

class Stream {
 public:
  static constexpr Kind kKind = Kind::kStream;
  using CHandle = CUstream;

  Stream(Context& context, StreamRole role, int priority, std::shared_ptr<WorkQueue> queue);

  CUstream handle() const { return handle_.as<CUstream>(); }
  Context& context() const { return context_; }
  StreamRole role() const { return role_; }
  int priority() const { return priority_; }
  std::uint64_t id() const { return id_; }
  unsigned flags() const {
    return role_ == StreamRole::kNonBlocking ? CU_STREAM_NON_BLOCKING : CU_STREAM_DEFAULT;
  }
  const std::shared_ptr<WorkQueue>& queue() const { return queue_; }

  /// The value set for an attribute, or its default. False if streams have no such attribute.
  bool attribute(CUstreamAttrID id, CUstreamAttrValue* value);
  bool set_attribute(CUstreamAttrID id, const CUstreamAttrValue& value);

  /// Puts work in the queue, in the order that the default-stream rules ask for:
  /// work(devices::Queue&) -> Status.
  template <class Work>
  Status submit(Work&& work) {
    if (Status status = order(); !status) return status;
    if (Status status = work(queue_->device()); !status) return status;
    mark();
    return {};
  }
  /// Calls function(argument) in stream order on a host thread. `function` must free the argument.
  Status call(void (*function)(void*), void* argument);
  /// The point that an event recorded now would wait for.
  Result<std::uint64_t> point();
  /// Waits for all work of the stream.
  Status synchronize();
  /// Later work waits for `point` of a queue of `owner`.
  Status wait_for(const std::shared_ptr<WorkQueue>& other, std::uint64_t point, Context& owner);

 private:
  friend class StreamOrder;

  Status order();
  void mark();

  Context& context_;
  StreamRole role_;
  int priority_;
  std::uint64_t id_;
  std::shared_ptr<WorkQueue> queue_;
  std::atomic<std::uint64_t> legacy_seen_ = 0;  // legacy submissions that this stream waits for
  std::atomic<bool> unjoined_ = false;          // has work that the legacy stream does not wait for
  std::mutex attributes_mutex_;                 // guards attributes_
  CUstreamAttrValue attributes_[4] = {};        // in the order of kStreamAttributes
  OwnedHandle<Stream> handle_{this};
};

/// The part of a context that the default-stream rules share.
class StreamOrder {
 public:
  /// Before a submission: lays the waits that the rules ask for.
  Status before(Stream& stream);
  /// After a submission.
  void after(Stream& stream);
  void add(Stream& stream);
  /// The stream is being destroyed: its pending work still orders the legacy stream.
  void remove(Stream& stream);
  void set_legacy(Stream* stream) { legacy_ = stream; }

 private:
  Status join_blocking();
  Status join_legacy(Stream& stream);

  Stream* legacy_ = nullptr;
  std::atomic<std::uint64_t> legacy_submissions_ = 0;
  std::atomic<std::uint64_t> blocking_submissions_ = 0;
  std::atomic<std::uint64_t> joined_ = 0;  // blocking submissions that the legacy stream waits for
  std::mutex mutex_;  // guards blocking_ and the laying of waits by the legacy stream
  std::vector<Stream*> blocking_;
};

/// The stream that a handle means in the context; null if it is none. May create the calling
/// thread's default stream.
Result<Stream*> resolve_stream(Context& context, CUstream handle, DefaultStream fallback);

}  // namespace cuda_shim::objects
