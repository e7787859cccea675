// Integer arithmetic instructions (PTX ISA 9.0, section 9.7.1).

#include <algorithm>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

// --- Exact functions of exact integers; the result is wrapped to the instruction's type

Integer sum(Integer a, Integer b) {
  return a + b;
}
Integer difference(Integer a, Integer b) {
  return a - b;
}
Integer minimum(Integer a, Integer b) {
  return std::min(a, b);
}
Integer maximum(Integer a, Integer b) {
  return std::max(a, b);
}
Integer magnitude(Integer a) {
  return a < 0 ? -a : a;
}
Integer negative(Integer a) {
  return -a;
}

// Division by zero gives an unspecified value; all ones is what GPUs are known for.
Integer quotient(Integer a, Integer b) {
  return b == 0 ? Integer{-1} : a / b;
}
Integer remainder(Integer a, Integer b) {
  return b == 0 ? Integer{-1} : a % b;
}

template <Integer (*function)(Integer)>
void unary(Lane& lane) {
  lane.set_integer(0, function(lane.integer(1)));
}

template <Integer (*function)(Integer, Integer)>
void binary(Lane& lane) {
  lane.set_integer(0, function(lane.integer(1), lane.integer(2)));
}

template <Integer (*function)(Integer, Integer)>
void saturating(Lane& lane) {
  lane.set_integer(0, clamp(function(lane.integer(1), lane.integer(2)), lane.type()));
}

template <Integer (*function)(Integer, Integer)>
void at_least_zero(Lane& lane) {
  lane.set_integer(0, std::max(function(lane.integer(1), lane.integer(2)), Integer{0}));
}

/// Two 16-bit integers in a register, each on its own.
template <Integer (*function)(Integer, Integer)>
void on_halves(Lane& lane) {
  const ScalarType half = lane.type() == ScalarType::kU16x2 ? ScalarType::kU16 : ScalarType::kS16;
  Bits result = 0;
  for (unsigned shift : {0u, 16u}) {
    Integer value =
        function(to_integer(lane.bits(1) >> shift, half), to_integer(lane.bits(2) >> shift, half));
    if (lane.has("relu")) value = std::max(value, Integer{0});
    result |= low_bits(to_bits(value), 16) << shift;
  }
  lane.set(0, result);
}

// --- Products: the low half, the high half, or all of it

ScalarType twice_as_wide(ScalarType type) {
  using enum ScalarType;
  switch (type) {
    case kU16:
      return kU32;
    case kS16:
      return kS32;
    case kU32:
      return kU64;
    case kS32:
      return kS64;
    default:
      throw Fault(FaultKind::kInvalid, "No type is twice as wide.");
  }
}

void mul_lo(Lane& lane) {
  lane.set_integer(0, lane.integer(1) * lane.integer(2));
}
void mul_hi(Lane& lane) {
  lane.set_integer(0, lane.integer(1) * lane.integer(2) >> lane.width());
}
void mul_wide(Lane& lane) {
  lane.set_integer(0, lane.integer(1) * lane.integer(2), twice_as_wide(lane.type()));
}
void mad_lo(Lane& lane) {
  lane.set_integer(0, lane.integer(1) * lane.integer(2) + lane.integer(3));
}
void mad_hi(Lane& lane) {
  lane.set_integer(0, (lane.integer(1) * lane.integer(2) >> lane.width()) + lane.integer(3));
}
void mad_hi_sat(Lane& lane) {
  const Integer high = lane.integer(1) * lane.integer(2) >> lane.width();
  lane.set_integer(0, clamp(high + lane.integer(3), lane.type()));
}
void mad_wide(Lane& lane) {
  const ScalarType wide = twice_as_wide(lane.type());
  lane.set_integer(0, lane.integer(1) * lane.integer(2) + lane.integer(3, wide), wide);
}

// --- 24-bit products: bits 0..31 or 16..47 of the 48

