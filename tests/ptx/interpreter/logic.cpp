// Logic and shift instructions (PTX ISA 9.0, section 9.7.8).

#include <algorithm>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

Bits conjunction(Bits a, Bits b) {
  return a & b;
}
Bits disjunction(Bits a, Bits b) {
  return a | b;
}
Bits exclusive(Bits a, Bits b) {
  return a ^ b;
}

/// A predicate operand may be written `!p`.
Bits operand(const Lane& lane, unsigned index) {
  return lane.type() == ScalarType::kPred ? Bits{lane.predicate(index)} : lane.bits(index);
}

template <Bits (*function)(Bits, Bits)>
void binary(Lane& lane) {
  lane.set(0, function(operand(lane, 1), operand(lane, 2)));
}

void complement(Lane& lane) {
  lane.set(0, low_bits(~operand(lane, 1), lane.width()));
}

/// C's logical negation.
void cnot(Lane& lane) {
  lane.set(0, lane.bits(1) == 0 ? 1 : 0);
}

/// Bit i of the table is the result where a, b, c have the bits of i, a's the highest.
std::uint32_t look_up(const Lane& lane) {
  const std::uint32_t a = lane.u32(1), b = lane.u32(2), c = lane.u32(3), table = lane.u32(4);
  std::uint32_t result = 0;
  for (unsigned i = 0; i < 32; ++i) {
    const unsigned index = 4u * bit(a, i) + 2u * bit(b, i) + bit(c, i);
    result |= std::uint32_t{bit(table, index)} << i;
  }
  return result;
}

void lop3(Lane& lane) {
  lane.set(0, look_up(lane));
}

void lop3_with_predicate(Lane& lane) {
  const std::uint32_t result = look_up(lane);
  const bool q = lane.predicate(5), set = result != 0;
  lane.set_pair(0, lane.has("or") ? set || q : set && q);
  lane.set(0, result);
}

// --- Shifts: by more than the width is by the width

unsigned amount(const Lane& lane) {
  return std::min(lane.u32(2), lane.width());
}
void shl(Lane& lane) {
  lane.set(0, low_bits(lane.bits(1) << amount(lane), lane.width()));
}
void shr(Lane& lane) {
  lane.set_integer(0, lane.integer(1) >> amount(lane));
}

/// Of the 64 bits b:a, the upper half after a shift to the left, the lower one after one to the
/// right.
void shf(Lane& lane) {
  const Bits both = lane.bits(2) << 32 | lane.bits(1);
  const unsigned shift = lane.has("clamp") ? std::min(lane.u32(3), 32u) : lane.u32(3) & 31;
  lane.set(0, lane.has("l") ? both << shift >> 32 : both >> shift);
}

// --- Permutations of bytes

std::uint32_t byte_of(const Lane& lane, unsigned index) {
  return static_cast<std::uint32_t>((lane.bits(2) << 32 | lane.bits(1)) >> (8 * (index & 7))) &
         0xff;
}

/// Each nibble of the selector names a byte; its highest bit asks for copies of that byte's sign.
void prmt(Lane& lane) {
  std::uint32_t result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const std::uint32_t nibble = lane.u32(3) >> (4 * i);
    std::uint32_t byte = byte_of(lane, nibble & 7);
    if (bit(nibble, 3)) byte = bit(byte, 7) ? 0xff : 0;
    result |= byte << (8 * i);
  }
  lane.set(0, result);
}

/// Which byte a mode puts at place i, of the selector's two low bits.
template <unsigned (*source)(unsigned i, unsigned selector)>
void prmt_mode(Lane& lane) {
  std::uint32_t result = 0;
  for (unsigned i = 0; i < 4; ++i) result |= byte_of(lane, source(i, lane.u32(3) & 3)) << (8 * i);
  lane.set(0, result);
}

unsigned forward(unsigned i, unsigned selector) {
  return selector + i;
}
unsigned backward(unsigned i, unsigned selector) {
  return selector - i;
}
unsigned replicate(unsigned, unsigned selector) {
  return selector;
}
unsigned edge_left(unsigned i, unsigned selector) {
  return std::max(i, selector);
}
unsigned edge_right(unsigned i, unsigned selector) {
  return std::min(i, selector);
}
unsigned replicate_half(unsigned i, unsigned selector) {
  return (selector & 1) * 2 + (i & 1);
}

constexpr Row kRows[] = {
    {"and.pred|b16|b32|b64", binary<conjunction>},
    {"or.pred|b16|b32|b64", binary<disjunction>},
    {"xor.pred|b16|b32|b64", binary<exclusive>},
    {"not.pred|b16|b32|b64", complement},
    {"cnot.<bits>", cnot},
    {"lop3.b32", lop3},
    {"lop3.and|or.b32", lop3_with_predicate},
    {"shl.<bits>", shl},
    {"shr.<bits>", shr},
    {"shr.<int>", shr},
    {"shf.l|r.clamp|wrap.b32", shf},
    {"prmt.b32", prmt},
    {"prmt.b32.f4e", prmt_mode<forward>},
    {"prmt.b32.b4e", prmt_mode<backward>},
    {"prmt.b32.rc8", prmt_mode<replicate>},
    {"prmt.b32.ecl", prmt_mode<edge_left>},
    {"prmt.b32.ecr", prmt_mode<edge_right>},
    {"prmt.b32.rc16", prmt_mode<replicate_half>},
};

}  // namespace

Rows logic_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
