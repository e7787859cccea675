#pragma once
// Conversions of packed small formats; their rows stand with `cvt` in conversion.cpp.

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/small_float.h"

namespace cuda_shim::kernels::instructions {

/// The rounding that a conversion's modifiers name; nearest even if none.
SmallRounding small_rounding(const Lowering& lowering);

/// cvt to f16x2 or bf16x2 of two floats: a goes into the upper half.
Status lower_cvt_pair(Lowering& lowering);
/// cvt to fp8, fp6, fp4 pairs of two floats or an f16x2.
Status lower_cvt_to_small(Lowering& lowering);
/// cvt of an fp8, fp6, fp4 pair to f16x2.
Status lower_cvt_from_small(Lowering& lowering);
/// cvt of an f32 to tf32.
Status lower_cvt_tf32(Lowering& lowering);
/// cvt to and from ue8m0x2.
Status lower_cvt_to_scale(Lowering& lowering);
Status lower_cvt_from_scale(Lowering& lowering);
/// cvt.rs to a pair of f16 or bf16, and to four fp8, fp6 or fp4: stochastic rounding.
Status lower_cvt_pair_stochastic(Lowering& lowering);
Status lower_cvt_quad_stochastic(Lowering& lowering);
/// cvt.pack.
Status lower_cvt_pack(Lowering& lowering);

}  // namespace cuda_shim::kernels::instructions
