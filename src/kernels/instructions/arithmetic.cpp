// IR that the arithmetic chapters share; see the header.

#include "kernels/instructions/arithmetic.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/Intrinsics.h>

#include <array>

namespace cuda_shim::kernels::instructions {

using llvm::Value;
using ptx::ScalarType;

// --- Types

ScalarType lane_type(ScalarType type) {
  switch (type) {
    case ScalarType::kF16x2:
      return ScalarType::kF16;
    case ScalarType::kBf16x2:
      return ScalarType::kBf16;
    case ScalarType::kU16x2:
      return ScalarType::kU16;
    case ScalarType::kS16x2:
      return ScalarType::kS16;
    case ScalarType::kF32x2:
      return ScalarType::kF32;
    default:
      return type;
  }
}

unsigned lane_count(ScalarType type) {
  return lane_type(type) == type ? 1 : 2;
}

bool is_signed(ScalarType type) {
  return ptx::kind_of(lane_type(type)) == ptx::TypeKind::kSigned;
}

bool is_float(ScalarType type) {
  return ptx::kind_of(lane_type(type)) == ptx::TypeKind::kFloat;
}

ScalarType unsigned_of_width(unsigned bits) {
  if (bits <= 8) return ScalarType::kU8;
  if (bits <= 16) return ScalarType::kU16;
  return bits <= 32 ? ScalarType::kU32 : ScalarType::kU64;
}

// --- Constants

Value* integer_like(Value* value, std::uint64_t constant) {
  return llvm::ConstantInt::get(value->getType(), constant, false, true);
}

Value* float_like(Value* value, double constant) {
  return llvm::ConstantFP::get(value->getType(), constant);
}

// --- Lanes

Value* lane(llvm::IRBuilder<>& ir, Value* value, unsigned index) {
  return value->getType()->isVectorTy() ? ir.CreateExtractElement(value, index) : value;
}

Status map_lanes(Lowering& lowering, ScalarType result, ScalarType source, unsigned count,
                 LaneFunction function) {
  llvm::IRBuilder<>& ir = lowering.ir();
  llvm::SmallVector<Value*, 4> operands;
  for (unsigned i = 1; i <= count; ++i) operands.push_back(lowering.value(i, source));
  const unsigned lanes = lane_count(result);
  Value* packed = lanes == 1 ? nullptr : llvm::Constant::getNullValue(lowering.llvm_type(result));
  for (unsigned i = 0; i < lanes; ++i) {
    llvm::SmallVector<Value*, 4> arguments;
    for (Value* operand : operands) arguments.push_back(lane(ir, operand, i));
    Value* value = function(arguments);
    packed = lanes == 1 ? value : ir.CreateInsertElement(packed, value, i);
  }
  lowering.set(0, packed, result);
  return {};
}

Status map_lanes(Lowering& lowering, ScalarType type, unsigned count, LaneFunction function) {
  return map_lanes(lowering, type, type, count, function);
}

// --- Integers

Value* minimum(llvm::IRBuilder<>& ir, Value* a, Value* b, bool is_signed) {
  return ir.CreateBinaryIntrinsic(is_signed ? llvm::Intrinsic::smin : llvm::Intrinsic::umin, a, b);
}

Value* maximum(llvm::IRBuilder<>& ir, Value* a, Value* b, bool is_signed) {
  return ir.CreateBinaryIntrinsic(is_signed ? llvm::Intrinsic::smax : llvm::Intrinsic::umax, a, b);
}

Value* shift_left(llvm::IRBuilder<>& ir, Value* value, Value* amount) {
  const unsigned width = value->getType()->getIntegerBitWidth();
  Value* wrapped = ir.CreateAnd(amount, width - 1);
  Value* fits = ir.CreateICmpULT(amount, integer_like(amount, width));
  return ir.CreateSelect(fits, ir.CreateShl(value, wrapped), integer_like(value, 0));
}

Value* shift_right(llvm::IRBuilder<>& ir, Value* value, Value* amount, bool is_signed) {
  const unsigned width = value->getType()->getIntegerBitWidth();
  if (is_signed)
    return ir.CreateAShr(value, minimum(ir, amount, integer_like(amount, width - 1), false));
  Value* wrapped = ir.CreateAnd(amount, width - 1);
  Value* fits = ir.CreateICmpULT(amount, integer_like(amount, width));
  return ir.CreateSelect(fits, ir.CreateLShr(value, wrapped), integer_like(value, 0));
}

Value* low_mask(llvm::IRBuilder<>& ir, Value* count) {
  return ir.CreateNot(shift_left(ir, llvm::Constant::getAllOnesValue(count->getType()), count));
}

// --- Floating point

namespace {

/// Bit masks of a floating-point type.
struct FloatLayout {
  std::uint64_t sign, exponent, canonical_nan;
};

FloatLayout layout_of(const llvm::Type* type) {
  type = type->getScalarType();
  if (type->isHalfTy()) return {0x8000, 0x7c00, 0x7fff};
  if (type->isBFloatTy()) return {0x8000, 0x7f80, 0x7fff};
  if (type->isFloatTy()) return {0x8000'0000, 0x7f80'0000, 0x7fff'ffff};
  return {0x8000'0000'0000'0000, 0x7ff0'0000'0000'0000, 0x7ff8'0000'0000'0000};
}

Value* float_from_bits(llvm::IRBuilder<>& ir, Value* bits, llvm::Type* type) {
  return ir.CreateBitCast(bits, type);
}

/// float to bfloat to nearest even on integers: a conversion instruction would flush subnormals, a
/// library call is not at hand.
Value* narrow_to_bf16(llvm::IRBuilder<>& ir, Value* value) {
  Value* bits = float_bits(ir, value);
  Value* odd = ir.CreateAnd(ir.CreateLShr(bits, 16), 1);
  Value* rounded = ir.CreateAdd(bits, ir.CreateAdd(odd, integer_like(bits, 0x7fff)));
  Value* is_nan = ir.CreateFCmpUNO(value, value);
  Value* chosen = ir.CreateSelect(is_nan, integer_like(bits, 0x7fff'0000), rounded);
  llvm::Type* type = value->getType();
  Value* high = ir.CreateTrunc(ir.CreateLShr(chosen, 16), type->getWithNewType(ir.getInt16Ty()));
  return float_from_bits(ir, high, type->getWithNewType(ir.getBFloatTy()));
}

/// Moves a nearest-even result with an even last bit one step towards the exact value: `upwards`
/// (in magnitude) where it lies beyond.
Value* step_to_odd(llvm::IRBuilder<>& ir, Value* result, Value* inexact, Value* larger) {
  Value* bits = float_bits(ir, result);
  Value* even = ir.CreateICmpEQ(ir.CreateAnd(bits, 1), integer_like(bits, 0));
  Value* step = ir.CreateSelect(larger, integer_like(bits, 1), integer_like(bits, ~0ull));
  Value* moved = ir.CreateSelect(ir.CreateAnd(inexact, even), ir.CreateAdd(bits, step), bits);
  return float_from_bits(ir, moved, result->getType());
}

/// p + c rounded to odd, by the exact error of the addition (Knuth's two-sum).
Value* add_to_odd(llvm::IRBuilder<>& ir, Value* p, Value* c) {
  Value* sum = ir.CreateFAdd(p, c);
  Value* c_part = ir.CreateFSub(sum, p);
  Value* p_part = ir.CreateFSub(sum, c_part);
  Value* error = ir.CreateFAdd(ir.CreateFSub(p, p_part), ir.CreateFSub(c, c_part));
  Value* zero = float_like(error, 0.0);
  Value* inexact = ir.CreateFCmpONE(error, zero);
  Value* larger = ir.CreateICmpEQ(ir.CreateFCmpOGT(error, zero), ir.CreateFCmpOGT(sum, zero));
  return step_to_odd(ir, sum, inexact, larger);
}

}  // namespace

Value* float_bits(llvm::IRBuilder<>& ir, Value* value) {
  llvm::Type* type = value->getType();
  return ir.CreateBitCast(value, type->getWithNewType(ir.getIntNTy(type->getScalarSizeInBits())));
}

Value* flush_subnormals(llvm::IRBuilder<>& ir, Value* value) {
  const FloatLayout layout = layout_of(value->getType());
  Value* bits = float_bits(ir, value);
  Value* tiny = ir.CreateICmpEQ(ir.CreateAnd(bits, integer_like(bits, layout.exponent)),
                                integer_like(bits, 0));
  Value* zero = ir.CreateAnd(bits, integer_like(bits, layout.sign));
  return float_from_bits(ir, ir.CreateSelect(tiny, zero, bits), value->getType());
}

Value* saturate(llvm::IRBuilder<>& ir, Value* value) {
  Value* zero = float_like(value, 0.0);
  Value* one = float_like(value, 1.0);
  Value* wide = widen(ir, value);
  Value* above = ir.CreateFCmpOGT(wide, float_like(wide, 0.0));
  Value* below = ir.CreateFCmpOLT(wide, float_like(wide, 1.0));
  return ir.CreateSelect(above, ir.CreateSelect(below, value, one), zero);
}

Value* rectify(llvm::IRBuilder<>& ir, Value* value) {
  Value* wide = widen(ir, value);
  return ir.CreateSelect(ir.CreateFCmpUGT(wide, float_like(wide, 0.0)), value,
                         float_like(value, 0.0));
}

Value* canonical_nan(llvm::IRBuilder<>& ir, Value* value) {
  llvm::Type* type = value->getType();
  if (type->getScalarType()->isDoubleTy()) return value;
  Value* wide = widen(ir, value);
  Value* bits = float_bits(ir, value);
  Value* nan = integer_like(bits, layout_of(type).canonical_nan);
  return ir.CreateBitCast(ir.CreateSelect(ir.CreateFCmpUNO(wide, wide), nan, bits), type);
}

Value* widen(llvm::IRBuilder<>& ir, Value* value) {
  llvm::Type* type = value->getType();
  llvm::Type* wide = type->getWithNewType(ir.getFloatTy());
  if (type->getScalarType()->isHalfTy()) return ir.CreateFPExt(value, wide);
  if (!type->getScalarType()->isBFloatTy()) return value;
  Value* bits = ir.CreateZExt(float_bits(ir, value), type->getWithNewType(ir.getInt32Ty()));
  return float_from_bits(ir, ir.CreateShl(bits, 16), wide);
}

Value* narrow(llvm::IRBuilder<>& ir, Value* value, ScalarType type) {
  if (type == ScalarType::kF16)
    return ir.CreateFPTrunc(value, value->getType()->getWithNewType(ir.getHalfTy()));
  return type == ScalarType::kBf16 ? narrow_to_bf16(ir, value) : value;
}

Value* round_to_odd(llvm::IRBuilder<>& ir, Value* value) {
  Value* nearest = ir.CreateFPTrunc(value, ir.getFloatTy());
  Value* back = ir.CreateFPExt(nearest, ir.getDoubleTy());
  Value* inexact = ir.CreateFCmpONE(back, value);
  Value* larger = ir.CreateFCmpOGT(ir.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, value),
                                   ir.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, back));
  return step_to_odd(ir, nearest, inexact, larger);
}

namespace {

/// LLVM 22's code generators drop a selection of NaN where x < 0 before the root of x, because that
/// is a NaN, too: but then the processor's, which is not CUDA's. They do not see that x < 0 where x
/// is at most the greatest negative number.
Value* root(llvm::IRBuilder<>& ir, Value* x) {
  Value* made = ir.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, x);
  if (!x->getType()->isFloatTy()) return made;
  const auto least = llvm::APFloat::getSmallest(llvm::APFloat::IEEEsingle(), /*Negative=*/true);
  Value* has_none = ir.CreateFCmpULE(x, llvm::ConstantFP::get(x->getType(), least));
  return ir.CreateSelect(has_none, canonical_nan(ir, llvm::ConstantFP::getNaN(x->getType())), made);
}

}  // namespace

Value* rounded(Lowering& lowering, RoundedOp op, Rounding rounding,
               llvm::ArrayRef<Value*> operands) {
  llvm::IRBuilder<>& ir = lowering.ir();
  if (rounding != Rounding::kNearestEven) {
    constexpr DeviceOp kSingle[] = {DeviceOp::add_f32, DeviceOp::mul_f32, DeviceOp::fma_f32,
                                    DeviceOp::div_f32, DeviceOp::sqrt_f32};
    constexpr DeviceOp kDouble[] = {DeviceOp::add_f64, DeviceOp::mul_f64, DeviceOp::fma_f64,
                                    DeviceOp::div_f64, DeviceOp::sqrt_f64};
    const auto& table = operands[0]->getType()->isFloatTy() ? kSingle : kDouble;
    llvm::SmallVector<Value*, 4> arguments(operands);
    arguments.push_back(ir.getInt32(static_cast<unsigned>(rounding)));
    return lowering.device_op(table[static_cast<unsigned>(op)], arguments);
  }
  switch (op) {
    case RoundedOp::kAdd:
      return ir.CreateFAdd(operands[0], operands[1]);
    case RoundedOp::kMul:
      return ir.CreateFMul(operands[0], operands[1]);
    case RoundedOp::kFma:
      return ir.CreateIntrinsic(llvm::Intrinsic::fma, operands[0]->getType(), operands);
    case RoundedOp::kDiv:
      return ir.CreateFDiv(operands[0], operands[1]);
    case RoundedOp::kSqrt:
      return root(ir, operands[0]);
  }
  return operands[0];
}

Value* narrow_fma(llvm::IRBuilder<>& ir, Value* a, Value* b, Value* c, ScalarType type) {
  // The product is exact: 22 bits in a float for f16; in a double for bf16, whose exponents a
  // float's product would leave.
  if (type == ScalarType::kF16)
    return narrow(ir, add_to_odd(ir, ir.CreateFMul(widen(ir, a), widen(ir, b)), widen(ir, c)),
                  type);
  const auto wide = [&](Value* value) {
    return ir.CreateFPExt(widen(ir, value), ir.getDoubleTy());
  };
  Value* sum = add_to_odd(ir, ir.CreateFMul(wide(a), wide(b)), wide(c));
  return narrow(ir, round_to_odd(ir, sum), type);
}

FloatRules::FloatRules(const Lowering& lowering)
    : ftz_(lowering.has("ftz")), sat_(lowering.has("sat")), relu_(lowering.has("relu")) {}

Value* FloatRules::before(llvm::IRBuilder<>& ir, Value* value) const {
  return ftz_ ? flush_subnormals(ir, value) : value;
}

Value* FloatRules::after(llvm::IRBuilder<>& ir, Value* value) const {
  if (ftz_) value = flush_subnormals(ir, value);
  if (sat_) return saturate(ir, value);
  if (relu_) value = rectify(ir, value);
  return canonical_nan(ir, value);
}

}  // namespace cuda_shim::kernels::instructions
