// cuDeviceGetAttribute from the one table of attributes.
#include <fmt/format.h>

#include "api/objects/device.h"

namespace cuda_shim::objects {
namespace {

using Reader = int (*)(const Device& device);

struct Row {
  CUdevice_attribute attribute;
  Reader read;
};

constexpr Row kRows[] = {
#define CUDA_SHIM_ATTRIBUTE(name, value)                                                \
  {CU_DEVICE_ATTRIBUTE_##name, [](const Device& device) -> int {                        \
     [[maybe_unused]] const cuda_shim_device_properties& p = device.properties();       \
     [[maybe_unused]] int shared_memory = device.has(CUDA_SHIM_CAP_SHARED_HOST_MEMORY); \
     [[maybe_unused]] int cooperative = device.has(CUDA_SHIM_CAP_COOPERATIVE);          \
     return static_cast<int>(value);                                                    \
   }},
#include "api/objects/device_attributes.def"
#undef CUDA_SHIM_ATTRIBUTE
};

// The rows are in the order of their numbers without a gap, so that the number is the index.
constexpr bool in_order() {
  for (unsigned i = 0; i < std::size(kRows); ++i)
    if (static_cast<unsigned>(kRows[i].attribute) != i + 1) return false;
  return true;
}
static_assert(in_order());
static_assert(std::size(kRows) + 1 == CU_DEVICE_ATTRIBUTE_MAX);

}  // namespace

Result<int> device_attribute(const Device& device, CUdevice_attribute attribute) {
  unsigned index = static_cast<unsigned>(attribute) - 1;
  if (index >= std::size(kRows))
    return error(
        StatusCode::kInvalidValue,
        fmt::format("{} is not the number of a device attribute.", static_cast<int>(attribute)));
  return kRows[index].read(device);
}

}  // namespace cuda_shim::objects
