#pragma once
// Checks that the calls on managed memory share.

#include <cuda.h>

#include "cuda_shim/status.h"

namespace cuda_shim::driver {

/// kInvalidValue if the range is not inside managed memory (or host memory, where devices can use
/// any of it).
Status check_managed_range(CUdeviceptr address, std::size_t bytes);
/// kInvalidDevice for a location that does not exist.
Status check_location(const CUmemLocation& location);
/// Remembers for cuMemRangeGetAttribute where a range was prefetched to.
void note_prefetch(CUdeviceptr address, std::size_t bytes, const CUmemLocation& location);

}  // namespace cuda_shim::driver
