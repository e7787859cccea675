#pragma once
// The options of cuModuleLoadDataEx, cuLibraryLoadData and cuLinkCreate: two parallel arrays of
// numbers and values.
//
// What steers a compiler of NVIDIA's (registers, optimisation level, target) is accepted and has no
// effect on us; the log buffers are filled. An unknown option is refused.

#include <cuda.h>

#include <string_view>

#include "cuda_shim/status.h"

namespace cuda_shim::driver {

/// One log buffer of the caller.
struct JitBuffer {
  char* text = nullptr;
  std::size_t capacity = 0;
  void** filled = nullptr;  ///< the option's value, which takes the number of bytes written

  bool wanted() const { return text != nullptr && capacity != 0; }
  /// Writes as much as fits, with an end.
  void write(std::string_view message) const;
};

struct JitOptions {
  JitBuffer info, errors;
  void** wall_time = nullptr;
};

Result<JitOptions> read_jit_options(unsigned count, const CUjit_option* options, void** values);

}  // namespace cuda_shim::driver
