#pragma once
// The environment that a program needs to run on us.

#include <string>
#include <utility>
#include <vector>

#include "cuda_shim/status.h"
#include "launcher/installation.h"

namespace cuda_shim::launcher {

/// Variables to set, in addition to what is there. LD_PRELOAD brings the preload object;
/// LD_LIBRARY_PATH lets the executable find our libcudart and libcuda where the system has none:
/// the dynamic linker looks for those before it looks at what preloaded objects need.
/// kFileNotFound: the preload object is missing. kInvalidValue: its path holds a character that
/// LD_PRELOAD cannot carry.
Result<std::vector<std::pair<std::string, std::string>>> environment_for(
    const Installation& installation);

}  // namespace cuda_shim::launcher
