#pragma once
// What every entry point does around its work: is the driver initialised, is there a context and is
// it sound, Status to CUresult, no exception out. An entry passes its name (__func__) for the log.

#include <cuda.h>

#include <new>
#include <utility>

#include "api/objects/context.h"
#include "api/objects/device.h"
#include "api/objects/handle.h"
#include "cuda_shim/status.h"

namespace cuda_shim::driver {

using objects::Context;
using objects::find;
using objects::Stream;

/// The CUresult of a failure, whose message goes to the log at debug level.
CUresult failed(const char* name, const Status& status);
CUresult failed_by_exception(const char* name, bool out_of_memory);

Status not_initialized();
inline Status invalid(std::string message) {
  return Status(StatusCode::kInvalidValue, std::move(message));
}
inline Status null_argument() {
  return invalid("An argument that must not be null is null.");
}
inline Status invalid_handle(const char* kind) {
  return Status(StatusCode::kInvalidHandle,
                std::string("The handle is not that of a live ") + kind + ".");
}
inline Status not_supported(std::string message) {
  return Status(StatusCode::kNotSupported, std::move(message));
}

/// Runs work() -> Status.
template <class Work>
CUresult always(const char* name, Work&& work) noexcept {
  try {
    Status status = work();
    if (status) [[likely]]
      return CUDA_SUCCESS;
    return failed(name, status);
  } catch (const std::bad_alloc&) {
    return failed_by_exception(name, true);
  } catch (...) {
    return failed_by_exception(name, false);
  }
}

/// Runs work() once the driver is initialised.
template <class Work>
CUresult in_process(const char* name, Work&& work) noexcept {
  return always(name, [&]() -> Status {
    if (!objects::initialized()) [[unlikely]]
      return not_initialized();
    return work();
  });
}

/// As in_process, for calls that may wait although they need no current context: not in a host
/// function of a stream.
template <class Work>
CUresult outside_streams(const char* name, Work&& work) noexcept {
  return in_process(name, [&]() -> Status {
    return objects::in_host_function() ? objects::not_permitted() : work();
  });
}

/// Runs work(Device&).
template <class Work>
CUresult on_device(const char* name, CUdevice ordinal, Work&& work) noexcept {
  return in_process(name, [&]() -> Status {
    objects::Device* device = objects::find_device(ordinal);
    if (device == nullptr)
      return Status(StatusCode::kInvalidDevice,
                    "There is no device of ordinal " + std::to_string(ordinal) + ".");
    return work(*device);
  });
}

/// Runs work(Context&) in the current context, even if a kernel of it has faulted.
template <class Work>
CUresult in_any_context(const char* name, Work&& work) noexcept {
  return in_process(name, [&]() -> Status {
    Result<Context*> context = objects::current_context();
    if (!context) [[unlikely]]
      return std::move(context.error());
    return work(**context);
  });
}

/// Runs work(Context&) in the current context; after a fault every call answers the fault.
template <class Work>
CUresult in_context(const char* name, Work&& work) noexcept {
  return in_any_context(name, [&](Context& context) -> Status {
    if (Status status = context.check(); !status) [[unlikely]]
      return status;
    return work(context);
  });
}

/// Runs work(Stream&) on the stream that the handle means.
template <class Work>
CUresult with_stream(const char* name, CUstream handle, objects::DefaultStream fallback,
                     Work&& work) noexcept {
  return in_any_context(name, [&](Context& context) -> Status {
    Result<Stream*> stream = objects::resolve_stream(context, handle, fallback);
    if (!stream) [[unlikely]]
      return std::move(stream.error());
    if (Status status = (*stream)->context().check(); !status) [[unlikely]]
      return status;
    return work(**stream);
  });
}

/// Writes the value of a Result, or passes its error on.
template <class T, class Out>
Status store(Result<T>&& result, Out* out) {
  if (!result) return std::move(result.error());
  *out = static_cast<Out>(*result);
  return {};
}

}  // namespace cuda_shim::driver
