// Extended-precision integer arithmetic (PTX ISA 9.0, section 9.7.2): a carry goes from one
// instruction to the next in CC.CF, which each thread has.

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

/// Without the sign: carries are those of unsigned numbers.
Integer pattern(const Lane& lane, unsigned index) {
  return static_cast<Integer>(lane.bits(index));
}

void finish(Lane& lane, Integer value, bool carry) {
  lane.set(0, to_bits(value));
  if (lane.has("cc")) lane.thread->carry = carry;
}

Integer carry_in(const Lane& lane, bool takes) {
  return takes && lane.thread->carry ? 1 : 0;
}

template <bool takes_carry>
void add(Lane& lane) {
  const Integer value = pattern(lane, 1) + pattern(lane, 2) + carry_in(lane, takes_carry);
  finish(lane, value, value >> lane.width() != 0);
}

template <bool takes_carry>
void sub(Lane& lane) {
  const Integer value = pattern(lane, 1) - pattern(lane, 2) - carry_in(lane, takes_carry);
  finish(lane, value, value < 0);
}

template <bool takes_carry>
void mad(Lane& lane) {
  Integer term = lane.integer(1) * lane.integer(2);
  if (lane.has("hi")) term >>= lane.width();
  const Integer low = static_cast<Integer>(low_bits(to_bits(term), lane.width()));
  const Integer value = low + pattern(lane, 3) + carry_in(lane, takes_carry);
  finish(lane, value, value >> lane.width() != 0);
}

constexpr Row kRows[] = {
    {"add.cc.u32|s32|u64|s64", add<false>},       {"addc{.cc}.u32|s32|u64|s64", add<true>},
    {"sub.cc.u32|s32|u64|s64", sub<false>},       {"subc{.cc}.u32|s32|u64|s64", sub<true>},
    {"mad.hi|lo.cc.u32|s32|u64|s64", mad<false>}, {"madc.hi|lo{.cc}.u32|s32|u64|s64", mad<true>},
};

}  // namespace

Rows extended_precision_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
