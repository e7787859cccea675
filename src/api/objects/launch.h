#pragma once
// Launching a kernel: checks against the limits of device and kernel, packs the parameters into one
// block and hands both to the stream. The warm path takes no heap allocation, no string and no lock
// of this layer.

#include <cstdint>

#include "api/objects/function.h"
#include "api/objects/stream.h"
#include "cuda_shim/launch_config.h"
#include "cuda_shim/status.h"

namespace cuda_shim::objects {

struct LaunchShape {
  cuda_shim_dim3 grid = {1, 1, 1};
  cuda_shim_dim3 block = {1, 1, 1};
  std::uint32_t dynamic_shared = 0;
  bool cooperative = false;
};

/// `parameters` points to one pointer for each kernel parameter; `extra` is the list of
/// CU_LAUNCH_PARAM_* instead. One of them may be null.
Status launch(Function& function, Stream& stream, const LaunchShape& shape, void** parameters,
              void** extra);

}  // namespace cuda_shim::objects
