// Functions of the compiler's runtime that host_libm.def lists and that the runtime of older
// compilers (libgcc before 13) lacks: float and double to bfloat16, to nearest even.

#include <bit>
#include <cmath>
#include <cstdint>

namespace {

std::uint16_t round_to_bfloat16(float value) {
  auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// To odd: truncated, and the last bit set if anything was lost. A second rounding then gives what a
// single one would.
float round_to_odd(double value) {
  auto nearest = static_cast<float>(value);
  if (std::isnan(value) || static_cast<double>(nearest) == value) return nearest;
  auto bits = std::bit_cast<std::uint32_t>(nearest);
  if (std::fabs(static_cast<double>(nearest)) > std::fabs(value)) --bits;
  return std::bit_cast<float>(bits | 1);
}

}  // namespace

extern "C" {

__bf16 __truncsfbf2(float value) {
  return std::bit_cast<__bf16>(round_to_bfloat16(value));
}

__bf16 __truncdfbf2(double value) {
  return std::bit_cast<__bf16>(round_to_bfloat16(round_to_odd(value)));
}
}
