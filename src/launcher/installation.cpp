#include "launcher/installation.h"

#include <system_error>

namespace cuda_shim::launcher {

namespace fs = std::filesystem;

Installation installation_in(const fs::path& prefix, const fs::path& installed) {
  Installation usual = {(prefix / "lib").string()};
  Installation other = {(prefix / installed).string()};
  std::error_code ignored;
  bool is_other =
      !fs::exists(usual.preload_object(), ignored) && fs::exists(other.preload_object(), ignored);
  return is_other ? other : usual;
}

Installation find_installation() {
  std::error_code failed;
  fs::path command = fs::canonical("/proc/self/exe", failed);
  fs::path prefix = failed ? fs::path("..") : command.parent_path().parent_path();
  return installation_in(prefix, INSTALLED_LIBRARIES);
}

}  // namespace cuda_shim::launcher
