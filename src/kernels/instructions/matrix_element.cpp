// Reading and writing of matrix elements.

#include "kernels/instructions/matrix_element.h"

#include <llvm/IR/Constants.h>

#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/small_float.h"

namespace cuda_shim::kernels::instructions {

using llvm::Value;
using ptx::ScalarType;

namespace {

llvm::Type* like(Value* value, llvm::Type* element) {
  return value->getType()->getWithNewType(element);
}

constexpr unsigned kWordBits = 32;
/// tf32 is the upper part of a float; hardware does not look at the rest.
constexpr std::uint32_t kTf32Mask = 0xffffe000;

/// The lowest bits as an i32 of the sign that the type has.
Value* extend(llvm::IRBuilder<>& ir, Value* bits, ScalarType type) {
  const unsigned unused = kWordBits - ptx::bits_of(type);
  Value* shifted = ir.CreateShl(ir.CreateZExtOrTrunc(bits, like(bits, ir.getInt32Ty())), unused);
  return is_signed(type) ? ir.CreateAShr(shifted, unused) : ir.CreateLShr(shifted, unused);
}

Value* decode_narrow_float(llvm::IRBuilder<>& ir, Value* bits, const MatrixElement& element) {
  Value* pattern = ir.CreateZExtOrTrunc(bits, like(bits, ir.getInt32Ty()));
  const bool shifted = element.in_byte && element.type == ScalarType::kE2m1;
  if (shifted) pattern = ir.CreateLShr(pattern, 2);
  const SmallFormat& format = *small_format_of(element.type);
  return decode_small(ir, ir.CreateAnd(pattern, (1u << format.bits()) - 1), format);
}

}  // namespace

unsigned MatrixElement::bits() const {
  if (type == ScalarType::kB1) return kWordBits;
  if (type == ScalarType::kTf32) return kWordBits;
  return in_byte ? 8 : ptx::bits_of(type);
}

unsigned MatrixElement::register_words() const {
  return type == ScalarType::kF64 ? 2 : 1;
}

unsigned MatrixElement::per_register() const {
  return register_words() * kWordBits / bits();
}

Value* decode_element(llvm::IRBuilder<>& ir, Value* bits, const MatrixElement& element) {
  switch (element.type) {
    case ScalarType::kF16:
      return widen(ir, ir.CreateBitCast(bits, like(bits, ir.getHalfTy())));
    case ScalarType::kBf16:
      return widen(ir, ir.CreateBitCast(bits, like(bits, ir.getBFloatTy())));
    case ScalarType::kTf32:
      return ir.CreateBitCast(ir.CreateAnd(bits, kTf32Mask), like(bits, ir.getFloatTy()));
    case ScalarType::kF64:
      return ir.CreateBitCast(bits, like(bits, ir.getDoubleTy()));
    case ScalarType::kB1:
      return bits;
    default:
      return is_float(element.type) ? decode_narrow_float(ir, bits, element)
                                    : extend(ir, bits, element.type);
  }
}

Value* widen_accumulator(llvm::IRBuilder<>& ir, Value* bits, ScalarType type, SumKind kind) {
  switch (kind) {
    case SumKind::kDouble:
      return ir.CreateBitCast(bits, like(bits, ir.getDoubleTy()));
    case SumKind::kFloat:
      if (type == ScalarType::kF16)
        return widen(ir, ir.CreateBitCast(bits, like(bits, ir.getHalfTy())));
      return ir.CreateBitCast(bits, like(bits, ir.getFloatTy()));
    case SumKind::kWord:
      return bits;
    case SumKind::kLong:
      return ir.CreateSExt(bits, like(bits, ir.getInt64Ty()));
  }
  return bits;
}

Value* round_sum(llvm::IRBuilder<>& ir, Value* sum, ScalarType type, SumKind kind) {
  switch (kind) {
    case SumKind::kDouble:
    case SumKind::kWord:
      return sum;
    case SumKind::kFloat:
      return canonical_nan(ir, narrow(ir, sum, type));
    case SumKind::kLong: {
      Value* most = integer_like(sum, INT32_MAX);
      Value* least = integer_like(sum, static_cast<std::uint64_t>(std::int64_t{INT32_MIN}));
      Value* clamped = minimum(ir, maximum(ir, sum, least, true), most, true);
      return ir.CreateTrunc(clamped, like(clamped, ir.getInt32Ty()));
    }
  }
  return sum;
}

}  // namespace cuda_shim::kernels::instructions
