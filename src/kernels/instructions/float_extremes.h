#pragma once
// min and max of every floating-point type; their rows stand in floating_point.cpp and
// half_precision.cpp.

#include "kernels/instructions/lowering.h"

namespace cuda_shim::kernels::instructions {

Status lower_min_float(Lowering& lowering);
Status lower_max_float(Lowering& lowering);

}  // namespace cuda_shim::kernels::instructions
