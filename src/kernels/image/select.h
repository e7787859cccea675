#pragma once
// Chooses among the images of one module.

#include <span>
#include <string>

#include "kernels/image/fatbin.h"

namespace cuda_shim::kernels::image {

/// The PTX that a device of capability `compute` (89) would take: written for exactly this
/// architecture, else the newest not above it, else the oldest above it (translation does not
/// depend on the hardware, so that this is better than nothing). Null without PTX.
const Entry* choose_ptx(std::span<const Entry> entries, unsigned compute);

/// What a module without PTX holds, to complete "only ...": "machine code for sm_75 and sm_90".
std::string describe_without_ptx(std::span<const Entry> entries);

}  // namespace cuda_shim::kernels::image
