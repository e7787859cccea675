// Stream management, events in streams. Compiled for both kinds of default stream.
#include <fmt/format.h>

#include "api/driver/default_stream.h"
#include "api/objects/allocations.h"
#include "api/objects/event.h"

#undef cuStreamGetCtx_v2

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::Event;

template <class T>
CUresult answer(const char* name, CUstream handle, T* place, auto&& read) {
  return on_stream(name, handle, [&](Stream& stream) -> Status {
    if (place == nullptr) return null_argument();
    *place = read(stream);
    return {};
  });
}

Status record(Stream& stream, CUevent handle) {
  Event* event = find<Event>(handle);
  if (event == nullptr) return invalid_handle("event");
  if (&event->context() != &stream.context())
    return Status(StatusCode::kInvalidHandle, "Event and stream belong to different contexts.");
  return event->record(stream);
}

}  // namespace

extern "C" {

CUresult cuStreamGetPriority(CUstream hStream, int* priority) {
  return answer(__func__, hStream, priority, [](Stream& stream) { return stream.priority(); });
}

CUresult cuStreamGetFlags(CUstream hStream, unsigned int* flags) {
  return answer(__func__, hStream, flags, [](Stream& stream) { return stream.flags(); });
}

CUresult cuStreamGetId(CUstream hStream, unsigned long long* streamId) {
  return answer(__func__, hStream, streamId, [](Stream& stream) { return stream.id(); });
}

CUresult cuStreamGetDevice(CUstream hStream, CUdevice* device) {
  return answer(__func__, hStream, device,
                [](Stream& stream) { return stream.context().device().ordinal(); });
}

CUresult cuStreamGetCtx(CUstream hStream, CUcontext* pctx) {
  return answer(__func__, hStream, pctx, [](Stream& stream) { return stream.context().handle(); });
}

CUresult cuStreamWaitEvent(CUstream hStream, CUevent hEvent, unsigned int Flags) {
  return on_stream(__func__, hStream, [&](Stream& stream) -> Status {
    if (Flags == CU_EVENT_WAIT_EXTERNAL)
      return not_supported("Events from outside a captured graph are not supported.");
    if (Flags != CU_EVENT_WAIT_DEFAULT)
      return invalid(fmt::format("Wait flags 0x{:x} are not valid.", Flags));
    Event* event = find<Event>(hEvent);
    return event == nullptr ? invalid_handle("event") : event->make_wait(stream);
  });
}

CUresult cuStreamQuery(CUstream hStream) {
  return on_stream(__func__, hStream, [](Stream& stream) -> Status {
    Result<std::uint64_t> end = stream.point();
    if (!end) return std::move(end.error());
    return stream.queue()->reached(*end) ? stream.context().check()
                                         : Status(StatusCode::kNotReady, {});
  });
}

CUresult cuStreamSynchronize(CUstream hStream) {
  return on_stream(__func__, hStream, [](Stream& stream) -> Status {
    Context& context = stream.context();  // the stream may be destroyed while we wait
    if (Status status = stream.synchronize(); !status) return status;
    return context.check();
  });
}

CUresult cuEventRecord(CUevent hEvent, CUstream hStream) {
  return on_stream(__func__, hStream, [&](Stream& stream) { return record(stream, hEvent); });
}

CUresult cuEventRecordWithFlags(CUevent hEvent, CUstream hStream, unsigned int flags) {
  return on_stream(__func__, hStream, [&](Stream& stream) -> Status {
    if (flags == CU_EVENT_RECORD_EXTERNAL)
      return not_supported("Events from outside a captured graph are not supported.");
    if (flags != CU_EVENT_RECORD_DEFAULT)
      return invalid(fmt::format("Record flags 0x{:x} are not valid.", flags));
    return record(stream, hEvent);
  });
}

// Managed memory may be used from anywhere at any time: attaching narrows nothing.
CUresult cuStreamAttachMemAsync(CUstream hStream, CUdeviceptr dptr, size_t length,
                                unsigned int flags) {
  return on_stream(__func__, hStream, [&](Stream&) -> Status {
    if (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST &&
        flags != CU_MEM_ATTACH_SINGLE)
      return invalid(fmt::format("Attach flags 0x{:x} are not valid.", flags));
    auto found = objects::allocations().find(dptr);
    if (found && found->kind == objects::MemoryKind::kManaged) return {};
    return invalid(fmt::format("0x{:x} is not managed memory.", dptr));
  });
}

CUresult cuStreamGetAttribute(CUstream hStream, CUstreamAttrID attr, CUstreamAttrValue* value_out) {
  return on_stream(__func__, hStream, [&](Stream& stream) -> Status {
    if (value_out == nullptr || !stream.attribute(attr, value_out))
      return invalid("Streams have no such attribute.");
    return {};
  });
}

CUresult cuStreamSetAttribute(CUstream hStream, CUstreamAttrID attr,
                              const CUstreamAttrValue* value) {
  return on_stream(__func__, hStream, [&](Stream& stream) -> Status {
    if (value == nullptr || !stream.set_attribute(attr, *value))
      return invalid("The attribute cannot be set to this value.");
    return {};
  });
}

CUresult cuStreamCopyAttributes(CUstream dst, CUstream src) {
  return on_stream(__func__, dst, [&](Stream& to) -> Status {
    Result<Stream*> from = objects::resolve_stream(to.context(), src, kDefaultStream);
    if (!from) return std::move(from.error());
    CUstreamAttrValue value;
    for (CUstreamAttrID id :
         {CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW, CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY,
          CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP, CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN})
      if ((*from)->attribute(id, &value)) to.set_attribute(id, value);
    return {};
  });
}

// --- Capture: nothing captures yet, which is an answer of its own.

CUresult cuStreamIsCapturing(CUstream hStream, CUstreamCaptureStatus* captureStatus) {
  return answer(__func__, hStream, captureStatus,
                [](Stream&) { return CU_STREAM_CAPTURE_STATUS_NONE; });
}

CUresult cuStreamGetCaptureInfo(CUstream hStream, CUstreamCaptureStatus* captureStatus_out,
                                cuuint64_t* id_out, CUgraph* graph_out,
                                const CUgraphNode** dependencies_out,
                                const CUgraphEdgeData** edgeData_out, size_t* numDependencies_out) {
  return answer(__func__, hStream, captureStatus_out,
                [](Stream&) { return CU_STREAM_CAPTURE_STATUS_NONE; });
}

}  // extern "C"
