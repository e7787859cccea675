#pragma once
// What the environment says of the kernel cache: CUDA_SHIM_CACHE and its like, and NVIDIA's own
// variables (CUDA C++ Programming Guide, "CUDA Environment Variables").

#include <cstdint>
#include <string>

namespace cuda_shim::kernels::cache {

struct Settings {
  bool disk = true;
  bool verify = false;           ///< translate every hit again and compare
  std::string path;              ///< of the directory; empty: nowhere to put one
  std::string read_only_path;    ///< of a second directory that is only read; may be empty
  std::uint64_t most_bytes = 0;  ///< of the directory
  unsigned idle_threads = 0;  ///< that translate what may be wanted later; 0 where nothing keeps it
};

/// CUDA_SHIM_CACHE: off, verify or a directory. Without a directory there: CUDA_CACHE_PATH, else
/// cuda_shim in XDG_CACHE_HOME, else in .cache of HOME. CUDA_CACHE_DISABLE=1 and
/// CUDA_CACHE_MAXSIZE (bytes; 0 keeps nothing on disk) are obeyed. CUDA_SHIM_DUMP turns the disk
/// off. CUDA_SHIM_BACKGROUND: on, off or a number of threads.
Settings read_settings();

}  // namespace cuda_shim::kernels::cache
