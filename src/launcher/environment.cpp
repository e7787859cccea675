#include "launcher/environment.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

namespace cuda_shim::launcher {
namespace {

// `first` before the variable's value, unless it is there already (a program run by a program run
// by us).
std::string put_first(const std::string& first, const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return first;
  std::string rest(value);
  if (rest == first || rest.starts_with(first + ":")) return rest;
  return first + ":" + rest;
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> environment_for(
    const Installation& installation) {
  std::string preload = installation.preload_object();
  if (::access(preload.c_str(), R_OK) != 0)
    return error(StatusCode::kFileNotFound,
                 fmt::format("'{}' is missing; this installation is not complete.", preload));
  if (preload.find_first_of(": \t\n") != std::string::npos)
    return error(
        StatusCode::kInvalidValue,
        fmt::format(
            "The path '{}' holds a space or a colon, which LD_PRELOAD takes for a separator; "
            "install cuda_shim elsewhere.",
            preload));
  return std::vector<std::pair<std::string, std::string>>{
      {"LD_PRELOAD", put_first(preload, "LD_PRELOAD")},
      {"LD_LIBRARY_PATH", put_first(installation.library_folder, "LD_LIBRARY_PATH")}};
}

}  // namespace cuda_shim::launcher
