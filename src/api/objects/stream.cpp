#include "api/objects/stream.h"

#include <algorithm>

#include "api/objects/context.h"

namespace cuda_shim::objects {
namespace {

constinit std::atomic<std::uint64_t> next_stream_id = 1;

// Attributes that a program may set and read back. They steer a GPU's caches and the host's way of
// waiting; nothing here depends on them.
constexpr CUstreamAttrID kStreamAttributes[] = {
    CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW, CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY,
    CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP, CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN};

int attribute_slot(CUstreamAttrID id) {
  auto found = std::ranges::find(kStreamAttributes, id);
  return found == std::end(kStreamAttributes) ? -1 : static_cast<int>(found - kStreamAttributes);
}

}  // namespace

Stream::Stream(Context& context, StreamRole role, int priority, std::shared_ptr<WorkQueue> queue)
    : context_(context),
      role_(role),
      priority_(priority),
      id_(next_stream_id.fetch_add(1, std::memory_order_relaxed)),
      queue_(std::move(queue)) {
  attributes_[attribute_slot(CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY)].syncPolicy =
      CU_SYNC_POLICY_AUTO;
}

bool Stream::attribute(CUstreamAttrID id, CUstreamAttrValue* value) {
  int slot = attribute_slot(id);
  if (id != CU_LAUNCH_ATTRIBUTE_PRIORITY && slot < 0) return false;
  std::lock_guard lock(attributes_mutex_);
  *value = slot < 0 ? CUstreamAttrValue{} : attributes_[slot];
  if (slot < 0) value->priority = priority_;
  return true;
}

bool Stream::set_attribute(CUstreamAttrID id, const CUstreamAttrValue& value) {
  int slot = attribute_slot(id);
  if (slot < 0) return id == CU_LAUNCH_ATTRIBUTE_PRIORITY && value.priority == priority_;
  std::lock_guard lock(attributes_mutex_);
  attributes_[slot] = value;
  return true;
}

Status Stream::order() {
  return role_ == StreamRole::kNonBlocking ? Status() : context_.stream_order().before(*this);
}

void Stream::mark() {
  queue_->submitted();
  if (role_ != StreamRole::kNonBlocking) context_.stream_order().after(*this);
}

Status Stream::call(void (*function)(void*), void* argument) {
  return submit([&](devices::Queue& queue) { return queue.host_call(function, argument); });
}

Result<std::uint64_t> Stream::point() {
  if (Status status = order(); !status) return error(std::move(status));
  return queue_->point();
}

Status Stream::synchronize() {
  Result<std::uint64_t> end = point();
  if (!end) return std::move(end.error());
  // Another thread may destroy the stream while this one waits.
  std::shared_ptr<WorkQueue> queue = queue_;
  return queue->synchronize(*end);
}

Status Stream::wait_for(const std::shared_ptr<WorkQueue>& other, std::uint64_t point,
                        Context& owner) {
  if (other == queue_ || other->reached(point)) return {};
  if (Status status = order(); !status) return status;
  Status status = queue_->wait_for(other, point, &owner != &context_);
  if (status) mark();
  return status;
}

Status StreamOrder::before(Stream& stream) {
  if (stream.role_ == StreamRole::kLegacy) {
    if (blocking_submissions_.load(std::memory_order_acquire) ==
        joined_.load(std::memory_order_acquire))
      return {};
    return join_blocking();
  }
  if (legacy_submissions_.load(std::memory_order_acquire) ==
      stream.legacy_seen_.load(std::memory_order_acquire))
    return {};
  return join_legacy(stream);
}

void StreamOrder::after(Stream& stream) {
  if (stream.role_ == StreamRole::kLegacy) {
    legacy_submissions_.fetch_add(1, std::memory_order_release);
    return;
  }
  stream.unjoined_.store(true, std::memory_order_release);
  blocking_submissions_.fetch_add(1, std::memory_order_release);
}

Status StreamOrder::join_blocking() {
  // The lock is held while the waits are laid: another thread that finds nothing left to join may
  // rely on them.
  std::lock_guard lock(mutex_);
  std::uint64_t submissions = blocking_submissions_.load(std::memory_order_acquire);
  for (Stream* stream : blocking_) {
    if (!stream->unjoined_.exchange(false, std::memory_order_acq_rel)) continue;
    Result<std::uint64_t> end = stream->queue_->point();
    if (!end) return std::move(end.error());
    Status status = legacy_->queue_->wait_for(stream->queue_, *end, false);
    if (!status) return status;
  }
  // The waits are work of the legacy queue: its next point must lie behind them.
  legacy_->queue_->submitted();
  joined_.store(submissions, std::memory_order_release);
  return {};
}

Status StreamOrder::join_legacy(Stream& stream) {
  std::uint64_t submissions = legacy_submissions_.load(std::memory_order_acquire);
  Result<std::uint64_t> end = legacy_->queue_->point();
  if (!end) return std::move(end.error());
  Status status = stream.queue_->wait_for(legacy_->queue_, *end, false);
  if (!status) return status;
  stream.queue_->submitted();
  stream.legacy_seen_.store(submissions, std::memory_order_release);
  return {};
}

void StreamOrder::add(Stream& stream) {
  if (stream.role_ != StreamRole::kBlocking) return;
  std::lock_guard lock(mutex_);
  blocking_.push_back(&stream);
}

void StreamOrder::remove(Stream& stream) {
  if (stream.role_ != StreamRole::kBlocking) return;
  std::lock_guard lock(mutex_);
  std::erase(blocking_, &stream);
  if (!stream.unjoined_.load(std::memory_order_acquire) || stream.queue_->idle()) return;
  Result<std::uint64_t> end = stream.queue_->point();
  if (!end) return;
  // Failing to lay the wait means that the device is gone; the next call reports that.
  [[maybe_unused]] Status status = legacy_->queue_->wait_for(stream.queue_, *end, false);
  legacy_->queue_->submitted();
}

Result<Stream*> resolve_stream(Context& context, CUstream handle, DefaultStream fallback) {
  if (handle == nullptr)
    handle = fallback == DefaultStream::kLegacy ? CU_STREAM_LEGACY : CU_STREAM_PER_THREAD;
  if (handle == CU_STREAM_LEGACY) return &context.legacy_stream();
  if (handle == CU_STREAM_PER_THREAD) return context.thread_stream();
  if (Stream* stream = find<Stream>(handle)) return stream;
  return error(StatusCode::kInvalidHandle, "The stream handle is not that of a live stream.");
}

}  // namespace cuda_shim::objects
