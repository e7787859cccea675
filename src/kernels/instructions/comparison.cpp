// Comparison and selection instructions (PTX ISA 9.7.6 and, for f16 and bf16, 9.7.7): set setp selp
// slct.

#include <algorithm>
#include <iterator>
#include <string_view>

#include "kernels/instructions/arithmetic.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::CmpInst;
using llvm::Value;
using ptx::ScalarType;
using Builder = llvm::IRBuilder<>;

/// What a comparison word means for each kind of type. BAD_ICMP_PREDICATE: it has no meaning there.
struct ComparisonRow {
  std::string_view word;
  CmpInst::Predicate is_signed, is_unsigned, is_float;
};

constexpr CmpInst::Predicate kNone = CmpInst::BAD_ICMP_PREDICATE;

constexpr ComparisonRow kComparisons[] = {
    {"eq", CmpInst::ICMP_EQ, CmpInst::ICMP_EQ, CmpInst::FCMP_OEQ},
    {"ne", CmpInst::ICMP_NE, CmpInst::ICMP_NE, CmpInst::FCMP_ONE},
    {"lt", CmpInst::ICMP_SLT, CmpInst::ICMP_ULT, CmpInst::FCMP_OLT},
    {"le", CmpInst::ICMP_SLE, CmpInst::ICMP_ULE, CmpInst::FCMP_OLE},
    {"gt", CmpInst::ICMP_SGT, CmpInst::ICMP_UGT, CmpInst::FCMP_OGT},
    {"ge", CmpInst::ICMP_SGE, CmpInst::ICMP_UGE, CmpInst::FCMP_OGE},
    {"lo", kNone, CmpInst::ICMP_ULT, kNone},
    {"ls", kNone, CmpInst::ICMP_ULE, kNone},
    {"hi", kNone, CmpInst::ICMP_UGT, kNone},
    {"hs", kNone, CmpInst::ICMP_UGE, kNone},
    {"equ", kNone, kNone, CmpInst::FCMP_UEQ},
    {"neu", kNone, kNone, CmpInst::FCMP_UNE},
    {"ltu", kNone, kNone, CmpInst::FCMP_ULT},
    {"leu", kNone, kNone, CmpInst::FCMP_ULE},
    {"gtu", kNone, kNone, CmpInst::FCMP_UGT},
    {"geu", kNone, kNone, CmpInst::FCMP_UGE},
    {"num", kNone, kNone, CmpInst::FCMP_ORD},
    {"nan", kNone, kNone, CmpInst::FCMP_UNO},
};

CmpInst::Predicate predicate_of(const Lowering& l, ScalarType type) {
  const auto* row =
      std::ranges::find_if(kComparisons, [&](const ComparisonRow& r) { return l.has(r.word); });
  if (row == std::end(kComparisons)) return kNone;
  if (is_float(type)) return row->is_float;
  const bool orders = row->is_unsigned != CmpInst::ICMP_EQ && row->is_unsigned != CmpInst::ICMP_NE;
  if (orders && ptx::kind_of(type) == ptx::TypeKind::kBits) return kNone;
  return is_signed(type) ? row->is_signed : row->is_unsigned;
}

/// Compares one lane; `type` is that of the sources.
Value* compare(Lowering& l, CmpInst::Predicate predicate, Value* a, Value* b) {
  Builder& ir = l.ir();
  if (a->getType()->isIntegerTy()) return ir.CreateICmp(predicate, a, b);
  const FloatRules rules(l);
  return ir.CreateFCmp(predicate, widen(ir, rules.before(ir, a)), widen(ir, rules.before(ir, b)));
}

/// Combines a comparison with operand `index` by .and .or .xor, if written.
Value* combine(Lowering& l, Value* compared, unsigned index) {
  Builder& ir = l.ir();
  if (!l.has_operand(index)) return compared;
  Value* c = l.value(index, ScalarType::kPred);
  if (l.has("and")) return ir.CreateAnd(compared, c);
  return l.has("or") ? ir.CreateOr(compared, c) : ir.CreateXor(compared, c);
}

Status lower_setp(Lowering& l) {
  Builder& ir = l.ir();
  const CmpInst::Predicate predicate = predicate_of(l, l.type());
  if (predicate == kNone) return l.not_supported("the comparison does not exist for this type.");
  Value* a = l.value(1, l.type());
  Value* b = l.value(2, l.type());
  Value* first = compare(l, predicate, lane(ir, a, 0), lane(ir, b, 0));
  // A packed type gives one predicate a lane; others give the result and its complement.
  Value* second = lane_count(l.type()) == 1 ? ir.CreateNot(first)
                                            : compare(l, predicate, lane(ir, a, 1), lane(ir, b, 1));
  first = combine(l, first, 3);
  second = combine(l, second, 3);
  l.set(0, first, ScalarType::kPred);
  l.set_pair(0, second, ScalarType::kPred);
  return {};
}

/// What `set` writes for true: 1.0, or all ones in an integer.
Value* true_value(llvm::Type* type) {
  return type->isFloatingPointTy() ? llvm::ConstantFP::get(type, 1.0)
                                   : llvm::Constant::getAllOnesValue(type);
}

Status lower_set(Lowering& l) {
  Builder& ir = l.ir();
  const ScalarType source = l.type(1);
  const CmpInst::Predicate predicate = predicate_of(l, source);
  if (predicate == kNone) return l.not_supported("the comparison does not exist for this type.");
  // Two lanes into an integer: each half of the register is a result.
  const bool halves = lane_count(source) == 2 && lane_count(l.type(0)) == 1;
  const ScalarType result = halves ? ScalarType::kU16x2 : l.type(0);
  return map_lanes(l, result, source, 2, [&](auto v) {
    Value* compared = combine(l, compare(l, predicate, v[0], v[1]), 3);
    llvm::Type* type = l.llvm_type(lane_type(result));
    return ir.CreateSelect(compared, true_value(type), llvm::Constant::getNullValue(type));
  });
}

