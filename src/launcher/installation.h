#pragma once
// Where the parts of cuda_shim lie: the libraries are in ../lib beside the folder of the command,
// in the build tree and installed alike.

#include <string>

namespace cuda_shim::launcher {

struct Installation {
  std::string library_folder;
  std::string preload_object() const { return library_folder + "/libcuda_shim.so"; }
  std::string compiler_library() const { return library_folder + "/libcuda_shim_compiler.so"; }
};

/// The installation that this command belongs to.
Installation find_installation();

}  // namespace cuda_shim::launcher