Integer product24(const Lane& lane) {
  const auto operand = [&](unsigned index) {
    return to_integer(lane.bits(index), 24, is_signed(lane.type()));
  };
  return operand(1) * operand(2) >> (lane.has("hi") ? 16 : 0);
}
void mul24(Lane& lane) {
  lane.set_integer(0, product24(lane));
}
void mad24(Lane& lane) {
  // The product is a 32-bit number before the sum.
  const Integer result = wrap(product24(lane), lane.type()) + lane.integer(3);
  lane.set_integer(0, lane.has("sat") ? clamp(result, lane.type()) : result);
}

void sad(Lane& lane) {
  lane.set_integer(0, lane.integer(3) + magnitude(lane.integer(1) - lane.integer(2)));
}

// --- Bits

void popc(Lane& lane) {
  unsigned count = 0;
  for (unsigned i = 0; i < lane.width(); ++i) count += bit(lane.bits(1), i);
  lane.set(0, count);
}

void clz(Lane& lane) {
  unsigned count = 0;
  while (count < lane.width() && !bit(lane.bits(1), lane.width() - 1 - count)) ++count;
  lane.set(0, count);
}

/// The place of the highest bit that is not a copy of the sign, or all ones.
void bfind(Lane& lane) {
  const Integer value = lane.integer(1);
  const Bits pattern = low_bits(to_bits(value < 0 ? ~value : value), lane.width());
  for (unsigned i = lane.width(); i-- > 0;)
    if (bit(pattern, i)) return lane.set(0, lane.has("shiftamt") ? lane.width() - 1 - i : i);
  lane.set(0, 0xffffffff);
}

void brev(Lane& lane) {
  Bits result = 0;
  for (unsigned i = 0; i < lane.width(); ++i)
    result |= Bits{bit(lane.bits(1), i)} << (lane.width() - 1 - i);
  lane.set(0, result);
}

void bfe(Lane& lane) {
  const Bits a = lane.bits(1);
  const unsigned top = lane.width() - 1;
  const unsigned position = lane.u32(2) & 0xff, length = lane.u32(3) & 0xff;
  const bool sign =
      is_signed(lane.type()) && length != 0 && bit(a, std::min(position + length - 1, top));
  Bits result = 0;
  for (unsigned i = 0; i <= top; ++i) {
    const bool inside = i < length && position + i <= top;
    result |= Bits{inside ? bit(a, position + i) : sign} << i;
  }
  lane.set(0, result);
}

void bfi(Lane& lane) {
  const Bits inserted = lane.bits(1);
  Bits result = lane.bits(2);
  const unsigned position = lane.u32(3) & 0xff, length = lane.u32(4) & 0xff;
  for (unsigned i = 0; i < length && position + i < lane.width(); ++i) {
    const Bits place = Bits{1} << (position + i);
    result = bit(inserted, i) ? result | place : result & ~place;
  }
  lane.set(0, result);
}

void bmsk(Lane& lane) {
  const std::uint32_t a = lane.u32(1), b = lane.u32(2);
  const bool clamped = lane.has("clamp");
  const unsigned begin = a & 31, end = begin + (b & 31);
  std::uint32_t from = ~0u << begin;
  if (clamped && a >= 32) from = 0;
  const bool to_the_top = end >= 32 || (clamped && (a >= 32 || b >= 32));
  const std::uint32_t above = to_the_top ? 0 : ~0u << end;
  lane.set(0, from & ~above);
}

void szext(Lane& lane) {
  const std::uint32_t b = lane.u32(2);
  const unsigned bits = b & 31;
  if (lane.has("clamp") && b >= 32) return lane.set(0, lane.bits(1));
  // Of no bits at all, nothing is left, not even a sign.
  lane.set(0, bits == 0 ? 0 : to_bits(to_integer(lane.bits(1), bits, is_signed(lane.type()))));
}

void fns(Lane& lane) {
  const std::uint32_t mask = lane.u32(1);
  const auto n = static_cast<std::int32_t>(lane.u32(3));
  std::int64_t place = lane.u32(2);
  std::int64_t left = n < 0 ? -std::int64_t{n} : n == 0 ? 1 : n;
  const std::int64_t end = n == 0 ? place + 1 : 32;
  for (; place >= 0 && place < std::min<std::int64_t>(end, 32); place += n < 0 ? -1 : 1)
    if (bit(mask, static_cast<unsigned>(place)) && --left == 0)
      return lane.set(0, static_cast<Bits>(place));
  lane.set(0, 0xffffffff);
}

