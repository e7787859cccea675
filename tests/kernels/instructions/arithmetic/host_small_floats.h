#pragma once
// Small floating-point formats by definition, for comparison: a table of all values of a format,
// and rounding by searching it.

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <vector>

namespace cuda_shim::kernels::instructions::testing {

/// The value of a pattern without its sign bit; specials are the caller's.
inline double decode(unsigned pattern, unsigned exponent_bits, unsigned mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = static_cast<int>(pattern >> mantissa_bits);
  const double mantissa = pattern & ((1u << mantissa_bits) - 1);
  if (exponent == 0) return std::ldexp(mantissa, 1 - bias - static_cast<int>(mantissa_bits));
  return std::ldexp(mantissa + (1u << mantissa_bits),
                    exponent - bias - static_cast<int>(mantissa_bits));
}

struct HostFormat {
  unsigned exponent_bits, mantissa_bits, largest, infinity, nan;
};

/// Rounds a double to the format in the host mode (FE_...), `finite` as .satfinite; the sign bit
/// goes on top.
inline unsigned encode(double value, const HostFormat& format, int mode, bool finite) {
  const unsigned sign =
      std::signbit(value) ? 1u << (format.exponent_bits + format.mantissa_bits) : 0;
  if (std::isnan(value)) return format.nan;
  const double magnitude = std::abs(value);
  const bool up = mode == (sign != 0 ? FE_DOWNWARD : FE_UPWARD);
  const unsigned beyond = finite || format.infinity == 0 ? format.largest : format.infinity;
  if (std::isinf(value)) return sign | beyond;
  // The largest pattern whose value is not above.
  unsigned low = 0, high = format.largest;
  while (low < high) {
    const unsigned middle = (low + high + 1) / 2;
    if (decode(middle, format.exponent_bits, format.mantissa_bits) <= magnitude)
      low = middle;
    else
      high = middle - 1;
  }
  const double floor = decode(low, format.exponent_bits, format.mantissa_bits);
  const double ceiling = decode(low + 1, format.exponent_bits, format.mantissa_bits);
  if (floor == magnitude) return sign | low;
  bool away = up;
  if (mode == FE_TONEAREST) {
    const double middle = floor / 2 + ceiling / 2;
    away = magnitude > middle || (magnitude == middle && low % 2 == 1);
  }
  if (!away) return sign | low;
  return sign | (low == format.largest ? beyond : low + 1);
}

inline constexpr HostFormat kHostF16 = {5, 10, 0x7bff, 0x7c00, 0x7fff};
inline constexpr HostFormat kHostBf16 = {8, 7, 0x7f7f, 0x7f80, 0x7fff};

/// The double of an f16 or bf16 pattern.
inline double decode_half(unsigned bits, const HostFormat& format) {
  const unsigned pattern = bits & 0x7fff;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (pattern > format.infinity) return NAN;
  return sign * (pattern == format.infinity
                     ? INFINITY
                     : decode(pattern, format.exponent_bits, format.mantissa_bits));
}

}  // namespace cuda_shim::kernels::instructions::testing
