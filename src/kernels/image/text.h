#pragma once
// Tells PTX text from garbage before the parser sees it.

#include <string_view>

namespace cuda_shim::kernels::image {

/// Whether the first thing after spaces and comments is a directive, as PTX must begin with
/// `.version`.
bool looks_like_ptx(std::string_view text);

}  // namespace cuda_shim::kernels::image
