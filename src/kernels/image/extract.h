#pragma once
// Finds the PTX in an image: where it is stored (find_ptx), and the text itself (unpack), which a
// program whose kernels are all in the cache never needs.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cuda_shim/status.h"
#include "kernels/image/fatbin.h"
#include "kernels/image/image.h"

namespace cuda_shim::kernels::image {

/// The PTX of one unit as the image stores it.
struct StoredPtx {
  std::string name;  ///< as PtxText's
  Entry entry;       ///< borrows from the image; text is stored as it is
};

/// The PTX of every unit in the image, at least one. A unit without PTX is reported in the log and
/// left out if others have some. Errors as image::open.
Result<std::vector<StoredPtx>> find_ptx(const void* image, std::optional<std::size_t> size,
                                        const ImageOptions& options);

/// The PTX of one unit.
struct PtxText {
  std::string name;  ///< for messages: identifier in the fatbin, else the image's name, else "ptx"
  std::string text;  ///< without a terminating NUL
};

/// Decompresses. kInvalidImage if the data are corrupt.
Result<PtxText> unpack(const StoredPtx& stored);

/// Both.
Result<std::vector<PtxText>> extract_ptx(const void* image, std::optional<std::size_t> size,
                                         const ImageOptions& options);

}  // namespace cuda_shim::kernels::image
