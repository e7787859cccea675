#pragma once
// The devices that programs would see, asked of our libcuda.so.1 as any program would ask.

#include <string>
#include <vector>

#include "cuda_shim/status.h"

namespace cuda_shim::launcher {

struct Device {
  std::string name;
  int compute_major = 0, compute_minor = 0;
  int multiprocessors = 0;
  std::size_t memory = 0;  ///< bytes
};

struct Driver {
  int version = 0;  ///< of the driver API, 1000 * major + 10 * minor
  std::vector<Device> devices;
};

/// kSharedObjectInitFailed: the library is missing or does not open; kNoDevice and others: what the
/// driver answered.
Result<Driver> ask_driver(const std::string& library);

}  // namespace cuda_shim::launcher
