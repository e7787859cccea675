// cvt between f32, f16x2, bf16x2 and the formats of 8 bits and fewer (PTX ISA
// 9.0, section 9.7.9.21).

#include <algorithm>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

/// A packed type: what its elements are, and the bits that each has to itself.
struct Packing {
  std::string_view format;
  unsigned count;
  unsigned bits;
};

/// "e4m3x2": e4m3, two of them, in 8 bits each. Six-bit formats have a byte, four-bit ones a
/// nibble.
Packing packing_of(ScalarType type) {
  const std::string_view name = kernels::ptx::spelling_of(type);
  const std::size_t x = name.rfind('x');
  const std::string_view format = name.substr(0, x);
  const unsigned bits = format == "ue8m0" ? 8 : format_named(format).bits;
  return {format, static_cast<unsigned>(name[x + 1] - '0'), bits == 6 ? 8 : bits};
}

// --- ue8m0: a power of two, of which only the exponent is kept; there is neither sign nor zero

constexpr int kScaleBias = 127;
constexpr Bits kScaleNan = 0xff;

Bits encode_scale(const Real& value, Rounding rounding, bool finite) {
  if (value.is_nan()) return kScaleNan;
  if (value.is_infinite()) return finite ? kScaleNan - 1 : kScaleNan;
  if (value.is_zero()) return 0;
  int exponent = value.exponent;
  Wide rest = value.significand;
  bool is_power = true;
  for (; rest > 1; rest >>= 1, ++exponent) is_power &= (rest & 1) == 0;
  if (rounding == Rounding::kUp && !is_power) ++exponent;
  if (exponent + kScaleBias < 0) return 0;
  if (exponent + kScaleBias >= static_cast<int>(kScaleNan))
    return finite ? kScaleNan - 1 : kScaleNan;
  return static_cast<Bits>(exponent + kScaleBias);
}

Real decode_scale(Bits bits) {
  return bits == kScaleNan ? nan() : scaled(one(), static_cast<int>(bits) - kScaleBias);
}

// --- Elements

Bits encode_element(const Lane& lane, const Real& value, std::string_view format) {
  if (format == "ue8m0") return encode_scale(value, lane.rounding(), lane.has("satfinite"));
  const Format& to = format_named(format);
  if (lane.has("relu") && value.negative && !value.is_nan()) return 0;
  return lane.has("satfinite") ? encode_finite(value, to, lane.rounding())
                               : encode(value, to, lane.rounding());
}

Real decode_element(Bits bits, std::string_view format) {
  return format == "ue8m0" ? decode_scale(bits) : decode(bits, format_named(format));
}

/// Two f32 to a pair: the first operand becomes the upper element.
void from_two(Lane& lane) {
  const Packing to = packing_of(lane.type(0));
  const auto element = [&](unsigned operand) {
    const Real value = decode(lane.bits(operand, ScalarType::kF32), format_named("f32"));
    return encode_element(lane, value, to.format);
  };
  lane.set(0, element(1) << to.bits | element(2));
}

/// A pair to a pair.
void from_pair(Lane& lane) {
  const Packing to = packing_of(lane.type(0)), from = packing_of(lane.type(1));
  const Bits bits = lane.bits(1, lane.type(1));
  Bits result = 0;
  for (unsigned i = 0; i < 2; ++i) {
    const Real value = decode_element(low_bits(bits >> (i * from.bits), from.bits), from.format);
    result |= encode_element(lane, value, to.format) << (i * to.bits);
  }
  lane.set(0, result);
}

// --- Stochastic rounding (.rs): a random fraction of the last place is added to the magnitude, and
// what is behind the last place is cut off.

/// Exponent of the last place of the value in the format.
int last_place(const Real& value, const Format& format) {
  int exponent = value.exponent;
  for (Wide rest = value.significand; rest > 1; rest >>= 1) ++exponent;
  return std::max(exponent, 1 - format.bias()) - static_cast<int>(format.mantissa_bits);
}

