#pragma once
// Which of NVIDIA's runtimes an object holds: cudart linked in statically (with or without its
// symbols), or the shared cudart or driver itself.

#include <vector>

#include "loader/elf_file.h"
#include "loader/runtime_library.h"

namespace cuda_shim::loader {

enum class Holding {
  kNothing,
  kStaticCudart,    ///< `library` and `functions` say which and where
  kStrippedCudart,  ///< NVIDIA's cudart is linked in, but the names of its functions are gone
  kUnknownCudart,   ///< linked in, of a version before 11
  kSharedLibrary,   ///< the object is a libcudart or libcuda itself
};

struct HeldRuntime {
  Holding holding = Holding::kNothing;
  RuntimeLibrary library = RuntimeLibrary::kCudart13;
  /// Every function of the object: the candidates, and their neighbours, which tell how much room
  /// each has.
  std::vector<ElfFunction> functions;
};

HeldRuntime find_held_runtime(const ElfFile& file);

/// Whether nvcc or clang put kernels into the object.
bool has_device_code(const ElfFile& file);

}  // namespace cuda_shim::loader
