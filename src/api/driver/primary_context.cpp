// Primary context management.
#include "api/driver/context_flags.h"
#include "api/driver/entry.h"

extern "C" {

using namespace cuda_shim;
using namespace cuda_shim::driver;

CUresult cuDevicePrimaryCtxRetain(CUcontext* pctx, CUdevice dev) {
  return on_device(__func__, dev, [&](objects::Device& device) -> Status {
    if (pctx == nullptr) return null_argument();
    Status status = device.primary().retain();
    if (status) *pctx = device.primary().handle();
    return status;
  });
}

CUresult cuDevicePrimaryCtxRelease(CUdevice dev) {
  return on_device(__func__, dev, [&](objects::Device& device) -> Status {
    return objects::in_host_function() ? objects::not_permitted() : device.primary().release();
  });
}

CUresult cuDevicePrimaryCtxSetFlags(CUdevice dev, unsigned int flags) {
  return on_device(__func__, dev, [&](objects::Device& device) -> Status {
    if (Status status = check_context_flags(flags); !status) return status;
    device.primary().set_flags(flags);
    return {};
  });
}

CUresult cuDevicePrimaryCtxGetState(CUdevice dev, unsigned int* flags, int* active) {
  return on_device(__func__, dev, [&](objects::Device& device) -> Status {
    if (flags == nullptr || active == nullptr) return null_argument();
    *flags = device.primary().flags();
    *active = device.primary().active();
    return {};
  });
}

CUresult cuDevicePrimaryCtxReset(CUdevice dev) {
  return on_device(__func__, dev, [&](objects::Device& device) -> Status {
    if (objects::in_host_function()) return objects::not_permitted();
    device.primary().reset();
    return {};
  });
}

}  // extern "C"
