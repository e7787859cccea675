#pragma once
// Finds the PTX in an image. image::open hands it on to Program::from_ptx.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cuda_shim/status.h"
#include "kernels/image/image.h"

namespace cuda_shim::kernels::image {

/// The PTX of one unit.
struct PtxText {
  std::string name;  ///< for messages: identifier in the fatbin, else the image's name, else "ptx"
  std::string text;  ///< without a terminating NUL
};

/// The PTX of every unit in the image, at least one. A unit without PTX is reported in the log and
/// left out if others have some. Errors as image::open.
Result<std::vector<PtxText>> extract_ptx(const void* image, std::optional<std::size_t> size,
                                         const ImageOptions& options);

}  // namespace cuda_shim::kernels::image
