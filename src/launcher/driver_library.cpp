#include "launcher/driver_library.h"

#include <fmt/format.h>

namespace cuda_shim::launcher {

Result<DriverLibrary> DriverLibrary::open(const std::string& path) {
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return error(StatusCode::kSharedObjectInitFailed, fmt::format("{}.", ::dlerror()));
  return DriverLibrary(handle, path);
}

Status DriverLibrary::complete() const {
  if (missing_.empty()) return {};
  return {StatusCode::kSharedObjectInitFailed,
          fmt::format("'{}' lacks the function {} of the driver API.", path_, missing_)};
}

Status check_driver(int result, const char* function) {
  if (result == 0) return {};
  return {StatusCode::kNoDevice, fmt::format("{} answers error {}.", function, result)};
}

}  // namespace cuda_shim::launcher
