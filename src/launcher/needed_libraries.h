#pragma once
// Which libraries an executable would get, and from where: asked of the dynamic linker itself, with
// the environment that `run` would set.

#include <string>
#include <utility>
#include <vector>

#include "cuda_shim/status.h"

namespace cuda_shim::launcher {

struct NeededLibrary {
  std::string name;
  std::string path;  ///< empty: not found
};

/// All libraries that the executable needs, directly or through others. The program itself is not
/// run. kOperatingSystem: the dynamic linker could not be asked, or refused the file.
Result<std::vector<NeededLibrary>> list_needed_libraries(
    const std::string& executable,
    const std::vector<std::pair<std::string, std::string>>& environment);

/// Reads the dynamic linker's listing: lines "name => path (address)" or "name => not found".
std::vector<NeededLibrary> parse_listing(std::string_view listing);

}  // namespace cuda_shim::launcher
