// The .approx functions of one float; see the header. Coefficients are Chebyshev fits over the
// reduced range, evaluated by Horner's rule with fused steps, so that every machine gives the same
// bits.

#include "kernels/instructions/approximations.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/Intrinsics.h>

#include <span>

#include "kernels/instructions/arithmetic.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using Builder = llvm::IRBuilder<>;

Value* fused(Builder& ir, Value* a, Value* b, Value* c) {
  return ir.CreateIntrinsic(llvm::Intrinsic::fma, {a->getType()}, {a, b, c});
}

/// coefficients[0] + x * (coefficients[1] + x * (...)).
Value* polynomial(Builder& ir, Value* x, std::span<const double> coefficients) {
  Value* sum = float_like(x, coefficients.back());
  for (std::size_t i = coefficients.size() - 1; i-- > 0;)
    sum = fused(ir, sum, x, float_like(x, coefficients[i]));
  return sum;
}

Value* magnitude(Builder& ir, Value* x) {
  return ir.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x);
}

/// 2^exponent as a float, for exponents of normal numbers.
Value* power_of_two(Builder& ir, Value* exponent) {
  Value* bias = integer_like(exponent, 127);
  Value* bits = ir.CreateShl(ir.CreateAdd(exponent, bias), 23);
  return ir.CreateBitCast(bits, bits->getType()->getWithNewType(ir.getFloatTy()));
}

/// (2^f - 1) / f for |f| <= 1/2.
constexpr double kExp2[] = {0.6931471880262288,   0.24022650760568126,   0.05550357114219078,
                            0.009618082557277852, 0.0013390863364671234, 0.0001545316294512069};

/// log2(1 + t) / t for t from sqrt(1/2) - 1 to sqrt(2) - 1.
constexpr double kLog2[] = {1.4426950399991885,  -0.7213473544789053, 0.4808985203240642,
                            -0.3606965418075051, 0.28855256143746744, -0.23960812190957284,
                            0.2048576477862193,  -0.1913883765667254, 0.1847603336518138,
                            -0.10749789418083205};

/// (sin(r)/r - 1)/r^2 and (cos(r) - 1 + r^2/2)/r^4, in r^2, for |r| <= pi/4.
constexpr double kSin[] = {-0.16666664539989562, 0.008332724732627073, -0.00019582855850380746};
constexpr double kCos[] = {0.04166666453694604, -0.0013888279449646313, 2.4542896336534702e-05};

/// An angle as quadrant (an i64 of which the low two bits count) and rest in [-pi/4, pi/4].
struct ReducedAngle {
  Value* quadrant;
  Value* rest;
};

ReducedAngle reduce_angle(Builder& ir, Value* x) {
  // Adding 1.5 * 2^52 rounds a double to an integer and leaves that integer in the low bits. The
  // product with 0 keeps NaN and makes NaN of infinity.
  constexpr double kRounder = 6755399441055744.0, kTwoByPi = 0.63661977236758138,
                   kPiByTwo = 1.5707963267948966;
  Value* small = ir.CreateFCmpOLT(magnitude(ir, x), float_like(x, 1073741824.0));
  Value* angle = ir.CreateSelect(small, x, ir.CreateFMul(x, float_like(x, 0.0)));
  Value* wide = ir.CreateFPExt(angle, ir.getDoubleTy());
  Value* shifted =
      ir.CreateFAdd(ir.CreateFMul(wide, float_like(wide, kTwoByPi)), float_like(wide, kRounder));
  Value* turns = ir.CreateFSub(shifted, float_like(wide, kRounder));
  Value* rest = ir.CreateFSub(wide, ir.CreateFMul(turns, float_like(wide, kPiByTwo)));
  return {float_bits(ir, shifted), ir.CreateFPTrunc(rest, ir.getFloatTy())};
}

/// sin(rest + quadrant * pi/2).
Value* sine_of(Builder& ir, Value* quadrant, Value* rest) {
  Value* square = ir.CreateFMul(rest, rest);
  Value* one = float_like(rest, 1.0);
  Value* sine =
      ir.CreateFMul(rest, ir.CreateFAdd(one, ir.CreateFMul(square, polynomial(ir, square, kSin))));
  Value* fourth = ir.CreateFMul(ir.CreateFMul(square, square), polynomial(ir, square, kCos));
  Value* cosine =
      ir.CreateFAdd(ir.CreateFSub(one, ir.CreateFMul(square, float_like(square, 0.5))), fourth);
  Value* chosen = ir.CreateSelect(ir.CreateTrunc(quadrant, ir.getInt1Ty()), cosine, sine);
  Value* lower_half = ir.CreateTrunc(ir.CreateLShr(quadrant, 1), ir.getInt1Ty());
  return ir.CreateSelect(lower_half, ir.CreateFNeg(chosen), chosen);
}

}  // namespace

namespace {

/// 2^x as power * 2^exponent, with x within the limits, which let NaN through.
struct Power {
  Value* power;    ///< from sqrt(1/2) to sqrt(2)
  Value* shifted;  ///< the exponent is the low bits of this float
};

constexpr double kRounder = 12582912.0;  // 1.5 * 2^23

Power power_within(Builder& ir, Value* x, double low, double high) {
  Value *least = float_like(x, low), *most = float_like(x, high);
  x = ir.CreateSelect(ir.CreateFCmpOLT(x, least), least, x);
  x = ir.CreateSelect(ir.CreateFCmpOGT(x, most), most, x);
  Value* shifted = ir.CreateFAdd(x, float_like(x, kRounder));
  Value* fraction = ir.CreateFSub(x, ir.CreateFSub(shifted, float_like(x, kRounder)));
  return {exp2_of_fraction(ir, fraction), shifted};
}

}  // namespace

