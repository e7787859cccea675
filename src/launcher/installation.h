#pragma once
// Where the parts of cuda_shim lie: the command in bin, the libraries in lib beside it or, where
// the distribution installs libraries elsewhere (lib64, lib/x86_64-linux-gnu), in that folder.

#include <filesystem>
#include <string>

namespace cuda_shim::launcher {

struct Installation {
  std::string library_folder;
  std::string preload_object() const { return library_folder + "/libcuda_shim.so"; }
  std::string compiler_library() const { return library_folder + "/libcuda_shim_compiler.so"; }
};

/// The installation with its command in `prefix`/bin; `installed` is where the build installs
/// libraries, relative to the prefix.
Installation installation_in(const std::filesystem::path& prefix,
                             const std::filesystem::path& installed);

/// The installation that this command belongs to.
Installation find_installation();

}  // namespace cuda_shim::launcher
