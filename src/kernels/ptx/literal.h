#pragma once
// Number literals: integers in four bases, floats as bits (0f..., 0d...) or decimal.

#include "kernels/ptx/cursor.h"

namespace cuda_shim::kernels::ptx {

struct Literal {
  Immediate value;
  bool is_unsigned = false;  ///< suffix U, or beyond the signed range
};

/// Reads the literal at the cursor, where a digit or a point must be.
Literal parse_literal(Cursor& cursor);

}  // namespace cuda_shim::kernels::ptx
