// Scalar video instructions (PTX ISA 9.0, section 9.7.19): vadd vsub vabsdiff vmin vmax vshl vshr
// vmad vset.
//
// Each takes a byte, a half or the whole of its sources, extended by the source's type, computes
// without overflow, saturates to what the destination's selector names, and then either combines
// the result with c (.add .min .max) or merges it into c. 128 bits hold every result exactly.

#include <llvm/IR/Intrinsics.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "kernels/instructions/arithmetic.h"
#include "kernels/instructions/video.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;
using ptx::ScalarType;
using Builder = llvm::IRBuilder<>;

constexpr unsigned kExactBits = 128;

/// The part of a register that an operand's selector names: `.b0` to `.b3`, `.h0`, `.h1`, or all.
struct Part {
  unsigned bits = 32;
  unsigned shift = 0;
  bool whole() const { return bits == 32; }
};

/// Nothing where the selector is none of a scalar instruction's.
std::optional<Part> part_of(const Lowering& l, unsigned index) {
  const ptx::Name* name = l.instruction().operands[index].name();
  if (name == nullptr || name->selector.empty()) return Part{};
  const std::string_view selector = name->selector;
  if (selector.size() != 2) return std::nullopt;
  const unsigned bits = selector[0] == 'b' ? 8 : 16;
  const auto number = static_cast<unsigned>(selector[1] - '0');
  if (number >= 32 / bits) return std::nullopt;
  return Part{bits, number * bits};
}

/// Operand `index`, its part extended to the exact width; `type` counts among the modifiers.
Value* source(Lowering& l, unsigned index, const Part& part, ScalarType type) {
  Builder& ir = l.ir();
  Value* value = ir.CreateLShr(l.value(index, ScalarType::kB32), part.shift);
  Value* piece = ir.CreateTrunc(value, ir.getIntNTy(part.bits));
  llvm::Type* exact = ir.getIntNTy(kExactBits);
  return is_signed(type) ? ir.CreateSExt(piece, exact) : ir.CreateZExt(piece, exact);
}

Value* clamp(Builder& ir, Value* value, unsigned bits, bool sign) {
  const llvm::APInt low = sign ? llvm::APInt::getSignedMinValue(bits).sext(kExactBits)
                               : llvm::APInt::getZero(kExactBits);
  const llvm::APInt high = sign ? llvm::APInt::getSignedMaxValue(bits).sext(kExactBits)
                                : llvm::APInt::getMaxValue(bits).zext(kExactBits);
  llvm::Type* type = value->getType();
  value = maximum(ir, value, llvm::ConstantInt::get(type, low), true);
  return minimum(ir, value, llvm::ConstantInt::get(type, high), true);
}

/// The smaller or greater of the result and c. A result that was not saturated is compared by its
/// low 33 bits, a signed number whatever the destination's type is (the manual's optSecondaryOp).
Value* extreme(Lowering& l, Value* exact, Value* c, bool sign) {
  Builder& ir = l.ir();
  llvm::Type* wide = ir.getInt64Ty();
  Value* result = ir.CreateSExt(ir.CreateTrunc(exact, ir.getIntNTy(33)), wide);
  c = sign ? ir.CreateSExt(c, wide) : ir.CreateZExt(c, wide);
  Value* chosen = l.has("min") ? minimum(ir, result, c, true) : maximum(ir, result, c, true);
  return ir.CreateTrunc(chosen, ir.getInt32Ty());
}

/// The secondary operation with c, or the merge into c, or neither.
Value* finish(Lowering& l, const Part& destination, Value* exact, bool sign) {
  Builder& ir = l.ir();
  Value* result = ir.CreateTrunc(exact, ir.getInt32Ty());
  if (!l.has_operand(3)) return result;
  Value* c = l.value(3, ScalarType::kB32);
  if (l.has("add")) return ir.CreateAdd(result, c);
  if (l.has("min") || l.has("max")) return extreme(l, exact, c, sign);
  if (destination.whole()) return result;
  const std::uint32_t mask = ((1u << destination.bits) - 1) << destination.shift;
  Value* placed = ir.CreateAnd(ir.CreateShl(result, destination.shift), mask);
  return ir.CreateOr(ir.CreateAnd(c, ~mask), placed);
}

