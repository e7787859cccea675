#pragma once
// Opens what applications hand to the loader: a fatbin, nvcc's wrapper around one, an ELF (cubin or
// host-style), or PTX text.
//
// The pointer often comes without a size (cuModuleLoadData): then headers say how much there is and
// everything within them is checked against that; with a size, nothing beyond it is read.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cuda_shim/status.h"
#include "kernels/program.h"

namespace cuda_shim::kernels::image {

struct ImageOptions {
  unsigned compute_major = 8, compute_minor = 9;  ///< of the device: PTX above it is not chosen
  std::string_view name;  ///< for messages: file or library that it came from; may be empty
};

/// Opens an image of any of the kinds above and links the PTX it holds. Errors: kNoBinaryForGpu
/// "only machine code for sm_NN; rebuild with PTX", kInvalidImage for anything corrupt or
/// truncated, kInvalidPtx for bad PTX declarations.
Result<std::shared_ptr<const Program>> open(const void* image, std::optional<std::size_t> size,
                                            const ImageOptions& options);

}  // namespace cuda_shim::kernels::image
