// Numbers are doubles, which hold every f32 and every integer of 32 bits: an operation on them is
// exact, or rounds once, to the host's rounding mode. Which is set by the caller.

#include "ptx/exhaustive/host_form.h"

#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>
#include <limits>
#include <vector>

namespace cuda_shim::tests {
namespace {

using Words = std::vector<std::string_view>;

/// A loop around a function, so that what the form says is asked outside of it.
template <std::uint64_t (*function)(const HostForm&, std::uint32_t)>
void each(const HostForm& form, std::uint32_t first, std::span<std::uint64_t> results) {
  const HostForm own = form;
  for (std::size_t i = 0; i < results.size(); ++i)
    results[i] = function(own, first + static_cast<std::uint32_t>(i));
}

constexpr std::uint32_t kSign = 0x80000000, kExponent = 0x7f800000, kNan = 0x7fffffff;

std::uint32_t flushed(const HostForm& form, std::uint32_t bits) {
  return form.ftz && (bits & kExponent) == 0 ? bits & kSign : bits;
}
bool is_nan(std::uint32_t bits) {
  return (bits & ~kSign) > kExponent;
}
float as_float(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}

// --- Rounding

std::uint64_t low_bits(unsigned bits) {
  return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

std::uint64_t canonical_nan(const HostFormat& format) {
  if (format.bits == 64) return 0x7ff8000000000000;
  return low_bits(format.bits - format.padding - 1) << format.padding;
}

/// Counts whole multiples of the distance between the format's numbers around here. Without
/// branches, as are the others below, so that vectors of the host's work them out.
[[gnu::always_inline]] inline std::uint64_t narrowed(const HostForm& form, double value) {
  const HostFormat& format = form.to_format;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  if (format.bits == 64) return std::isnan(value) ? canonical_nan(format) : bits;
  const int bias = (1 << (format.exponent_bits - 1)) - 1;
  const auto mantissa = static_cast<int>(format.mantissa_bits);
  const bool negative = bits >> 63 != 0;
  const std::uint64_t infinity = low_bits(format.exponent_bits) << mantissa;

  const int exponent = std::max(static_cast<int>(bits >> 52 & 0x7ff) - 1023, 1 - bias);
  const auto scale =
      std::bit_cast<double>(static_cast<std::uint64_t>(mantissa - exponent + 1023) << 52);
  const double count = std::fabs(std::nearbyint(value * scale));
  // The exponent's lowest bit is the mantissa's carry.
  const std::uint64_t finite = (static_cast<std::uint64_t>(exponent + bias - 1) << mantissa) +
                               static_cast<std::uint64_t>(static_cast<std::int64_t>(count));

  const bool to_largest = form.satfinite || form.rounding == FE_TOWARDZERO ||
                          (form.rounding == FE_UPWARD && negative) ||
                          (form.rounding == FE_DOWNWARD && !negative);
  const std::uint64_t overflow = infinity - (to_largest ? 1 : 0);
  const std::uint64_t infinite = infinity - (form.satfinite ? 1 : 0);
  const std::uint64_t magnitude =
      std::isinf(value) ? infinite : (finite >= infinity ? overflow : finite);
  const std::uint64_t sign = std::uint64_t{negative} << (format.bits - format.padding - 1);
  return std::isnan(value) ? canonical_nan(format) : (sign | magnitude) << format.padding;
}

[[gnu::always_inline]] inline std::uint64_t clamped(const HostInteger& type, double value) {
  const auto half = static_cast<double>(std::uint64_t{1} << (type.bits - 1));
  const double least = type.is_signed ? -half : 0;
  const double limit = type.is_signed ? half : 2 * half;
  const std::uint64_t of_nan = type.bits == 64 ? std::uint64_t{1} << 63 : 0;
  const std::uint64_t lowest = type.is_signed ? ~low_bits(type.bits - 1) : 0;
  const std::uint64_t highest = low_bits(type.bits - (type.is_signed ? 1 : 0));
  const std::uint64_t within = value < 0
                                   ? static_cast<std::uint64_t>(static_cast<std::int64_t>(value))
                                   : static_cast<std::uint64_t>(value);
  if (std::isnan(value)) return of_nan;
  return value < least ? lowest : (value >= limit ? highest : within);
}

/// As registers hold it.
std::uint64_t in_register(const HostInteger& type, std::uint64_t value) {
  return type.bits == 64 ? value : value & 0xffffffff;
}

std::int64_t extended(const HostInteger& type, std::uint64_t value) {
  const unsigned unused = 64 - type.bits;
  return type.is_signed ? static_cast<std::int64_t>(value << unused) >> unused
                        : static_cast<std::int64_t>(value << unused >> unused);
}

// --- Conversions

std::uint64_t integer_from_integer(const HostForm& form, std::uint32_t operand) {
  std::int64_t value = extended(form.from_integer, operand);
  if (form.sat)
    return in_register(form.to_integer, clamped(form.to_integer, static_cast<double>(value)));
  value = extended(form.to_integer, static_cast<std::uint64_t>(value));
  return in_register(form.to_integer, static_cast<std::uint64_t>(value));
}

std::uint64_t integer_from_float(const HostForm& form, std::uint32_t operand) {
  const double value = as_float(flushed(form, operand));
  return in_register(form.to_integer, clamped(form.to_integer, std::nearbyint(value)));
}

double saturated(double value) {
  return value > 0 ? std::min(value, 1.0) : 0;  // of a NaN, too
}

std::uint64_t float_from_integer(const HostForm& form, std::uint32_t operand) {
  const auto value = static_cast<double>(extended(form.from_integer, operand));
  return narrowed(form, form.sat ? saturated(value) : value);
}

std::uint64_t float_from_float(const HostForm& form, std::uint32_t operand) {
  double value = as_float(flushed(form, operand));
  if (form.to_integral) value = std::nearbyint(value);
  if (form.sat) value = saturated(value);
  if (form.relu && value <= 0) value = 0;
  return narrowed(form, value);
}

// --- Arithmetic

std::uint64_t result_of(const HostForm& form, float value) {
  if (std::isnan(value)) return kNan;
  return flushed(form, std::bit_cast<std::uint32_t>(value));
}
std::uint64_t reciprocal(const HostForm& form, std::uint32_t operand) {
  return result_of(form, 1.0F / as_float(flushed(form, operand)));
}
std::uint64_t square_root(const HostForm& form, std::uint32_t operand) {
  return result_of(form, std::sqrt(as_float(flushed(form, operand))));
}
std::uint64_t absolute(const HostForm& form, std::uint32_t operand) {
  return is_nan(operand) ? kNan : flushed(form, operand) & ~kSign;
}
std::uint64_t negated(const HostForm& form, std::uint32_t operand) {
  return is_nan(operand) ? kNan : flushed(form, operand) ^ kSign;
}

// --- Integers

std::uint64_t integer_absolute(const HostForm&, std::uint32_t a) {
  return (a & kSign) != 0 ? 0u - a : a;
}
std::uint64_t integer_negated(const HostForm&, std::uint32_t a) {
  return 0u - a;
}
std::uint64_t count_of_ones(const HostForm&, std::uint32_t a) {
  return static_cast<std::uint64_t>(std::popcount(a));
}
std::uint64_t leading_zeros(const HostForm&, std::uint32_t a) {
  return static_cast<std::uint64_t>(std::countl_zero(a));
}
std::uint64_t reversed(const HostForm&, std::uint32_t a) {
  std::uint32_t result = 0;
  for (unsigned i = 0; i < 32; ++i) result |= (a >> i & 1) << (31 - i);
  return result;
}
std::uint64_t complement(const HostForm&, std::uint32_t a) {
  return std::uint32_t{~a};
}
std::uint64_t is_zero(const HostForm&, std::uint32_t a) {
  return a == 0;
}

/// The highest bit that differs from the sign; -1 if there is none.
template <bool is_signed, bool from_top>
std::uint64_t found_bit(const HostForm&, std::uint32_t a) {
  const std::uint32_t bits = is_signed && (a & kSign) != 0 ? ~a : a;
  if (bits == 0) return 0xffffffff;
  const auto above = static_cast<unsigned>(std::countl_zero(bits));
  return from_top ? above : 31 - above;
}

template <int category>  // as the words of testp
std::uint64_t tested(const HostForm&, std::uint32_t a) {
  const float value = as_float(a);
  if (category == 0) return std::isfinite(value);
  if (category == 1) return std::isinf(value);
  if (category == 2) return !std::isnan(value);
  if (category == 3) return std::isnan(value);
  return category == 4 ? std::isnormal(value) : (a & ~kSign) != 0 && (a & kExponent) == 0;
}

struct NamedFunction {
  std::string_view name;
  decltype(HostForm::results) results;
};
constexpr NamedFunction kWhole[] = {
    {"abs.s32", each<integer_absolute>},
    {"neg.s32", each<integer_negated>},
    {"popc.b32", each<count_of_ones>},
    {"clz.b32", each<leading_zeros>},
    {"brev.b32", each<reversed>},
    {"not.b32", each<complement>},
    {"cnot.b32", each<is_zero>},
    {"bfind.u32", each<found_bit<false, false>>},
    {"bfind.s32", each<found_bit<true, false>>},
    {"bfind.shiftamt.u32", each<found_bit<false, true>>},
    {"bfind.shiftamt.s32", each<found_bit<true, true>>},
    {"testp.finite.f32", each<tested<0>>},
    {"testp.infinite.f32", each<tested<1>>},
    {"testp.number.f32", each<tested<2>>},
    {"testp.notanumber.f32", each<tested<3>>},
    {"testp.normal.f32", each<tested<4>>},
    {"testp.subnormal.f32", each<tested<5>>},
};
constexpr NamedFunction kArithmetic[] = {{"rcp", each<reciprocal>},
                                         {"sqrt", each<square_root>},
                                         {"abs", each<absolute>},
                                         {"neg", each<negated>}};

// --- Names

Words words_of(std::string_view name) {
  Words words;
  for (std::size_t end = 0; end != name.npos; name.remove_prefix(end == name.npos ? 0 : end + 1)) {
    end = name.find('.');
    words.push_back(name.substr(0, end));
  }
  return words;
}

bool contains(const Words& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

int rounding_of(const Words& words) {
  struct Mode {
    std::string_view word, integral;
    int mode;
  };
  constexpr Mode kModes[] = {
      {"rz", "rzi", FE_TOWARDZERO}, {"rm", "rmi", FE_DOWNWARD}, {"rp", "rpi", FE_UPWARD}};
  for (const Mode& mode : kModes)
    if (contains(words, mode.word) || contains(words, mode.integral)) return mode.mode;
  return FE_TONEAREST;
}

std::optional<HostInteger> integer_named(std::string_view type) {
  struct Row {
    std::string_view name;
    HostInteger type;
  };
  constexpr Row kRows[] = {{"u8", {8, false}},   {"s8", {8, true}},    {"u16", {16, false}},
                           {"s16", {16, true}},  {"u32", {32, false}}, {"s32", {32, true}},
                           {"u64", {64, false}}, {"s64", {64, true}}};
  for (const Row& row : kRows)
    if (row.name == type) return row.type;
  return std::nullopt;
}

std::optional<HostFormat> format_named(std::string_view type) {
  struct Row {
    std::string_view name;
    HostFormat format;
  };
  constexpr Row kRows[] = {{"f16", {16, 5, 10}},
                           {"bf16", {16, 8, 7}},
                           {"f32", {32, 8, 23}},
                           {"tf32", {32, 8, 10, 13}},
                           {"f64", {64, 11, 52}}};
  for (const Row& row : kRows)
    if (row.name == type) return row.format;
  return std::nullopt;
}

/// By the last two words.
bool take_conversion(const Words& words, HostForm& form) {
  if (words.size() < 3 || contains(words, "rna")) return false;
  const std::string_view to = words[words.size() - 2], from = words.back();
  const auto to_integer = integer_named(to), from_integer = integer_named(from);
  const auto to_format = format_named(to);
  if ((!to_integer && !to_format) || (!from_integer && from != "f32")) return false;
  if (to_integer) form.to_integer = *to_integer;
  if (from_integer) form.from_integer = *from_integer;
  if (to_format) form.to_format = *to_format;
  form.results = to_integer ? from_integer ? each<integer_from_integer> : each<integer_from_float>
                 : from_integer ? each<float_from_integer>
                                : each<float_from_float>;
  for (std::string_view word : {"rni", "rzi", "rmi", "rpi"})
    form.to_integral = form.to_integral || contains(words, word);
  return true;
}

}  // namespace

std::optional<HostForm> find_host_form(std::string_view name) {
  HostForm form;
  for (const NamedFunction& row : kWhole)
    if (row.name == name) form.results = row.results;
  const Words words = words_of(name);
  form.rounding = rounding_of(words);
  form.ftz = contains(words, "ftz");
  form.sat = contains(words, "sat");
  form.relu = contains(words, "relu");
  form.satfinite = contains(words, "satfinite");
  const bool arithmetic = words.back() == "f32" && !contains(words, "approx");
  for (const NamedFunction& row : kArithmetic)
    if (arithmetic && words.front() == row.name) form.results = row.results;
  if (words.front() == "cvt" && !take_conversion(words, form)) return std::nullopt;
  if (form.results == nullptr) return std::nullopt;
  return form;
}

}  // namespace cuda_shim::tests