Status lower_selp(Lowering& l) {
  Value* a = l.value(1, l.type());
  Value* b = l.value(2, l.type());
  l.set(0, l.ir().CreateSelect(l.value(3, ScalarType::kPred), a, b), l.type());
  return {};
}

Status lower_slct(Lowering& l) {
  Builder& ir = l.ir();
  Value* a = l.value(1, l.type(0));
  Value* b = l.value(2, l.type(0));
  Value* c = l.value(3, l.type(1));
  const FloatRules rules(l);
  Value* chosen = l.type(1) == ScalarType::kF32
                      ? ir.CreateFCmpOGE(rules.before(ir, c), float_like(c, 0.0))
                      : ir.CreateICmpSGE(c, integer_like(c, 0));
  l.set(0, ir.CreateSelect(chosen, a, b), l.type(0));
  return {};
}

#define INTEGER_COMPARISONS ".eq .ne .lt .le .gt .ge .lo .ls .hi .hs"
#define FLOAT_COMPARISONS ".eq .ne .lt .le .gt .ge .equ .neu .ltu .leu .gtu .geu .num .nan"
#define INTEGER_TYPES ".b16 .b32 .b64 .u16 .u32 .u64 .s16 .s32 .s64"
#define HALF_TYPES ".f16 .bf16 .f16x2 .bf16x2"

#define SET_FLOAT(dtypes, stypes)                                                          \
  {"set.CmpOp{.ftz}.dtype.stype d, a, b; .CmpOp = " FLOAT_COMPARISONS "; .dtype = " dtypes \
   "; .stype = " stypes,                                                                   \
   lower_set},                                                                             \
  {                                                                                        \
    "set.CmpOp.BoolOp{.ftz}.dtype.stype d, a, b, {!}c; .CmpOp = " FLOAT_COMPARISONS        \
    "; .BoolOp = .and .or .xor; .dtype = " dtypes "; .stype = " stypes,                    \
        lower_set                                                                          \
  }

constexpr Row kRows[] = {
    {"setp.CmpOp.type p[|q], a, b; .CmpOp = " INTEGER_COMPARISONS "; .type = " INTEGER_TYPES,
     lower_setp},
    {"setp.CmpOp.BoolOp.type p[|q], a, b, {!}c; .CmpOp = " INTEGER_COMPARISONS
     "; .BoolOp = .and .or .xor; .type = " INTEGER_TYPES,
     lower_setp},
    {"setp.CmpOp{.ftz}.type p[|q], a, b; .CmpOp = " FLOAT_COMPARISONS
     "; .type = .f32 .f64 " HALF_TYPES,
     lower_setp},
    {"setp.CmpOp.BoolOp{.ftz}.type p[|q], a, b, {!}c; .CmpOp = " FLOAT_COMPARISONS
     "; .BoolOp = .and .or .xor; .type = .f32 .f64 " HALF_TYPES,
     lower_setp},

    {"set.CmpOp.dtype.stype d, a, b; .CmpOp = " INTEGER_COMPARISONS
     "; .dtype = .u32 .s32 .f32 .f16 .bf16; .stype = " INTEGER_TYPES,
     lower_set},
    {"set.CmpOp.BoolOp.dtype.stype d, a, b, {!}c; .CmpOp = " INTEGER_COMPARISONS
     "; .BoolOp = .and .or .xor; .dtype = .u32 .s32 .f32 .f16 .bf16; .stype = " INTEGER_TYPES,
     lower_set},
    SET_FLOAT(".u32 .s32", ".f32 .f64 .f16 .bf16"),
    SET_FLOAT(".u16 .s16", ".f16 .bf16"),
    SET_FLOAT(".f32", ".f32 .f64"),
    SET_FLOAT(".f16", ".f32 .f64 .f16"),
    SET_FLOAT(".bf16", ".f32 .f64 .f16 .bf16"),
    {"set.CmpOp{.ftz}.dtype.f16x2 d, a, b; .CmpOp = " FLOAT_COMPARISONS
     "; .dtype = .u32 .s32 .f16x2",
     lower_set},
    {"set.CmpOp.BoolOp{.ftz}.dtype.f16x2 d, a, b, {!}c; .CmpOp = " FLOAT_COMPARISONS
     "; .BoolOp = .and .or .xor; .dtype = .u32 .s32 .f16x2",
     lower_set},
    {"set.CmpOp.dtype.bf16x2 d, a, b; .CmpOp = " FLOAT_COMPARISONS "; .dtype = .u32 .s32 .bf16x2",
     lower_set},
    {"set.CmpOp.BoolOp.dtype.bf16x2 d, a, b, {!}c; .CmpOp = " FLOAT_COMPARISONS
     "; .BoolOp = .and .or .xor; .dtype = .u32 .s32 .bf16x2",
     lower_set},

    {"selp.type d, a, b, c; .type = .f32 .f64 " INTEGER_TYPES, lower_selp},
    {"slct.dtype.s32 d, a, b, c; .dtype = .f32 .f64 " INTEGER_TYPES, lower_slct},
    {"slct{.ftz}.dtype.f32 d, a, b, c; .dtype = .f32 .f64 " INTEGER_TYPES, lower_slct},
};

}  // namespace

std::span<const Row> comparison_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
