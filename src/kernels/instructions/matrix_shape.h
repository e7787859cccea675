#pragma once
// Shape and layouts that the modifiers of a matrix instruction name.

#include "kernels/instructions/lowering.h"

namespace cuda_shim::kernels::instructions {

/// .m16n8k32 and the like.
struct MatrixShape {
  unsigned m = 0, n = 0, k = 0;
};

/// The shape among the modifiers; the row guarantees that there is one.
MatrixShape matrix_shape(const Lowering& lowering);

/// Whether the n-th of the modifiers .row and .col, from 0, is .row.
bool is_row_major(const Lowering& lowering, unsigned n);

}  // namespace cuda_shim::kernels::instructions
