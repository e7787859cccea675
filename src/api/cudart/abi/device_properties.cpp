// cudaGetDeviceProperties in the layout that the application was compiled for.

#include "api/cudart/device_properties.h"

#include "api/cudart/abi/abi.h"

using namespace cuda_shim::cudart;

#if CUDA_SHIM_CUDART_ABI == 13
using Properties = DeviceProperties13;
#else
using Properties = DeviceProperties11;
#endif

CUDART_ENTRY(cudaGetDeviceProperties, (Properties * properties, int device), (properties, device)) {
  return get_properties(properties, device);
}

// cudaChooseDevice has no second version: it is only given fields that lie where they lie in all
// layouts of its major.
CUDART_ENTRY(cudaChooseDevice, (int* device, const Properties* wanted), (device, wanted)) {
  if (device == nullptr || wanted == nullptr) return cudaErrorInvalidValue;
  return choose_best_device(device, {wanted->major, wanted->minor, wanted->totalGlobalMem});
}

#if CUDA_SHIM_CUDART_ABI == 12
CUDART_ENTRY(cudaGetDeviceProperties_v2, (DeviceProperties12 * properties, int device),
             (properties, device)) {
  return get_properties(properties, device);
}
#endif
