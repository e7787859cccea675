#pragma once
// Resource views: an array seen in another format, and parts of its levels and layers.

#include <cuda.h>

#include "cuda_shim/status.h"
#include "cuda_shim/texture.h"

namespace cuda_shim::objects {

/// Changes the descriptor of the whole array to that of the view. kInvalidValue for a view that the
/// resource does not have, kNotSupported.
Status apply_view(const CUDA_RESOURCE_DESC& resource, const CUDA_RESOURCE_VIEW_DESC& view,
                  cuda_shim_texture& texture);

}  // namespace cuda_shim::objects
