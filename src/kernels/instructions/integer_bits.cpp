// popc clz bfind fns brev bfe bfi szext bmsk (PTX ISA 9.7.1).

#include "kernels/instructions/integer_bits.h"

#include <llvm/IR/Intrinsics.h>

#include "kernels/instructions/arithmetic.h"

namespace cuda_shim::kernels::instructions {

using llvm::Value;
using ptx::ScalarType;
using Builder = llvm::IRBuilder<>;

namespace {

/// Writes a count of the source's width as the .u32 that the destination is.
void set_count(Lowering& l, Value* count) {
  l.set(0, l.ir().CreateZExtOrTrunc(count, l.ir().getInt32Ty()), ScalarType::kU32);
}

/// Leading zeros; the width for 0.
Value* leading_zeros(Builder& ir, Value* value) {
  return ir.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, value, ir.getFalse());
}

/// Operand `index`, a .u32 of which the low 8 bits count, widened to the type of `like`.
Value* low_byte(Lowering& l, unsigned index, Value* like) {
  Value* byte = l.ir().CreateAnd(l.value(index, ScalarType::kU32), 0xff);
  return l.ir().CreateZExt(byte, like->getType());
}

}  // namespace

Status lower_popc(Lowering& l) {
  set_count(l, l.ir().CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, l.value(1, l.type())));
  return {};
}

Status lower_clz(Lowering& l) {
  set_count(l, leading_zeros(l.ir(), l.value(1, l.type())));
  return {};
}

Status lower_bfind(Lowering& l) {
  Builder& ir = l.ir();
  const unsigned width = ptx::bits_of(l.type());
  Value* a = l.value(1, l.type());
  if (is_signed(l.type())) a = ir.CreateXor(a, ir.CreateAShr(a, width - 1));  // ~a where negative
  Value* zeros = leading_zeros(ir, a);
  Value* position = l.has("shiftamt") ? zeros : ir.CreateSub(integer_like(zeros, width - 1), zeros);
  Value* none = ir.CreateICmpEQ(a, integer_like(a, 0));
  set_count(l, ir.CreateSelect(none, integer_like(position, ~0ull), position));
  return {};
}

Status lower_fns(Lowering& l) {
  // Walks all 32 positions in the direction of the offset; the n-th bit set is found by counting.
  // Rare, so no attempt at speed.
  Builder& ir = l.ir();
  Value* mask = l.value(1, ScalarType::kB32);
  Value* base = l.value(2, ScalarType::kU32);
  Value* offset = l.value(3, ScalarType::kS32);
  Value* zero = ir.getInt32(0);
  Value* down = ir.CreateICmpSLT(offset, zero);
  Value* magnitude = ir.CreateBinaryIntrinsic(llvm::Intrinsic::abs, offset, ir.getFalse());
  Value* wanted = ir.CreateSelect(ir.CreateICmpEQ(offset, zero), ir.getInt32(1), magnitude);
  Value* reach = ir.CreateSelect(ir.CreateICmpEQ(offset, zero), ir.getInt32(1), ir.getInt32(32));
  Value* step = ir.CreateSelect(down, ir.getInt32(~0u), ir.getInt32(1));
  Value* found = ir.getInt32(~0u);
  Value* count = zero;
  Value* position = base;
  for (unsigned i = 0; i < 32; ++i) {
    Value* inside = ir.CreateAnd(ir.CreateICmpULT(position, ir.getInt32(32)),
                                 ir.CreateICmpULT(ir.getInt32(i), reach));
    Value* bit = ir.CreateTrunc(ir.CreateLShr(mask, ir.CreateAnd(position, 31)), ir.getInt1Ty());
    Value* hit = ir.CreateAnd(inside, bit);
    count = ir.CreateAdd(count, ir.CreateZExt(hit, ir.getInt32Ty()));
    found = ir.CreateSelect(ir.CreateAnd(hit, ir.CreateICmpEQ(count, wanted)), position, found);
    position = ir.CreateAdd(position, step);
  }
  Value* starts_inside = ir.CreateICmpULT(base, ir.getInt32(32));
  l.set(0, ir.CreateSelect(starts_inside, found, ir.getInt32(~0u)), ScalarType::kB32);
  return {};
}

Status lower_brev(Lowering& l) {
  l.set(0, l.ir().CreateUnaryIntrinsic(llvm::Intrinsic::bitreverse, l.value(1, l.type())),
        l.type());
  return {};
}

Status lower_bfe(Lowering& l) {
  // An arithmetic shift repeats the top bit, which is what the manual asks of a signed field that
  // reaches beyond it.
  Builder& ir = l.ir();
  const bool sign = is_signed(l.type());
  Value* a = l.value(1, l.type());
  Value* length = low_byte(l, 3, a);
  Value* field = ir.CreateAnd(shift_right(ir, a, low_byte(l, 2, a), sign), low_mask(ir, length));
  if (sign) {
    Value* unused = ir.CreateSub(integer_like(a, ptx::bits_of(l.type())), length);
    Value* extended = shift_right(ir, shift_left(ir, field, unused), unused, true);
    Value* narrow = ir.CreateICmpULT(length, integer_like(a, ptx::bits_of(l.type())));
    field = ir.CreateSelect(narrow, extended, field);
    field = ir.CreateSelect(ir.CreateICmpEQ(length, integer_like(a, 0)), integer_like(a, 0), field);
  }
  l.set(0, field, l.type());
  return {};
}

Status lower_bfi(Lowering& l) {
  Builder& ir = l.ir();
  Value* a = l.value(1, l.type());
  Value* b = l.value(2, l.type());
  Value* position = low_byte(l, 3, a);
  Value* mask = shift_left(ir, low_mask(ir, low_byte(l, 4, a)), position);
  Value* inserted = ir.CreateAnd(shift_left(ir, a, position), mask);
  l.set(0, ir.CreateOr(ir.CreateAnd(b, ir.CreateNot(mask)), inserted), l.type());
  return {};
}

Status lower_szext(Lowering& l) {
  Builder& ir = l.ir();
  Value* a = l.value(1, l.type());
  Value* n = l.value(2, ScalarType::kU32);
  if (l.has("wrap")) n = ir.CreateAnd(n, 31);
  n = minimum(ir, n, ir.getInt32(32), false);
  Value* unused = ir.CreateSub(ir.getInt32(32), n);
  Value* extended = shift_right(ir, shift_left(ir, a, unused), unused, is_signed(l.type()));
  l.set(0, extended, l.type());
  return {};
}

Status lower_bmsk(Lowering& l) {
  Builder& ir = l.ir();
  Value* position = l.value(1, ScalarType::kU32);
  Value* width = l.value(2, ScalarType::kU32);
  if (l.has("wrap")) {
    position = ir.CreateAnd(position, 31);
    width = ir.CreateAnd(width, 31);
  }
  l.set(0, shift_left(ir, low_mask(ir, width), position), ScalarType::kB32);
  return {};
}

}  // namespace cuda_shim::kernels::instructions
