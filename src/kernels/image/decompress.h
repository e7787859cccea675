#pragma once
// Decompresses the payload of a fatbin's entry.

#include <string>

#include "cuda_shim/status.h"
#include "kernels/image/fatbin.h"

namespace cuda_shim::kernels::image {

/// The payload as it was before compression; a copy if it was not compressed. kInvalidImage if the
/// data are corrupt, do not give exactly the size that the entry states, or state more than any
/// module has (1 GiB).
Result<std::string> decompress(const Entry& entry);

}  // namespace cuda_shim::kernels::image
