#pragma once
// Elements of matrix fragments: how many bits each takes in a register, and what number they mean.

#include <llvm/IR/IRBuilder.h>

#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::instructions {

struct MatrixElement {
  ptx::ScalarType type = ptx::ScalarType::kB32;
  /// .kind::f8f6f4 and .kind::mxf8f6f4: elements of 4 and 6 bits in a byte each, those of 4 bits in
  /// its middle.
  bool in_byte = false;

  /// Bits of a register that one element takes. Single bits count in words of 32.
  unsigned bits() const;
  unsigned per_register() const;
  /// Registers have 32 bits, those of f64 64.
  unsigned register_words() const;
};

/// How sums are kept: f64 for .f64, f32 for all smaller floating-point types, 32 bits for integers,
/// and 64 for integers that saturate (a sum of 256 products of bytes and a 32-bit number fits).
enum class SumKind { kDouble, kFloat, kWord, kLong };

/// The number that the lowest `bits()` of an integer (of i8, i16, i32 or i64) mean, as a double,
/// float or i32. Single bits stay a word of 32.
llvm::Value* decode_element(llvm::IRBuilder<>& ir, llvm::Value* bits, const MatrixElement& element);

/// The accumulator element as a sum.
llvm::Value* widen_accumulator(llvm::IRBuilder<>& ir, llvm::Value* bits, ptx::ScalarType type,
                               SumKind kind);
/// A sum as the accumulator element of `type`, in its memory form.
llvm::Value* round_sum(llvm::IRBuilder<>& ir, llvm::Value* sum, ptx::ScalarType type, SumKind kind);

}  // namespace cuda_shim::kernels::instructions
