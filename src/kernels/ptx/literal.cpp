#include "kernels/ptx/literal.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>

namespace cuda_shim::kernels::ptx {
namespace {

struct Base {
  unsigned radix;
  unsigned prefix;  ///< characters before the digits
};

Base base_of(std::string_view word) {
  if (word.size() < 2 || word[0] != '0') return {10, 0};
  switch (word[1] | 0x20) {
    case 'x':
      return {16, 2};
    case 'b':
      return {2, 2};
    default:
      return {8, 1};
  }
}

Literal malformed(Cursor& cursor, Location place, std::string_view word) {
  cursor.fail(place, fmt::format("`{}` is not a number.", one_line(word)));
  return {};
}

std::optional<std::uint64_t> digits(std::string_view word, unsigned radix) {
  std::uint64_t value = 0;
  const char* end = word.data() + word.size();
  const auto [stop, problem] = std::from_chars(word.data(), end, value, static_cast<int>(radix));
  if (problem != std::errc() || stop != end) return std::nullopt;
  return value;
}

Literal integer(Cursor& cursor, Location place, std::string_view word) {
  std::string_view body = word;
  const bool suffix = body.back() == 'U';
  if (suffix) body.remove_suffix(1);
  const Base base = base_of(body);
  const auto value = digits(body.substr(base.prefix), base.radix);
  if (!value) return malformed(cursor, place, word);
  return {{Immediate::Kind::kInteger, *value}, suffix || *value >> 63 != 0};
}

/// 0f3F800000 (8 digits) and 0d3FF0000000000000 (16 digits).
Literal float_bits(Cursor& cursor, Location place, std::string_view word) {
  const bool single = (word[1] | 0x20) == 'f';
  const auto value = digits(word.substr(2), 16);
  if (!value || word.size() != (single ? 10u : 18u)) return malformed(cursor, place, word);
  return {{single ? Immediate::Kind::kF32 : Immediate::Kind::kF64, *value}, false};
}

/// From `first`, with the cursor past its integer digits (and past an `e` with what follows it).
Literal decimal_float(Cursor& cursor, Location place, const char* first) {
  const auto ends_in_exponent = [&] { return (cursor.position()[-1] | 0x20) == 'e'; };
  if (cursor.here() == '.') {
    cursor.advance(1);
    cursor.take_while(kNumberRest);
  }
  if ((cursor.here() == '+' || cursor.here() == '-') && ends_in_exponent()) {
    cursor.advance(1);
    cursor.take_while(kDigit);
  }
  const std::string_view word(first, static_cast<std::size_t>(cursor.position() - first));
  double value = 0;
  const auto [stop, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
  const bool out_of_range = problem == std::errc::result_out_of_range;
  if ((problem != std::errc() && !out_of_range) || stop != word.data() + word.size())
    return malformed(cursor, place, word);
  return {{Immediate::Kind::kF64, std::bit_cast<std::uint64_t>(value)}, false};
}

bool is_float_bits(std::string_view word) {
  return word.size() >= 2 && word[0] == '0' && ((word[1] | 0x20) == 'f' || (word[1] | 0x20) == 'd');
}

bool is_decimal_with_exponent(std::string_view word) {
  const std::size_t past_digits = word.find_first_not_of("0123456789");
  return past_digits != std::string_view::npos && past_digits > 0 &&
         (word[past_digits] | 0x20) == 'e';
}

}  // namespace

Literal parse_literal(Cursor& cursor) {
  const Location place = cursor.location();
  const char* first = cursor.position();
  const std::string_view word = cursor.take_while(kNumberRest);
  if (cursor.here() == '.' || is_decimal_with_exponent(word))
    return decimal_float(cursor, place, first);
  if (is_float_bits(word)) return float_bits(cursor, place, word);
  return integer(cursor, place, word);
}

}  // namespace cuda_shim::kernels::ptx
