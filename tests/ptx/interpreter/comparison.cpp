// Comparison and selection instructions (PTX ISA 9.0, sections 9.7.6 and 9.7.7).

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

/// What two numbers are to each other.
struct Relation {
  int order;       ///< -1 0 1
  bool unordered;  ///< one of them is a NaN
};

Relation relation(const Lane& lane, ScalarType type) {
  if (kernels::ptx::kind_of(type) == TypeKind::kFloat) {
    const Real a = lane.real(1, type), b = lane.real(2, type);
    if (a.is_nan() || b.is_nan()) return {0, true};
    return {compare(a, b), false};
  }
  // .lo .ls .hi .hs compare without a sign; bit types know equality only.
  const Integer a = lane.integer(1, type), b = lane.integer(2, type);
  return {a < b ? -1 : a > b ? 1 : 0, false};
}

struct Comparison {
  std::string_view name;
  bool (*ordered)(int order);
  bool if_unordered;
};

bool eq(int order) {
  return order == 0;
}
bool ne(int order) {
  return order != 0;
}
bool lt(int order) {
  return order < 0;
}
bool le(int order) {
  return order <= 0;
}
bool gt(int order) {
  return order > 0;
}
bool ge(int order) {
  return order >= 0;
}
bool always(int) {
  return true;
}
bool never(int) {
  return false;
}

constexpr Comparison kComparisons[] = {
    {"eq", eq, false},      {"ne", ne, false},    {"lt", lt, false}, {"le", le, false},
    {"gt", gt, false},      {"ge", ge, false},    {"lo", lt, false}, {"ls", le, false},
    {"hi", gt, false},      {"hs", ge, false},    {"equ", eq, true}, {"neu", ne, true},
    {"ltu", lt, true},      {"leu", le, true},    {"gtu", gt, true}, {"geu", ge, true},
    {"num", always, false}, {"nan", never, true},
};

/// The comparison is always the first modifier.
const Comparison& comparison_of(const Lane& lane) {
  for (const Comparison& each : kComparisons)
    if (each.name == lane.step->source->modifiers.front()) return each;
  throw Fault(FaultKind::kInvalid, "There is no such comparison.");
}

bool holds(const Comparison& comparison, const Relation& relation) {
  return relation.unordered ? comparison.if_unordered : comparison.ordered(relation.order);
}

bool combine(const Lane& lane, bool value, unsigned operand) {
  if (lane.has("and")) return value && lane.predicate(operand);
  if (lane.has("or")) return value || lane.predicate(operand);
  if (lane.has("xor")) return value != lane.predicate(operand);
  return value;
}

/// p = (a CmpOp b) BoolOp c; q = !(a CmpOp b) BoolOp c.
void setp(Lane& lane) {
  const bool value = holds(comparison_of(lane), relation(lane, lane.type()));
  const bool p = combine(lane, value, 3), q = combine(lane, !value, 3);
  lane.set_predicate(0, p);
  lane.set_pair(0, q ? 1 : 0);
}

void set(Lane& lane) {
  const bool value = combine(lane, holds(comparison_of(lane), relation(lane, lane.type(1))), 3);
  const ScalarType to = lane.type(0);
  const bool is_float = kernels::ptx::kind_of(to) == TypeKind::kFloat;
  const Bits yes = is_float ? encode(one(), format_of(to)) : 0xffffffff;
  lane.set(0, value ? low_bits(yes, kernels::ptx::bits_of(to)) : 0);
}

/// The types of halves; p and q are the comparisons of the low and the high half.
ScalarType half_of(ScalarType type) {
  return type == ScalarType::kF16x2 ? ScalarType::kF16 : ScalarType::kBf16;
}

bool half_holds(const Lane& lane, unsigned shift) {
  const Format& format = format_of(half_of(lane.type()));
  const auto operand = [&](unsigned index) {
    const Real value = decode(lane.bits(index) >> shift, format);
    return lane.has("ftz") ? flush(value, format) : value;
  };
  const Real a = operand(1), b = operand(2);
  const bool unordered = a.is_nan() || b.is_nan();
  return holds(comparison_of(lane), {unordered ? 0 : compare(a, b), unordered});
}

void setp_halves(Lane& lane) {
  const bool low = combine(lane, half_holds(lane, 0), 3);
  const bool high = combine(lane, half_holds(lane, 16), 3);
  lane.set_predicate(0, low);
  lane.set_pair(0, high ? 1 : 0);
}

void set_halves(Lane& lane) {
  const ScalarType to = lane.type(0);
  Bits result = 0;
  for (unsigned shift : {0u, 16u})
    if (combine(lane, half_holds(lane, shift), 3))
      result |= (kernels::ptx::kind_of(to) == TypeKind::kPacked &&
                         (to == ScalarType::kF16x2 || to == ScalarType::kBf16x2)
                     ? encode(one(), format_of(half_of(to)))
                     : Bits{0xffff})
                << shift;
  lane.set(0, result);
}

void selp(Lane& lane) {
  lane.set(0, lane.bits(lane.predicate(3) ? 1 : 2));
}

/// c >= 0 ? a : b; -0 is 0, and a NaN takes b.
void slct(Lane& lane) {
  const ScalarType to = lane.type(0), by = lane.type(1);
  bool first = false;
  if (by == ScalarType::kF32) {
    const Real c = lane.real(3, by);
    first = !c.is_nan() && (c.is_zero() || !c.negative);
  } else {
    first = lane.integer(3, by) >= 0;
  }
  lane.set(0, lane.bits(first ? 1 : 2, to));
}

constexpr Row kRows[] = {
    {"setp.<compare>{.and|or|xor}{.ftz}.b16|b32|b64|u16|u32|u64|s16|s32|s64|f16|bf16|f32|f64",
     setp},
    {"setp.<compare>{.and|or|xor}{.ftz}.f16x2|bf16x2", setp_halves},
    {"set.<compare>{.and|or|xor}{.ftz}.u16|s16|u32|s32|f16|bf16|f32"
     ".b16|b32|b64|u16|u32|u64|s16|s32|s64|f16|bf16|f32|f64",
     set},
    {"set.<compare>{.and|or|xor}{.ftz}.f16x2|bf16x2|u32|s32.f16x2|bf16x2", set_halves},
    {"selp.b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64", selp},
    {"slct{.ftz}.b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64.s32|f32", slct},
};

}  // namespace

Rows comparison_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
