#pragma once
// D = A * B + C, whatever the instruction: mma, mma.sp and wmma.mma describe what they want and
// share one code generator.
//
// Arithmetic. The manual leaves the order of a sum and its roundings open for all floating-point
// types but f64. Here products are exact and added to the accumulator in f32, by fma, in the order
// of increasing k, starting with C; an f16 accumulator is rounded once, at the end. With block
// scales each scaled product is exact in f64 and rounded into the f32 sum. A NaN result is the
// canonical one. f64 is fma in the same order, in the instruction's rounding. Integer sums wrap, or
// with .satfinite are exact and clamped at the end.

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/matrix_element.h"
#include "kernels/instructions/matrix_layout.h"

namespace cuda_shim::kernels::instructions {

enum class BitOperation { kNone, kXor, kAnd };

struct MatrixProduct {
  Fragment a, b, c, d;  ///< a: as stored, with half its columns if A is sparse
  MatrixElement a_element, b_element;
  ptx::ScalarType c_type = ptx::ScalarType::kF32, d_type = ptx::ScalarType::kF32;
  Rounding rounding = Rounding::kNearestEven;
  BitOperation bit_operation = BitOperation::kNone;
  bool saturate = false;
  bool sparse = false;
  /// Parts of k with a scale of their own; 0: not scaled.
  unsigned scales = 0;
  bool scales_are_ue4m3 = false;  ///< else ue8m0
  /// Registers of a and b as written; 0: as many as the fragment needs. wmma has f16 fragments
  /// with registers to spare.
  unsigned a_registers = 0, b_registers = 0;

  /// Elements of a column of B; single bits count in words.
  unsigned depth() const { return b.rows; }
};

SumKind sum_kind(const MatrixProduct& product);

/// Lowers the instruction: operands d, a, b, c; for a sparse A metadata and selector; for scales
/// the data and selectors of A, then of B.
Status lower_product(Lowering& lowering, const MatrixProduct& product);

}  // namespace cuda_shim::kernels::instructions
