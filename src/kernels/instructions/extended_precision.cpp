// Extended-precision integer arithmetic (PTX ISA 9.7.2): add.cc addc sub.cc subc mad.cc madc. The
// carry flag CC.CF is a register of the thread; after a subtraction it holds the borrow.

#include "kernels/instructions/arithmetic.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using Builder = llvm::IRBuilder<>;

/// Carry-in of the addc/subc/madc forms, 0 or 1 in the type of `like`.
Value* carry_in(Lowering& l, Value* like) {
  if (!l.instruction().opcode.ends_with('c')) return integer_like(like, 0);
  return l.ir().CreateZExt(l.carry(), like->getType());
}

/// a + b + carry-in, with the carry-out written where .cc asks for it.
Value* add_with_carry(Lowering& l, Value* a, Value* b) {
  Builder& ir = l.ir();
  Value* carry = carry_in(l, a);
  Value* partial = ir.CreateAdd(a, b);
  Value* sum = ir.CreateAdd(partial, carry);
  if (l.has("cc"))
    l.set_carry(ir.CreateOr(ir.CreateICmpULT(partial, a), ir.CreateICmpULT(sum, partial)));
  return sum;
}

Status lower_add(Lowering& l) {
  Value* a = l.value(1, l.type());
  l.set(0, add_with_carry(l, a, l.value(2, l.type())), l.type());
  return {};
}

Status lower_sub(Lowering& l) {
  Builder& ir = l.ir();
  Value* a = l.value(1, l.type());
  Value* b = l.value(2, l.type());
  Value* borrow = carry_in(l, a);
  Value* partial = ir.CreateSub(a, b);
  Value* difference = ir.CreateSub(partial, borrow);
  if (l.has("cc"))
    l.set_carry(ir.CreateOr(ir.CreateICmpULT(a, b), ir.CreateICmpULT(partial, borrow)));
  l.set(0, difference, l.type());
  return {};
}

/// Upper or lower half of the product.
Value* product_half(Lowering& l, Value* a, Value* b) {
  Builder& ir = l.ir();
  if (l.has("lo")) return ir.CreateMul(a, b);
  const unsigned width = ptx::bits_of(l.type());
  llvm::Type* wide = ir.getIntNTy(2 * width);
  const auto extend = [&](Value* value) {
    return is_signed(l.type()) ? ir.CreateSExt(value, wide) : ir.CreateZExt(value, wide);
  };
  return ir.CreateTrunc(ir.CreateLShr(ir.CreateMul(extend(a), extend(b)), width), a->getType());
}

Status lower_mad(Lowering& l) {
  Value* a = l.value(1, l.type());
  Value* b = l.value(2, l.type());
  Value* half = product_half(l, a, b);
  l.set(0, add_with_carry(l, half, l.value(3, l.type())), l.type());
  return {};
}

constexpr Row kRows[] = {
    {"add.cc.type d, a, b; .type = .u32 .s32 .u64 .s64", lower_add},
    {"addc{.cc}.type d, a, b; .type = .u32 .s32 .u64 .s64", lower_add},
    {"sub.cc.type d, a, b; .type = .u32 .s32 .u64 .s64", lower_sub},
    {"subc{.cc}.type d, a, b; .type = .u32 .s32 .u64 .s64", lower_sub},
    {"mad.half.cc.type d, a, b, c; .half = .lo .hi; .type = .u32 .s32 .u64 .s64", lower_mad},
    {"madc.half{.cc}.type d, a, b, c; .half = .lo .hi; .type = .u32 .s32 .u64 .s64", lower_mad},
};

}  // namespace

std::span<const Row> extended_precision_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