Value* exp2_of_fraction(Builder& ir, Value* fraction) {
  return fused(ir, fraction, polynomial(ir, fraction, kExp2), float_like(fraction, 1.0));
}

Value* approximate_exp2(Builder& ir, Value* x) {
  // The limits keep the exponent small where the result is 0 or infinity anyway. The scaling goes
  // in two steps, so that each factor is a normal number; only the second can round.
  const auto [power, shifted] = power_within(ir, x, -151.0, 129.0);
  Value* exponent = ir.CreateSub(float_bits(ir, shifted), float_bits(ir, float_like(x, kRounder)));
  Value* half = ir.CreateAShr(exponent, 1);
  Value* scaled = ir.CreateFMul(power, power_of_two(ir, half));
  return ir.CreateFMul(scaled, power_of_two(ir, ir.CreateSub(exponent, half)));
}

Value* approximate_normal_exp2(Builder& ir, Value* x) {
  // The exponent is added to that of the power: within the limits, what becomes of it is a
  // subnormal number, a normal one, or, of 2^128, infinity.
  const auto [power, shifted] = power_within(ir, x, -126.5, 128.0);
  Value* bits = ir.CreateAdd(float_bits(ir, power), ir.CreateShl(float_bits(ir, shifted), 23));
  Value* nan = float_bits(ir, llvm::ConstantFP::getNaN(x->getType()));
  bits = ir.CreateSelect(ir.CreateFCmpUNO(x, x), nan, bits);
  return ir.CreateBitCast(bits, x->getType());
}

Value* approximate_log2(Builder& ir, Value* x) {
  // x = 2^e * m with m in [sqrt(1/2), sqrt(2)): subtracting the bits of sqrt(1/2) leaves e in the
  // exponent field.
  constexpr std::uint32_t kSqrtHalf = 0x3f3504f3;
  Value* tiny = ir.CreateFCmpOLT(x, float_like(x, 0x1p-126));
  Value* normal = ir.CreateSelect(tiny, ir.CreateFMul(x, float_like(x, 0x1p24)), x);
  Value* offset = ir.CreateSub(float_bits(ir, normal), ir.getInt32(kSqrtHalf));
  Value* exponent = ir.CreateAShr(offset, 23);
  exponent = ir.CreateSub(exponent, ir.CreateSelect(tiny, ir.getInt32(24), ir.getInt32(0)));
  Value* mantissa_bits = ir.CreateAdd(ir.CreateAnd(offset, 0x7fffff), ir.getInt32(kSqrtHalf));
  Value* t = ir.CreateFSub(ir.CreateBitCast(mantissa_bits, ir.getFloatTy()), float_like(x, 1.0));
  Value* fraction = ir.CreateFMul(t, polynomial(ir, t, kLog2));
  Value* result = ir.CreateFAdd(ir.CreateSIToFP(exponent, ir.getFloatTy()), fraction);

  Value* zero = float_like(x, 0.0);
  Value* infinity = llvm::ConstantFP::getInfinity(ir.getFloatTy());
  result = ir.CreateSelect(ir.CreateFCmpOEQ(x, infinity), infinity, result);
  result = ir.CreateSelect(ir.CreateFCmpOEQ(x, zero),
                           llvm::ConstantFP::getInfinity(ir.getFloatTy(), true), result);
  return ir.CreateSelect(ir.CreateFCmpULT(x, zero), llvm::ConstantFP::getNaN(ir.getFloatTy()),
                         result);
}

Value* approximate_sin(Builder& ir, Value* x) {
  const ReducedAngle angle = reduce_angle(ir, x);
  return sine_of(ir, angle.quadrant, angle.rest);
}

Value* approximate_cos(Builder& ir, Value* x) {
  const ReducedAngle angle = reduce_angle(ir, x);
  return sine_of(ir, ir.CreateAdd(angle.quadrant, integer_like(angle.quadrant, 1)), angle.rest);
}

Value* approximate_tanh(Builder& ir, Value* x) {
  // 1 - 2 / (e^(2a) + 1) loses digits near 0, where the first two terms of the series are exact
  // enough.
  constexpr double kTwoByLn2 = 2.8853900817779268;
  Value* a = magnitude(ir, x);
  Value* one = float_like(x, 1.0);
  Value* power = approximate_exp2(ir, ir.CreateFMul(a, float_like(x, kTwoByLn2)));
  Value* large = ir.CreateFSub(one, ir.CreateFDiv(float_like(x, 2.0), ir.CreateFAdd(power, one)));
  Value* small = ir.CreateFMul(
      a, ir.CreateFSub(one, ir.CreateFMul(ir.CreateFMul(a, a), float_like(x, 1.0 / 3.0))));
  Value* result = ir.CreateSelect(ir.CreateFCmpOLT(a, float_like(x, 0.02)), small, large);
  return ir.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, result, x);
}

}  // namespace cuda_shim::kernels::instructions