Bits encode_stochastic(const Lane& lane, const Real& value, std::string_view name, Bits random,
                       unsigned random_bits) {
  const Format& format = format_named(name);
  if (value.is_nan()) return encode(value, format);
  if (lane.has("relu") && value.negative) return 0;
  Real magnitude = absolute(value);
  if (!value.is_infinite() && !value.is_zero()) {
    const Real fraction = from_integer(Integer{static_cast<std::int64_t>(random)});
    const int place = last_place(value, format) - static_cast<int>(random_bits);
    magnitude = add(magnitude, scaled(fraction, place));
  }
  // Cutting off never overflows by itself: beyond the largest number, the next one is infinity.
  const Real largest = decode(format.largest, format);
  const Real next = add(largest, scaled(one(), last_place(largest, format)));
  const bool overflows = value.is_infinite() || compare(magnitude, next) >= 0;
  const bool finite = lane.has("satfinite");
  const Bits bits = !overflows ? encode_finite(magnitude, format, Rounding::kZero)
                    : finite   ? format.largest
                               : format.infinity;
  return bits | static_cast<Bits>(value.negative) << (format.bits - format.padding - 1);
}

/// d, a, b, random: a becomes the upper element and has the upper half of the random bits, of which
/// as many count as f32 has mantissa bits more.
void stochastic_pair(Lane& lane) {
  const std::string_view name = lane.type(0) == ScalarType::kF16x2 ? "f16" : "bf16";
  const unsigned random_bits = 23 - format_named(name).mantissa_bits;
  Bits result = 0;
  for (unsigned part : {0u, 1u}) {
    const Real value = decode(lane.bits(2 - part, ScalarType::kF32), format_named("f32"));
    const Bits random = low_bits(Bits{lane.u32(3)} >> (16 * part), random_bits);
    result |= encode_stochastic(lane, value, name, random, random_bits) << (16 * part);
  }
  lane.set(0, result);
}

/// d, {a, b, e, f}, random: a becomes the uppermost element. Which random bits are whose, figures
/// show only; all clear and all set mean the same for everybody.
void stochastic_four(Lane& lane) {
  constexpr unsigned kRandomBits = 8;
  const Packing to = packing_of(lane.type(0));
  const std::uint32_t random = lane.u32(2);
  if (random != 0 && ~random != 0)
    throw Fault(FaultKind::kUnsupported, "How four elements share random bits is not known.");
  Bits result = 0;
  for (const Argument& element : lane.argument(1).elements) {
    const Real value = decode(lane.bits(element, ScalarType::kF32), format_named("f32"));
    result = result << to.bits |
             encode_stochastic(lane, value, to.format, low_bits(random, kRandomBits), kRandomBits);
  }
  lane.set(0, result);
}

constexpr Row kRows[] = {
    {"cvt.rs{.relu}{.satfinite}.f16x2|bf16x2.f32", stochastic_pair},
    {"cvt.rs{.relu}.satfinite.e4m3x4|e5m2x4|e2m1x4|e2m3x4|e3m2x4.f32", stochastic_four},
    {"cvt.rn.satfinite{.relu}.e4m3x2|e5m2x2|e2m1x2|e2m3x2|e3m2x2.f32", from_two},
    {"cvt.rn.satfinite{.relu}.e4m3x2|e5m2x2.f16x2", from_pair},
    {"cvt.rn{.relu}.f16x2.e4m3x2|e5m2x2|e2m1x2|e2m3x2|e3m2x2", from_pair},
    {"cvt.rz|rp{.satfinite}.ue8m0x2.f32", from_two},
    {"cvt.rz|rp{.satfinite}.ue8m0x2.bf16x2", from_pair},
    {"cvt.rn.bf16x2.ue8m0x2", from_pair},
};

}  // namespace

Rows conversion_packed_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
