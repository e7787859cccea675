// The driver is opened at run time: the command must tell what is wrong with an installation even
// where libcuda.so.1 is missing. Its few functions are declared here, because CUDA's headers belong
// to the API layer alone.

#include "launcher/devices.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>

namespace cuda_shim::launcher {
namespace {

// Values of CUdevice_attribute, driver API manual, "Data types used by CUDA driver".
enum Attribute : int { kMultiprocessors = 16, kComputeMajor = 75, kComputeMinor = 76 };

struct DriverFunctions {
  int (*init)(unsigned) = nullptr;
  int (*version)(int*) = nullptr;
  int (*count)(int*) = nullptr;
  int (*name)(char*, int, int) = nullptr;
  int (*attribute)(int*, int, int) = nullptr;
  int (*memory)(std::size_t*, int) = nullptr;
};

template <class Function>
bool find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library, name));
  return function != nullptr;
}

Result<DriverFunctions> open_driver(const std::string& path) {
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return error(StatusCode::kSharedObjectInitFailed, fmt::format("{}.", ::dlerror()));
  DriverFunctions driver;
  bool complete = find(library, "cuInit", driver.init) &&
                  find(library, "cuDriverGetVersion", driver.version) &&
                  find(library, "cuDeviceGetCount", driver.count) &&
                  find(library, "cuDeviceGetName", driver.name) &&
                  find(library, "cuDeviceGetAttribute", driver.attribute) &&
                  find(library, "cuDeviceTotalMem_v2", driver.memory);
  if (!complete)
    return error(StatusCode::kSharedObjectInitFailed,
                 fmt::format("'{}' lacks functions of the driver API.", path));
  return driver;
}

Status check(int result, const char* function) {
  if (result == 0) return {};
  return {StatusCode::kNoDevice, fmt::format("{} answers error {}.", function, result)};
}

Result<Device> describe(const DriverFunctions& driver, int ordinal) {
  Device device;
  std::array<char, 256> name = {};
  Status status = check(driver.name(name.data(), name.size(), ordinal), "cuDeviceGetName");
  if (status.ok())
    status = check(driver.attribute(&device.compute_major, kComputeMajor, ordinal),
                   "cuDeviceGetAttribute");
  if (status.ok())
    status = check(driver.attribute(&device.compute_minor, kComputeMinor, ordinal),
                   "cuDeviceGetAttribute");
  if (status.ok())
    status = check(driver.attribute(&device.multiprocessors, kMultiprocessors, ordinal),
                   "cuDeviceGetAttribute");
  if (status.ok()) status = check(driver.memory(&device.memory, ordinal), "cuDeviceTotalMem");
  if (!status.ok()) return error(std::move(status));
  device.name = name.data();
  return device;
}

}  // namespace

Result<Driver> ask_driver(const std::string& library) {
  auto functions = open_driver(library);
  if (!functions) return error(std::move(functions.error()));
  Driver driver;
  int count = 0;
  Status status = check(functions->init(0), "cuInit");
  if (status.ok()) status = check(functions->version(&driver.version), "cuDriverGetVersion");
  if (status.ok()) status = check(functions->count(&count), "cuDeviceGetCount");
  if (!status.ok()) return error(std::move(status));
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    auto device = describe(*functions, ordinal);
    if (!device) return error(std::move(device.error()));
    driver.devices.push_back(std::move(*device));
  }
  return driver;
}

}  // namespace cuda_shim::launcher