using ExactOp = llvm::function_ref<Value*(Builder& ir, Value* a, Value* b)>;

/// Reads both sources as the given types, applies `op`, and ends as described above; `result` is
/// what saturation and the secondary operation go by.
Status lower_scalar(Lowering& l, ScalarType atype, ScalarType btype, ScalarType result,
                    ExactOp op) {
  Builder& ir = l.ir();
  const auto d = part_of(l, 0), a = part_of(l, 1), b = part_of(l, 2);
  if (!d || !a || !b) return l.not_supported("a selector is not one of .b0 to .b3, .h0 and .h1.");
  if (!d->whole() && (!l.has_operand(3) || l.has("add") || l.has("min") || l.has("max")))
    return l.not_supported(
        "a part of the destination is merged with c, which takes its place "
        "alone.");
  Value* exact = op(ir, source(l, 1, *a, atype), source(l, 2, *b, btype));
  if (l.has("sat")) exact = clamp(ir, exact, d->bits, is_signed(result));
  l.set(0, finish(l, *d, exact, is_signed(result)), ScalarType::kB32);
  return {};
}

Status lower_typed(Lowering& l, ExactOp op) {
  return lower_scalar(l, l.type(1), l.type(2), l.type(0), op);
}

Status lower_vadd(Lowering& l) {
  return lower_typed(l, [](Builder& ir, Value* a, Value* b) { return ir.CreateAdd(a, b); });
}

Status lower_vsub(Lowering& l) {
  return lower_typed(l, [](Builder& ir, Value* a, Value* b) { return ir.CreateSub(a, b); });
}

Status lower_vabsdiff(Lowering& l) {
  return lower_typed(l, [](Builder& ir, Value* a, Value* b) {
    return ir.CreateBinaryIntrinsic(llvm::Intrinsic::abs, ir.CreateSub(a, b), ir.getFalse());
  });
}

Status lower_vmin(Lowering& l) {
  return lower_typed(l, [](Builder& ir, Value* a, Value* b) { return minimum(ir, a, b, true); });
}

Status lower_vmax(Lowering& l) {
  return lower_typed(l, [](Builder& ir, Value* a, Value* b) { return maximum(ir, a, b, true); });
}

/// The amount of a shift: modulo 32 (.wrap), or at most 32 (.clamp).
Value* shift_amount(Lowering& l, Value* b) {
  if (l.has("wrap")) return l.ir().CreateAnd(b, 31);
  return minimum(l.ir(), b, integer_like(b, 32), false);
}

Status lower_vshl(Lowering& l) {
  return lower_typed(
      l, [&](Builder& ir, Value* a, Value* b) { return ir.CreateShl(a, shift_amount(l, b)); });
}

Status lower_vshr(Lowering& l) {
  return lower_typed(
      l, [&](Builder& ir, Value* a, Value* b) { return ir.CreateAShr(a, shift_amount(l, b)); });
}

Status lower_vset(Lowering& l) {
  const auto comparison = video_comparison(l);
  if (!comparison) return l.not_supported("it names no comparison.");
  return lower_scalar(l, l.type(0), l.type(1), ScalarType::kU32,
                      [&](Builder& ir, Value* a, Value* b) {
                        return ir.CreateZExt(ir.CreateICmp(*comparison, a, b), a->getType());
                      });
}

