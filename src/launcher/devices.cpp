#include "launcher/devices.h"

#include <array>

#include "launcher/driver_library.h"

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

Result<DriverFunctions> open_driver(const std::string& path) {
  Result<DriverLibrary> library = DriverLibrary::open(path);
  if (!library) return error(std::move(library.error()));
  DriverFunctions driver;
  library->find("cuInit", driver.init)
      .find("cuDriverGetVersion", driver.version)
      .find("cuDeviceGetCount", driver.count)
      .find("cuDeviceGetName", driver.name)
      .find("cuDeviceGetAttribute", driver.attribute)
      .find("cuDeviceTotalMem_v2", driver.memory);
  if (Status status = library->complete(); !status) return error(std::move(status));
  return driver;
}

Result<Device> describe(const DriverFunctions& driver, int ordinal) {
  Device device;
  std::array<char, 256> name = {};
  Status status = check_driver(driver.name(name.data(), name.size(), ordinal), "cuDeviceGetName");
  if (status.ok())
    status = check_driver(driver.attribute(&device.compute_major, kComputeMajor, ordinal),
                          "cuDeviceGetAttribute");
  if (status.ok())
    status = check_driver(driver.attribute(&device.compute_minor, kComputeMinor, ordinal),
                          "cuDeviceGetAttribute");
  if (status.ok())
    status = check_driver(driver.attribute(&device.multiprocessors, kMultiprocessors, ordinal),
                          "cuDeviceGetAttribute");
  if (status.ok())
    status = check_driver(driver.memory(&device.memory, ordinal), "cuDeviceTotalMem");
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
  Status status = check_driver(functions->init(0), "cuInit");
  if (status.ok()) status = check_driver(functions->version(&driver.version), "cuDriverGetVersion");
  if (status.ok()) status = check_driver(functions->count(&count), "cuDeviceGetCount");
  if (!status.ok()) return error(std::move(status));
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    auto device = describe(*functions, ordinal);
    if (!device) return error(std::move(device.error()));
    driver.devices.push_back(std::move(*device));
  }
  return driver;
}

}  // namespace cuda_shim::launcher
