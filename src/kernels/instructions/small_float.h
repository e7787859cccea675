#pragma once
// Floating-point formats of 4 to 19 bits that no processor computes in: f16 and bf16 in directed
// roundings, tf32, fp8, fp6, fp4, ue8m0.
//
// One description a format, one encoder and one decoder for all of them, on integers only: exact
// for every input, subnormals included.

#include <llvm/IR/IRBuilder.h>

#include <cstdint>

#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::instructions {

enum class SmallRounding { kNearestEven, kNearestAway, kZero, kDown, kUp, kStochastic };

/// What stochastic rounding adds below the last kept bit: the low `count` bits of an i32 (no others
/// are set), the uppermost just below it.
struct RandomBits {
  llvm::Value* bits = nullptr;
  unsigned count = 0;
};

/// A format with a sign bit, exponent, mantissa.
struct SmallFormat {
  unsigned exponent_bits;
  unsigned mantissa_bits;
  /// Bit pattern (without sign) of the largest finite value, of infinity (0: the format has none),
  /// and of NaN (0: none).
  std::uint32_t largest, infinity, nan;

  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  unsigned bits() const { return 1 + exponent_bits + mantissa_bits; }
};

/// The format of one element of a type: kF16, kBf16, kTf32, kE4m3x2 ...; null if it is none of
/// these.
const SmallFormat* small_format_of(ptx::ScalarType type);

/// Encodes a float; the result is an i32 with the pattern in its low bits. With `finite`, what is
/// too large becomes the largest value and not infinity. A NaN gives the format's NaN, or its
/// largest value where there is none. `random` belongs to kStochastic.
llvm::Value* encode_small(llvm::IRBuilder<>& ir, llvm::Value* value, const SmallFormat& format,
                          SmallRounding rounding, bool finite, const RandomBits& random = {});

/// The float that the low bits of an i32 mean.
llvm::Value* decode_small(llvm::IRBuilder<>& ir, llvm::Value* bits, const SmallFormat& format);

/// ue8m0, the power-of-two scale: exponent only, no sign. Rounds to zero or up; a NaN gives 0xff.
llvm::Value* encode_ue8m0(llvm::IRBuilder<>& ir, llvm::Value* value, bool up, bool finite);
/// As a float.
llvm::Value* decode_ue8m0(llvm::IRBuilder<>& ir, llvm::Value* bits);

}  // namespace cuda_shim::kernels::instructions