// vmad d, a, b, c: a * b + c, where the product or c may be negated, or one more is added (.po);
// then a shift. The result is signed if a source is or something is negated.
Status lower_vmad(Lowering& l) {
  Builder& ir = l.ir();
  const auto a = part_of(l, 1), b = part_of(l, 2);
  if (!a || !b) return l.not_supported("a selector is not one of .b0 to .b3, .h0 and .h1.");
  const auto& operands = l.instruction().operands;
  const bool negative_product = operands[1].negated != operands[2].negated;
  const bool negative_c = operands[3].negated;
  if ((negative_product || negative_c) && l.has("po"))
    return l.not_supported("with .po nothing may be negated.");
  if (negative_product && negative_c)
    return l.not_supported("either the product or c may be negated.");
  const bool sign = is_signed(l.type(1)) || is_signed(l.type(2)) || negative_product || negative_c;
  // The operands' own minus signs are undone, since a part is selected before it is negated.
  const auto plain = [&](unsigned index, const Part& part, ScalarType type) {
    if (!operands[index].negated) return source(l, index, part, type);
    Value* value = ir.CreateLShr(ir.CreateNeg(l.value(index, ScalarType::kB32)), part.shift);
    Value* piece = ir.CreateTrunc(value, ir.getIntNTy(part.bits));
    llvm::Type* exact = ir.getIntNTy(kExactBits);
    return is_signed(type) ? ir.CreateSExt(piece, exact) : ir.CreateZExt(piece, exact);
  };
  Value* product = ir.CreateMul(plain(1, *a, l.type(1)), plain(2, *b, l.type(2)));
  if (negative_product) product = ir.CreateNeg(product);
  // A c that is taken from an unsigned product is unsigned itself; else it has the result's sign.
  const bool c_sign = negative_c ? is_signed(l.type(1)) || is_signed(l.type(2)) : sign;
  Value* c = plain(3, Part{}, c_sign ? ScalarType::kS32 : ScalarType::kU32);
  Value* sum = negative_c ? ir.CreateSub(product, c) : ir.CreateAdd(product, c);
  if (l.has("po")) sum = ir.CreateAdd(sum, integer_like(sum, 1));
  if (l.has("shr7")) sum = ir.CreateAShr(sum, 7);
  if (l.has("shr15")) sum = ir.CreateAShr(sum, 15);
  if (l.has("sat")) sum = clamp(ir, sum, 32, sign);
  l.set(0, ir.CreateTrunc(sum, ir.getInt32Ty()), ScalarType::kB32);
  return {};
}

#define TYPES "; .dtype = .u32 .s32; .atype = .u32 .s32; .btype = .u32 .s32"
#define COMBINED(opcode, lower)                                                          \
  {opcode ".dtype.atype.btype{.sat} d, a, b{, c}" TYPES, lower}, {                       \
    opcode ".dtype.atype.btype{.sat}.op2 d, a, b, c; .op2 = .add .min .max" TYPES, lower \
  }
#define SHIFT(opcode, lower)                                                        \
  {opcode                                                                           \
   ".dtype.atype.u32{.sat}.mode d, a, b{, c}; .dtype = .u32 .s32; .atype = "        \
   ".u32 .s32; .mode = .clamp .wrap",                                               \
   lower},                                                                          \
  {                                                                                 \
    opcode                                                                          \
        ".dtype.atype.u32{.sat}.mode.op2 d, a, b, c; .dtype = .u32 .s32; .atype = " \
        ".u32 .s32; .mode = .clamp .wrap; .op2 = .add .min .max",                   \
        lower                                                                       \
  }
#define COMPARISON "; .atype = .u32 .s32; .btype = .u32 .s32; .cmp = .eq .ne .lt .le .gt .ge"

constexpr Row kRows[] = {
    COMBINED("vadd", lower_vadd),
    COMBINED("vsub", lower_vsub),
    COMBINED("vabsdiff", lower_vabsdiff),
    COMBINED("vmin", lower_vmin),
    COMBINED("vmax", lower_vmax),
    SHIFT("vshl", lower_vshl),
    SHIFT("vshr", lower_vshr),
    {"vmad.dtype.atype.btype{.sat}{.scale} d, {!}a, {!}b, {!}c; .scale = .shr7 .shr15" TYPES,
     lower_vmad},
    {"vmad.dtype.atype.btype.po{.sat}{.scale} d, a, b, c; .scale = .shr7 .shr15" TYPES, lower_vmad},
    {"vset.atype.btype.cmp d, a, b{, c}" COMPARISON, lower_vset},
    {"vset.atype.btype.cmp.op2 d, a, b, c; .op2 = .add .min .max" COMPARISON, lower_vset},
};

#undef TYPES
#undef COMBINED
#undef SHIFT
#undef COMPARISON

}  // namespace

std::span<const Row> video_scalar_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
