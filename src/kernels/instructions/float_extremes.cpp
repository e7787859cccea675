// min and max of floating-point values: a NaN loses against a number (with .NaN it wins), -0 is
// less than +0, .abs compares magnitudes, and .xorsign gives the result the product of the signs.

#include "kernels/instructions/float_extremes.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/Intrinsics.h>

#include "kernels/instructions/arithmetic.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using Builder = llvm::IRBuilder<>;

struct ExtremeOps {
  llvm::Intrinsic::ID number_wins, nan_wins;
};

constexpr ExtremeOps kMinimum = {llvm::Intrinsic::minimumnum, llvm::Intrinsic::minimum};
constexpr ExtremeOps kMaximum = {llvm::Intrinsic::maximumnum, llvm::Intrinsic::maximum};

/// a with the sign of a xor b.
Value* product_of_signs(Builder& ir, Value* magnitude, llvm::ArrayRef<Value*> operands) {
  Value* sign = float_bits(ir, operands[0]);
  for (std::size_t i = 1; i < operands.size(); ++i)
    sign = ir.CreateXor(sign, float_bits(ir, operands[i]));
  return ir.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, magnitude,
                                  ir.CreateBitCast(sign, magnitude->getType()));
}

Status lower_extreme(Lowering& l, const ExtremeOps& ops) {
  Builder& ir = l.ir();
  const FloatRules rules(l);
  const bool signs = l.has("xorsign"), magnitudes = l.has("abs");
  const auto op = l.has("NaN") ? ops.nan_wins : ops.number_wins;
  const unsigned count = static_cast<unsigned>(l.instruction().operands.size()) - 1;
  return map_lanes(l, l.type(), count, [&](llvm::ArrayRef<Value*> v) {
    // bf16 has no instructions of its own; comparing floats is exact.
    llvm::SmallVector<Value*, 3> operands;
    for (Value* operand : v) operands.push_back(widen(ir, rules.before(ir, operand)));
    const auto compared = [&](Value* operand) -> Value* {
      return magnitudes ? ir.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, operand) : operand;
    };
    Value* result = compared(operands.front());
    for (Value* operand : llvm::drop_begin(operands))
      result = ir.CreateBinaryIntrinsic(op, result, compared(operand));
    if (signs) result = product_of_signs(ir, result, operands);
    return rules.after(ir, narrow(ir, result, lane_type(l.type())));
  });
}

}  // namespace

Status lower_min_float(Lowering& l) {
  return lower_extreme(l, kMinimum);
}
Status lower_max_float(Lowering& l) {
  return lower_extreme(l, kMaximum);
}

}  // namespace cuda_shim::kernels::instructions
