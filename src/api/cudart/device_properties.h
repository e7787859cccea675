#pragma once
// cudaDeviceProp as each ABI lays it out. The three structures are made from one list of fields.

#include <driver_types.h>

#include <cstddef>

namespace cuda_shim::cudart {

#define CUDA_SHIM_PROPERTY(layouts, type, name, attribute) CUDA_SHIM_IN_##layouts(type name;)
#define CUDA_SHIM_PROPERTY_LIST(layouts, type, name, count, attribute) \
  CUDA_SHIM_IN_##layouts(type name[count];)
#define CUDA_SHIM_PROPERTY_OTHER(layouts, type, name, extent) \
  CUDA_SHIM_IN_##layouts(type name extent;)

#define CUDA_SHIM_IN_All(field) field

#define CUDA_SHIM_IN_Until12(field) field
#define CUDA_SHIM_IN_Since12(field)
#define CUDA_SHIM_IN_Only12(field)
#define CUDA_SHIM_IN_Since13(field)
/// CUDA 11, and cudaGetDeviceProperties without suffix in CUDA 12.
struct DeviceProperties11 {
#include "api/cudart/device_properties.def"
};

#undef CUDA_SHIM_IN_Since12
#undef CUDA_SHIM_IN_Only12
#define CUDA_SHIM_IN_Since12(field) field
#define CUDA_SHIM_IN_Only12(field) field
/// CUDA 12's cudaGetDeviceProperties_v2.
struct DeviceProperties12 {
#include "api/cudart/device_properties.def"
};

#undef CUDA_SHIM_IN_Until12
#undef CUDA_SHIM_IN_Only12
#undef CUDA_SHIM_IN_Since13
#define CUDA_SHIM_IN_Until12(field)
#define CUDA_SHIM_IN_Only12(field)
#define CUDA_SHIM_IN_Since13(field) field
struct DeviceProperties13 {
#include "api/cudart/device_properties.def"
};

#undef CUDA_SHIM_IN_All
#undef CUDA_SHIM_IN_Until12
#undef CUDA_SHIM_IN_Since12
#undef CUDA_SHIM_IN_Only12
#undef CUDA_SHIM_IN_Since13
#undef CUDA_SHIM_PROPERTY
#undef CUDA_SHIM_PROPERTY_LIST
#undef CUDA_SHIM_PROPERTY_OTHER

static_assert(sizeof(DeviceProperties11) == 728);
static_assert(sizeof(DeviceProperties12) == 1032);
static_assert(sizeof(DeviceProperties13) == 1008);

cudaError_t get_properties(DeviceProperties11* properties, int device);
cudaError_t get_properties(DeviceProperties12* properties, int device);
cudaError_t get_properties(DeviceProperties13* properties, int device);

/// cudaChooseDevice: the device with the most of what was asked for, of the fields that are set.
struct WantedDevice {
  int major, minor;
  std::size_t memory;
};
cudaError_t choose_best_device(int* device, const WantedDevice& wanted);

}  // namespace cuda_shim::cudart
