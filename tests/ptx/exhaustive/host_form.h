#pragma once
// What the host makes of unary forms of 32 bits: quick enough to be asked for every value.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cuda_shim::tests {

/// A format of floating-point numbers with infinities, as IEEE 754 has them.
struct HostFormat {
  unsigned bits = 32, exponent_bits = 8, mantissa_bits = 23;
  unsigned padding = 0;  ///< bits below the mantissa that are 0
};

struct HostInteger {
  unsigned bits = 32;
  bool is_signed = false;
};

/// An instruction and the modifiers that matter.
struct HostForm {
  /// The results of operands from `first` on, in the caller's rounding mode.
  void (*results)(const HostForm& form, std::uint32_t first,
                  std::span<std::uint64_t> results) = nullptr;
  int rounding = 0;  ///< of <cfenv>
  bool ftz = false, sat = false, relu = false, satfinite = false, to_integral = false;
  HostInteger from_integer, to_integer;
  HostFormat to_format;
};

/// `name` is the instruction with its modifiers. Nothing if the host has no opinion.
std::optional<HostForm> find_host_form(std::string_view name);

}  // namespace cuda_shim::tests
