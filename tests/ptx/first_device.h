#pragma once
// Of programs that have one context all along.

#include <cuda.h>

namespace cuda_shim::tests {

/// Makes a context of the first device, current to this thread, until the process ends.
inline bool open_first_device() {
  CUcontext context = nullptr;
  CUdevice device = 0;
  return cuInit(0) == CUDA_SUCCESS && cuDeviceGet(&device, 0) == CUDA_SUCCESS &&
         cuCtxCreate(&context, nullptr, 0, device) == CUDA_SUCCESS;
}

}  // namespace cuda_shim::tests
