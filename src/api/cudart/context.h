#pragma once
// Which device and which driver context a runtime call of this thread works on.
//
// The runtime has no contexts of its own: it uses whatever context the driver API has made current
// on the thread, and where there is none, the primary context of the thread's device, made on first
// use.

#include <cuda.h>
#include <driver_types.h>

namespace cuda_shim::cudart {

/// Initialises the driver on first use.
cudaError_t ensure_driver();
/// Makes sure that the thread has a current context. On every path, so it costs a call of
/// cuCtxGetCurrent and two compares.
cudaError_t ensure_context();

/// The device of the current context, or else the one chosen by cudaSetDevice, or else 0.
cudaError_t current_device(CUdevice* device);
cudaError_t check_device(int device);
/// Chooses the device for this thread and makes its primary context current.
cudaError_t choose_device(int device);
/// The primary context of a device, made if need be. Stays retained until the device is reset.
cudaError_t primary_context(int device, CUcontext* context);
/// Destroys the primary context of the thread's device and all that lives in it.
cudaError_t reset_device();

}  // namespace cuda_shim::cudart
