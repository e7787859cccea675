// Fills device properties from the driver's attributes, field by field of the list, in whichever
// layout has the field.

#include "api/cudart/device_properties.h"

#include <cstring>
#include <tuple>

#include "api/cudart/entry.h"

namespace cuda_shim::cudart {
namespace {

/// An attribute's value; zero where the driver does not know it, as in a structure that was
/// cleared.
int attribute_of(CUdevice device, int attribute) {
  int value = 0;
  if (cuDeviceGetAttribute(&value, static_cast<CUdevice_attribute>(attribute), device) !=
      CUDA_SUCCESS)
    return 0;
  return value;
}

template <class Properties>
void fill_attributes(Properties& out, CUdevice device) {
#define CUDA_SHIM_PROPERTY(layouts, type, name, attribute) \
  if constexpr (requires { out.name; })                    \
    out.name = static_cast<type>(attribute_of(device, CU_DEVICE_ATTRIBUTE_##attribute));
#define CUDA_SHIM_PROPERTY_LIST(layouts, type, name, count, attribute) \
  for (int at = 0; at < count; ++at)                                   \
    out.name[at] = attribute_of(device, CU_DEVICE_ATTRIBUTE_##attribute + at);
#define CUDA_SHIM_PROPERTY_OTHER(layouts, type, name, extent)
#include "api/cudart/device_properties.def"
#undef CUDA_SHIM_PROPERTY
#undef CUDA_SHIM_PROPERTY_LIST
#undef CUDA_SHIM_PROPERTY_OTHER
}

template <class Properties>
cudaError_t fill(Properties* out, int device) {
  if (out == nullptr) return cudaErrorInvalidValue;
  CUDART_TRY(check_device(device));
  std::memset(out, 0, sizeof *out);
  fill_attributes(*out, device);
  CUDART_TRY(to_runtime(cuDeviceGetName(out->name, sizeof out->name, device)));
  CUDART_TRY(to_runtime(cuDeviceTotalMem(&out->totalGlobalMem, device)));
  CUDART_TRY(to_runtime(cuDeviceGetUuid(&out->uuid, device)));
  // Identifiers of Windows; there is none elsewhere and the fields stay zero.
  if (cuDeviceGetLuid(out->luid, &out->luidDeviceNodeMask, device) != CUDA_SUCCESS)
    std::memset(out->luid, 0, sizeof out->luid);
  return cudaSuccess;
}

/// How well a device serves: first that it has enough, then how close its capability is.
std::tuple<bool, bool, int> score(const DeviceProperties13& has, const WantedDevice& wanted) {
  bool capable = std::tie(has.major, has.minor) >= std::tie(wanted.major, wanted.minor);
  return {capable, has.totalGlobalMem >= wanted.memory, has.multiProcessorCount};
}

}  // namespace

cudaError_t get_properties(DeviceProperties11* out, int device) {
  return fill(out, device);
}
cudaError_t get_properties(DeviceProperties12* out, int device) {
  return fill(out, device);
}
cudaError_t get_properties(DeviceProperties13* out, int device) {
  return fill(out, device);
}

cudaError_t choose_best_device(int* device, const WantedDevice& wanted) {
  int count = 0;
  CUDART_TRY(in_driver(cuDeviceGetCount, &count));
  if (count == 0) return cudaErrorNoDevice;
  *device = 0;
  std::tuple<bool, bool, int> best;
  for (int candidate = 0; candidate < count; ++candidate) {
    DeviceProperties13 properties;
    CUDART_TRY(get_properties(&properties, candidate));
    auto reached = score(properties, wanted);
    if (candidate == 0 || reached > best) {
      best = reached;
      *device = candidate;
    }
  }
  return cudaSuccess;
}

}  // namespace cuda_shim::cudart
