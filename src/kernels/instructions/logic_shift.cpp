// Logic and shift instructions (PTX ISA 9.7.8). Shift amounts are unsigned and clamp at the width,
// except shf.wrap.

#include <llvm/IR/Intrinsics.h>

#include <array>
#include <cstdint>

#include "kernels/instructions/arithmetic.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;
using Builder = llvm::IRBuilder<>;

Status lower_and(Lowering& l) {
  return map_lanes(l, l.type(), 2, [&](auto v) { return l.ir().CreateAnd(v[0], v[1]); });
}

Status lower_or(Lowering& l) {
  return map_lanes(l, l.type(), 2, [&](auto v) { return l.ir().CreateOr(v[0], v[1]); });
}

Status lower_xor(Lowering& l) {
  return map_lanes(l, l.type(), 2, [&](auto v) { return l.ir().CreateXor(v[0], v[1]); });
}

Status lower_not(Lowering& l) {
  return map_lanes(l, l.type(), 1, [&](auto v) { return l.ir().CreateNot(v[0]); });
}

Status lower_cnot(Lowering& l) {
  Builder& ir = l.ir();
  return map_lanes(l, l.type(), 1, [&](auto v) {
    return ir.CreateZExt(ir.CreateICmpEQ(v[0], integer_like(v[0], 0)), v[0]->getType());
  });
}

// --- lop3

/// The function of three bits with the given truth table, as the sum of its minterms. Bit 4a + 2b +
/// c of the table is f(a, b, c).
Value* look_up(Builder& ir, std::uint64_t table, const std::array<Value*, 3>& inputs) {
  Value* result = integer_like(inputs[0], 0);
  for (unsigned term = 0; term < 8; ++term) {
    if ((table >> term & 1) == 0) continue;
    Value* product = integer_like(inputs[0], ~0ull);
    for (unsigned i = 0; i < 3; ++i) {
      const bool positive = (term >> (2 - i) & 1) != 0;
      product = ir.CreateAnd(product, positive ? inputs[i] : ir.CreateNot(inputs[i]));
    }
    result = ir.CreateOr(result, product);
  }
  return result;
}

Status lower_lop3(Lowering& l) {
  Builder& ir = l.ir();
  const ptx::Immediate* table = l.instruction().operands[4].immediate();
  if (table == nullptr || table->bits > 0xff)
    return l.not_supported("the look-up table must be a number from 0 to 255.");
  const std::array<Value*, 3> inputs = {l.value(1, ScalarType::kB32), l.value(2, ScalarType::kB32),
                                        l.value(3, ScalarType::kB32)};
  Value* result = look_up(ir, table->bits, inputs);
  if (l.has_operand(5)) {
    Value* q = l.value(5, ScalarType::kPred);
    Value* any = ir.CreateICmpNE(result, ir.getInt32(0));
    l.set_pair(0, l.has("or") ? ir.CreateOr(any, q) : ir.CreateAnd(any, q), ScalarType::kPred);
  }
  l.set(0, result, ScalarType::kB32);
  return {};
}

// --- Shifts

/// The shift amount, a .u32, in the type of `like`. Amounts that a narrower type cannot hold become
/// its largest, which clamps too.
Value* shift_amount(Lowering& l, Value* like) {
  Builder& ir = l.ir();
  Value* amount = minimum(ir, l.value(2, ScalarType::kU32), ir.getInt32(0xff), false);
  return ir.CreateZExtOrTrunc(amount, like->getType());
}

Status lower_shl(Lowering& l) {
  Value* a = l.value(1, l.type());
  l.set(0, shift_left(l.ir(), a, shift_amount(l, a)), l.type());
  return {};
}

Status lower_shr(Lowering& l) {
  Value* a = l.value(1, l.type());
  l.set(0, shift_right(l.ir(), a, shift_amount(l, a), is_signed(l.type())), l.type());
  return {};
}

/// Machines have funnel shifts, or rotations at least, which take the amount modulo 32.
Status lower_shf(Lowering& l) {
  Builder& ir = l.ir();
  Value* low = l.value(1, ScalarType::kB32);
  Value* high = l.value(2, ScalarType::kB32);
  Value* amount = l.value(3, ScalarType::kU32);
  const bool left = l.has("l");
  Value* shifted = ir.CreateIntrinsic(left ? llvm::Intrinsic::fshl : llvm::Intrinsic::fshr,
                                      {ir.getInt32Ty()}, {high, low, amount});
  if (!l.has("wrap"))
    shifted =
        ir.CreateSelect(ir.CreateICmpUGE(amount, ir.getInt32(32)), left ? low : high, shifted);
  l.set(0, shifted, ScalarType::kB32);
  return {};
}

constexpr Row kRows[] = {
    {"and.type d, {!}a, {!}b; .type = .pred .b16 .b32 .b64", lower_and},
    {"or.type d, {!}a, {!}b; .type = .pred .b16 .b32 .b64", lower_or},
    {"xor.type d, {!}a, {!}b; .type = .pred .b16 .b32 .b64", lower_xor},
    {"not.type d, {!}a; .type = .pred .b16 .b32 .b64", lower_not},
    {"cnot.type d, a; .type = .b16 .b32 .b64", lower_cnot},
    {"lop3.b32 d, a, b, c, lut", lower_lop3},
    {"lop3.BoolOp.b32 d[|p], a, b, c, lut, {!}q; .BoolOp = .or .and", lower_lop3},
    {"shl.type d, a, b; .type = .b16 .b32 .b64", lower_shl},
    {"shr.type d, a, b; .type = .b16 .b32 .b64 .u16 .u32 .u64 .s16 .s32 .s64", lower_shr},
    {"shf.direction.mode.b32 d, a, b, c; .direction = .l .r; .mode = .clamp .wrap", lower_shf},
};

}  // namespace

std::span<const Row> logic_shift_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
