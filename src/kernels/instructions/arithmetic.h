#pragma once
// What the arithmetic chapters share: lanes of packed types, PTX's rules for subnormals, NaN and
// saturation, narrow floating point computed in a wider type, and shifts that LLVM leaves
// undefined.
//
// Every function emits IR that is defined for all inputs: no poison, no undefined shift, no
// conversion out of range.

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/IR/IRBuilder.h>

#include <cstdint>

#include "kernels/instructions/lowering.h"

namespace cuda_shim::kernels::instructions {

// --- Types
/// What one lane of the type holds: kF16 of kF16x2; a type that is not packed is its own lane.
ptx::ScalarType lane_type(ptx::ScalarType type);
/// 2 for f16x2, bf16x2, u16x2, s16x2, f32x2; else 1.
unsigned lane_count(ptx::ScalarType type);
bool is_signed(ptx::ScalarType type);
bool is_float(ptx::ScalarType type);
/// The unsigned type of the width (8, 16, 32, 64).
ptx::ScalarType unsigned_of_width(unsigned bits);

// --- Constants of another value's type
llvm::Value* integer_like(llvm::Value* value, std::uint64_t constant);
llvm::Value* float_like(llvm::Value* value, double constant);

// --- Lanes
using LaneFunction = llvm::function_ref<llvm::Value*(llvm::ArrayRef<llvm::Value*>)>;
/// Reads operands 1..count as `source`, applies the function lane by lane, and writes operand 0 as
/// `result`. Both types have as many lanes.
Status map_lanes(Lowering& lowering, ptx::ScalarType result, ptx::ScalarType source, unsigned count,
                 LaneFunction function);
/// As above with one type for all.
Status map_lanes(Lowering& lowering, ptx::ScalarType type, unsigned count, LaneFunction function);
/// The lane of a packed value, or the value itself.
llvm::Value* lane(llvm::IRBuilder<>& ir, llvm::Value* value, unsigned index);

// --- Integers
llvm::Value* minimum(llvm::IRBuilder<>& ir, llvm::Value* a, llvm::Value* b, bool is_signed);
llvm::Value* maximum(llvm::IRBuilder<>& ir, llvm::Value* a, llvm::Value* b, bool is_signed);
/// Shifts by any amount (of the value's type, unsigned): `width` and more shift everything out.
llvm::Value* shift_left(llvm::IRBuilder<>& ir, llvm::Value* value, llvm::Value* amount);
llvm::Value* shift_right(llvm::IRBuilder<>& ir, llvm::Value* value, llvm::Value* amount,
                         bool is_signed);
/// The lowest `count` bits set (count of the result's type; the width and more: all).
llvm::Value* low_mask(llvm::IRBuilder<>& ir, llvm::Value* count);

// --- Floating point
/// Bit pattern as an integer.
llvm::Value* float_bits(llvm::IRBuilder<>& ir, llvm::Value* value);
/// Subnormals become zero of the same sign (.ftz).
llvm::Value* flush_subnormals(llvm::IRBuilder<>& ir, llvm::Value* value);
/// Into [+0, 1]; NaN becomes +0 (.sat).
llvm::Value* saturate(llvm::IRBuilder<>& ir, llvm::Value* value);
/// Negative values become +0; NaN stays (.relu).
llvm::Value* rectify(llvm::IRBuilder<>& ir, llvm::Value* value);
/// The NaN that arithmetic gives: 0x7fffffff, 0x7fff; f64 keeps its payload. Chosen among integers,
/// `select(isnan x, NaN, bits of x)`: LLVM holds all NaN floats for equal and would drop a choice
/// between floats. A pass can recognise it where nobody looks at the bits.
llvm::Value* canonical_nan(llvm::IRBuilder<>& ir, llvm::Value* value);
/// half and bfloat to float, exactly; others stay.
llvm::Value* widen(llvm::IRBuilder<>& ir, llvm::Value* value);
/// float to `type` (f16, bf16), to nearest even; f32 and f64 stay.
llvm::Value* narrow(llvm::IRBuilder<>& ir, llvm::Value* value, ptx::ScalarType type);
/// double to float, rounded to odd: a later rounding to at most 22 bits gives what rounding once
/// would have given.
llvm::Value* round_to_odd(llvm::IRBuilder<>& ir, llvm::Value* value);

enum class RoundedOp : unsigned { kAdd, kMul, kFma, kDiv, kSqrt };
/// f32 or f64 arithmetic, correctly rounded: plain IR for nearest even, else a device operation.
llvm::Value* rounded(Lowering& lowering, RoundedOp op, Rounding rounding,
                     llvm::ArrayRef<llvm::Value*> operands);

/// a * b + c of f16 or bf16 values with one rounding; the result is of `type`.
llvm::Value* narrow_fma(llvm::IRBuilder<>& ir, llvm::Value* a, llvm::Value* b, llvm::Value* c,
                        ptx::ScalarType type);

/// Around an operation of the lane type: flushes operands before, and cleans the result up after as
/// the modifiers .ftz .sat .relu say.
class FloatRules {
 public:
  explicit FloatRules(const Lowering& lowering);
  llvm::Value* before(llvm::IRBuilder<>& ir, llvm::Value* value) const;
  llvm::Value* after(llvm::IRBuilder<>& ir, llvm::Value* value) const;

 private:
  bool ftz_, sat_, relu_;
};

}  // namespace cuda_shim::kernels::instructions