// --- Dot products of bytes

ScalarType byte_like(ScalarType type) {
  return is_signed(type) ? ScalarType::kS8 : ScalarType::kU8;
}
ScalarType half_like(ScalarType type) {
  return is_signed(type) ? ScalarType::kS16 : ScalarType::kU16;
}

ScalarType result_of_dot(const Lane& lane) {
  return is_signed(lane.type(0)) || is_signed(lane.type(1)) ? ScalarType::kS32 : ScalarType::kU32;
}

void dp4a(Lane& lane) {
  Integer result = lane.integer(3, result_of_dot(lane));
  for (unsigned i = 0; i < 4; ++i)
    result += to_integer(lane.u32(1) >> (8 * i), byte_like(lane.type(0))) *
              to_integer(lane.u32(2) >> (8 * i), byte_like(lane.type(1)));
  lane.set_integer(0, result, result_of_dot(lane));
}

void dp2a(Lane& lane) {
  Integer result = lane.integer(3, result_of_dot(lane));
  const std::uint32_t bytes = lane.u32(2) >> (lane.has("hi") ? 16 : 0);
  for (unsigned i = 0; i < 2; ++i)
    result += to_integer(lane.u32(1) >> (16 * i), half_like(lane.type(0))) *
              to_integer(bytes >> (8 * i), byte_like(lane.type(1)));
  lane.set_integer(0, result, result_of_dot(lane));
}

constexpr Row kRows[] = {
    {"add.<int>", binary<sum>},
    {"add.sat.s32", saturating<sum>},
    {"add.u16x2|s16x2", on_halves<sum>},
    {"sub.<int>", binary<difference>},
    {"sub.sat.s32", saturating<difference>},
    {"sub.u16x2|s16x2", on_halves<difference>},
    {"mul.lo.<int>", mul_lo},
    {"mul.hi.<int>", mul_hi},
    {"mul.wide.u16|u32|s16|s32", mul_wide},
    {"mad.lo.<int>", mad_lo},
    {"mad.hi.<int>", mad_hi},
    {"mad.hi.sat.s32", mad_hi_sat},
    {"mad.wide.u16|u32|s16|s32", mad_wide},
    {"mul24.hi|lo.u32|s32", mul24},
    {"mad24.hi|lo.u32|s32", mad24},
    {"mad24.hi.sat.s32", mad24},
    {"sad.<int>", sad},
    {"div.<int>", binary<quotient>},
    {"rem.<int>", binary<remainder>},
    {"abs.s16|s32|s64", unary<magnitude>},
    {"neg.s16|s32|s64", unary<negative>},
    {"min.<int>", binary<minimum>},
    {"min.relu.s32", at_least_zero<minimum>},
    {"min.u16x2|s16x2", on_halves<minimum>},
    {"min.relu.s16x2", on_halves<minimum>},
    {"max.<int>", binary<maximum>},
    {"max.relu.s32", at_least_zero<maximum>},
    {"max.u16x2|s16x2", on_halves<maximum>},
    {"max.relu.s16x2", on_halves<maximum>},
    {"popc.b32|b64", popc},
    {"clz.b32|b64", clz},
    {"bfind{.shiftamt}.u32|u64|s32|s64", bfind},
    {"fns.b32", fns},
    {"brev.b32|b64", brev},
    {"bfe.u32|u64|s32|s64", bfe},
    {"bfi.b32|b64", bfi},
    {"szext.clamp|wrap.u32|s32", szext},
    {"bmsk.clamp|wrap.b32", bmsk},
    {"dp4a.u32|s32.u32|s32", dp4a},
    {"dp2a.lo|hi.u32|s32.u32|s32", dp2a},
};

}  // namespace

Rows integer_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
