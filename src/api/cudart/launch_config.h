#pragma once
// cudaLaunchConfig_t in the driver's terms.

#include <cuda.h>
#include <driver_types.h>

namespace cuda_shim::cudart {

// Launch attributes are the same structure in both APIs.
static_assert(sizeof(cudaLaunchAttribute) == sizeof(CUlaunchAttribute));
static_assert(static_cast<int>(cudaLaunchAttributeCooperative) ==
              static_cast<int>(CU_LAUNCH_ATTRIBUTE_COOPERATIVE));
static_assert(static_cast<int>(cudaLaunchAttributePriority) ==
              static_cast<int>(CU_LAUNCH_ATTRIBUTE_PRIORITY));

/// The caller has checked that the shared memory fits 32 bits.
inline CUlaunchConfig to_driver(const cudaLaunchConfig_t& config, cudaStream_t stream) {
  CUlaunchConfig out = {};
  out.gridDimX = config.gridDim.x;
  out.gridDimY = config.gridDim.y;
  out.gridDimZ = config.gridDim.z;
  out.blockDimX = config.blockDim.x;
  out.blockDimY = config.blockDim.y;
  out.blockDimZ = config.blockDim.z;
  out.sharedMemBytes = static_cast<unsigned>(config.dynamicSmemBytes);
  out.hStream = stream;
  out.attrs = reinterpret_cast<CUlaunchAttribute*>(config.attrs);
  out.numAttrs = config.numAttrs;
  return out;
}

}  // namespace cuda_shim::cudart
