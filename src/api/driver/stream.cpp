// Stream and event management: what does not depend on the kind of default stream.
#include <algorithm>

#include "api/driver/entry.h"
#include "api/objects/event.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::Event;

constexpr int kGreatestPriority = -5;

Status create_stream(Context& context, CUstream* handle, unsigned flags, int priority) {
  if (handle == nullptr) return null_argument();
  if (flags & ~unsigned(CU_STREAM_NON_BLOCKING)) return invalid("The stream flags are not valid.");
  auto role = flags & CU_STREAM_NON_BLOCKING ? objects::StreamRole::kNonBlocking
                                             : objects::StreamRole::kBlocking;
  Result<Stream*> stream = context.create_stream(role, std::clamp(priority, kGreatestPriority, 0));
  if (!stream) return std::move(stream.error());
  *handle = (*stream)->handle();
  return {};
}

template <class Work>
CUresult with_event(const char* name, CUevent handle, Work&& work) {
  return outside_streams(name, [&]() -> Status {
    Event* event = find<Event>(handle);
    if (event == nullptr) return invalid_handle("event");
    if (Status status = event->context().check(); !status) return status;
    return work(*event);
  });
}

Status destroy_stream(CUstream handle) {
  Stream* stream = find<Stream>(handle);
  if (stream == nullptr || stream->role() == objects::StreamRole::kLegacy)
    return invalid_handle("stream");
  stream->context().destroy_stream(*stream);
  return {};
}

Status destroy_event(CUevent handle) {
  Event* event = find<Event>(handle);
  if (event == nullptr) return invalid_handle("event");
  event->context().events().take(event);
  return {};
}

}  // namespace

extern "C" {

CUresult cuStreamCreate(CUstream* phStream, unsigned int Flags) {
  return in_context(__func__,
                    [&](Context& context) { return create_stream(context, phStream, Flags, 0); });
}

CUresult cuStreamCreateWithPriority(CUstream* phStream, unsigned int flags, int priority) {
  return in_context(__func__, [&](Context& context) {
    return create_stream(context, phStream, flags, priority);
  });
}

CUresult cuStreamDestroy(CUstream hStream) {
  return outside_streams(__func__, [&] { return destroy_stream(hStream); });
}

CUresult cuEventCreate(CUevent* phEvent, unsigned int Flags) {
  return in_context(__func__, [&](Context& context) -> Status {
    constexpr unsigned kKnown =
        CU_EVENT_BLOCKING_SYNC | CU_EVENT_DISABLE_TIMING | CU_EVENT_INTERPROCESS;
    if (phEvent == nullptr || Flags & ~kKnown)
      return invalid("The event is null or its flags are not valid.");
    if (Flags & CU_EVENT_INTERPROCESS)
      return not_supported("Events between processes are not supported.");
    *phEvent = context.events().add(std::make_unique<Event>(context, Flags))->handle();
    return {};
  });
}

CUresult cuEventQuery(CUevent hEvent) {
  return with_event(__func__, hEvent, [](Event& event) -> Status {
    return event.done() ? event.context().check() : Status(StatusCode::kNotReady, {});
  });
}

CUresult cuEventSynchronize(CUevent hEvent) {
  return with_event(__func__, hEvent, [](Event& event) -> Status {
    Context& context = event.context();  // the event may be destroyed while we wait
    if (Status status = event.synchronize(); !status) return status;
    return context.check();
  });
}

CUresult cuEventDestroy(CUevent hEvent) {
  return outside_streams(__func__, [&] { return destroy_event(hEvent); });
}

CUresult cuEventElapsedTime(float* pMilliseconds, CUevent hStart, CUevent hEnd) {
  return with_event(__func__, hStart, [&](Event& start) -> Status {
    Event* end = find<Event>(hEnd);
    if (end == nullptr) return invalid_handle("event");
    if (pMilliseconds == nullptr) return null_argument();
    return store(Event::elapsed(start, *end), pMilliseconds);
  });
}

CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode* mode) {
  return in_process(__func__, [&]() -> Status {
    constinit thread_local CUstreamCaptureMode current = CU_STREAM_CAPTURE_MODE_GLOBAL;
    if (mode == nullptr || *mode < CU_STREAM_CAPTURE_MODE_GLOBAL ||
        *mode > CU_STREAM_CAPTURE_MODE_RELAXED)
      return invalid("The capture mode is null or unknown.");
    std::swap(*mode, current);
    return {};
  });
}

}  // extern "C"
