#include "launcher/installation.h"

#include <filesystem>
#include <system_error>

namespace cuda_shim::launcher {

Installation find_installation() {
  namespace fs = std::filesystem;
  std::error_code failed;
  fs::path command = fs::canonical("/proc/self/exe", failed);
  fs::path prefix = failed ? fs::path("..") : command.parent_path().parent_path();
  return {(prefix / "lib").string()};
}

}  // namespace cuda_shim::launcher
