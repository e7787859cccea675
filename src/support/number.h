// Reading numbers out of text piece by piece.
#pragma once

#include <charconv>
#include <string_view>
#include <system_error>

namespace cuda_shim::support {

/// Takes a number in the given base off the front of the text; false, and the text stays as it is,
/// if it does not begin with one that fits.
template <typename T>
bool take_number(std::string_view& text, T& value, int base = 10) {
  const char* end = text.data() + text.size();
  const auto [next, failure] = std::from_chars(text.data(), end, value, base);
  if (failure != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(next - text.data()));
  return true;
}

/// Takes that character off the front of the text; false if the text does not begin with it.
inline bool take_character(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace cuda_shim::support
