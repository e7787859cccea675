#include "kernels/ptx/expression.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/ptx/literal.h"

namespace cuda_shim::kernels::ptx {
namespace {

/// The predefined constant WARP_SZ.
constexpr std::int64_t kWarpSize = 32;

/// A literal doubles as the value of an expression.
using Value = Literal;

enum class Op : std::uint8_t {
  kMultiply,
  kDivide,
  kRemainder,
  kAdd,
  kSubtract,
  kShiftLeft,
  kShiftRight,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual,
  kAnd,
  kXor,
  kOr,
  kLogicalAnd,
  kLogicalOr
};

struct OpRow {
  std::string_view spelling;
  unsigned precedence;  ///< higher binds tighter
  Op op;
};

/// Longer spellings stand before their prefixes.
constexpr OpRow kOperators[] = {
    {"<<", 8, Op::kShiftLeft},    {">>", 8, Op::kShiftRight}, {"<=", 7, Op::kLessEqual},
    {">=", 7, Op::kGreaterEqual}, {"==", 6, Op::kEqual},      {"!=", 6, Op::kNotEqual},
    {"&&", 2, Op::kLogicalAnd},   {"||", 1, Op::kLogicalOr},  {"*", 10, Op::kMultiply},
    {"/", 10, Op::kDivide},       {"%", 10, Op::kRemainder},  {"+", 9, Op::kAdd},
    {"-", 9, Op::kSubtract},      {"<", 7, Op::kLess},        {">", 7, Op::kGreater},
    {"&", 5, Op::kAnd},           {"^", 4, Op::kXor},         {"|", 3, Op::kOr},
};

Value make_signed(std::int64_t value) {
  return {{Immediate::Kind::kInteger, static_cast<std::uint64_t>(value)}, false};
}

Value make(std::uint64_t bits, bool is_unsigned) {
  return {{Immediate::Kind::kInteger, bits}, is_unsigned};
}

bool is_integer(const Value& value) {
  return value.value.kind == Immediate::Kind::kInteger;
}

bool less(const Value& a, const Value& b, bool is_unsigned) {
  if (is_unsigned) return a.value.bits < b.value.bits;
  return static_cast<std::int64_t>(a.value.bits) < static_cast<std::int64_t>(b.value.bits);
}

Value divide(Cursor& cursor, Op op, const Value& a, const Value& b, bool is_unsigned) {
  const std::uint64_t x = a.value.bits, y = b.value.bits;
  if (y == 0) {
    cursor.fail(cursor.location(), "The constant expression divides by zero.");
    return {};
  }
  if (is_unsigned) return make(op == Op::kDivide ? x / y : x % y, true);
  // Two's complement: the one quotient that overflows wraps.
  if (y == ~std::uint64_t{0}) return make(op == Op::kDivide ? 0 - x : 0, false);
  const auto p = static_cast<std::int64_t>(x), q = static_cast<std::int64_t>(y);
  return make_signed(op == Op::kDivide ? p / q : p % q);
}

Value shift(Op op, const Value& a, std::uint64_t count) {
  const std::uint64_t x = a.value.bits;
  if (op == Op::kShiftLeft) return make(count > 63 ? 0 : x << count, a.is_unsigned);
  if (a.is_unsigned) return make(count > 63 ? 0 : x >> count, true);
  return make_signed(static_cast<std::int64_t>(x) >> std::min<std::uint64_t>(count, 63));
}

Value apply(Cursor& cursor, Op op, const Value& a, const Value& b) {
  const std::uint64_t x = a.value.bits, y = b.value.bits;
  const bool is_unsigned = a.is_unsigned || b.is_unsigned;
  switch (op) {
    case Op::kMultiply:
      return make(x * y, is_unsigned);
    case Op::kDivide:
    case Op::kRemainder:
      return divide(cursor, op, a, b, is_unsigned);
    case Op::kAdd:
      return make(x + y, is_unsigned);
    case Op::kSubtract:
      return make(x - y, is_unsigned);
    case Op::kShiftLeft:
    case Op::kShiftRight:
      return shift(op, a, y);
    case Op::kLess:
      return make_signed(less(a, b, is_unsigned));
    case Op::kLessEqual:
      return make_signed(!less(b, a, is_unsigned));
    case Op::kGreater:
      return make_signed(less(b, a, is_unsigned));
    case Op::kGreaterEqual:
      return make_signed(!less(a, b, is_unsigned));
    case Op::kEqual:
      return make_signed(x == y);
    case Op::kNotEqual:
      return make_signed(x != y);
    case Op::kAnd:
      return make(x & y, true);
    case Op::kXor:
      return make(x ^ y, true);
    case Op::kOr:
      return make(x | y, true);
    case Op::kLogicalAnd:
      return make_signed(x != 0 && y != 0);
    case Op::kLogicalOr:
      return make_signed(x != 0 || y != 0);
  }
  return {};
}

class ExpressionParser {
 public:
  explicit ExpressionParser(Cursor& cursor) : cursor_(cursor) {}

  Value conditional() {
    const Cursor::Nested nested(cursor_);
    Value condition = binary(1);
    if (!cursor_.accept('?')) return condition;
    require_integer(condition);
    const Value yes = conditional();
    cursor_.expect(':', "the second operand of `?`");
    const Value no = conditional();
    return condition.value.bits != 0 ? yes : no;
  }

 private:
  /// Precedence climbing; each level of recursion is bounded by the eleven precedences.
  Value binary(unsigned minimum) {
    Value left = unary();
    while (const OpRow* row = next_operator(minimum)) {
      const Location place = cursor_.location();
      cursor_.advance(row->spelling.size());
      const Value right = binary(row->precedence + 1);
      if (cursor_.failed()) return {};
      if (!is_integer(left) || !is_integer(right)) return refuse_float(place);
      left = apply(cursor_, row->op, left, right);
    }
    return left;
  }

  const OpRow* next_operator(unsigned minimum) {
    const char c = cursor_.peek();
    if (c == ',' || c == ';' || c == ']' || c == '}' || c == ')') return nullptr;
    for (const OpRow& row : kOperators) {
      const bool matches = c == row.spelling[0] &&
                           (row.spelling.size() == 1 || cursor_.after_here() == row.spelling[1]);
      if (matches) return row.precedence >= minimum ? &row : nullptr;
    }
    return nullptr;
  }

  Value unary() {
    const Cursor::Nested nested(cursor_);
    const char c = cursor_.peek();
    if (is(c, kDigit) || c == '.') return parse_literal(cursor_);
    if (cursor_.accept('(')) return cursor_.peek() == '.' ? cast() : parenthesised();
    if (c == '-' || c == '+' || c == '~' || c == '!') return signed_operand(c);
    const Location place = cursor_.location();
    const std::string_view name = cursor_.accept_name();
    if (name == "WARP_SZ") return make_signed(kWarpSize);
    if (name.empty())
      cursor_.fail_expected("a constant");
    else
      cursor_.fail(place, fmt::format("Expected a constant, found the name `{}`.", one_line(name)));
    return {};
  }

  Value signed_operand(char sign) {
    const Location place = cursor_.location();
    cursor_.advance(1);
    Value value = unary();
    if (sign == '+') return value;
    std::uint64_t& bits = value.value.bits;
    if (!is_integer(value)) {
      if (sign != '-') return refuse_float(place);
      bits ^= std::uint64_t{1} << (value.value.kind == Immediate::Kind::kF32 ? 31 : 63);
      return value;
    }
    if (sign == '-') return make(0 - bits, value.is_unsigned);
    return sign == '~' ? make(~bits, true) : make_signed(bits == 0);
  }

  /// `(.s64) x`, `(.u64) x`, after the parenthesis; or a parenthesised float such as `(.5)`.
  Value cast() {
    if (is(cursor_.after_here(), kDigit)) return parenthesised();
    const Location place = cursor_.location();
    const std::string_view word = cursor_.accept_dot_word();
    if (word != "s64" && word != "u64") {
      cursor_.fail(place,
                   fmt::format("A constant can be cast to .s64 or .u64, not to `.{}`.", word));
      return {};
    }
    cursor_.expect(')', "the type of a cast");
    const Value value = unary();
    return is_integer(value) ? make(value.value.bits, word == "u64") : refuse_float(place);
  }

  Value parenthesised() {
    const Value value = conditional();
    cursor_.expect(')', "the expression");
    return value;
  }

  void require_integer(const Value& value) {
    if (!is_integer(value)) refuse_float(cursor_.location());
  }

  Value refuse_float(Location place) {
    cursor_.fail(place, "A floating-point constant cannot be part of an expression.");
    return {};
  }

  Cursor& cursor_;
};

}  // namespace

bool constant_follows(Cursor& cursor) {
  const char c = cursor.peek();
  return is(c, kDigit) || c == '.' || c == '-' || c == '+' || c == '~' || c == '!' || c == '(';
}

Immediate parse_constant(Cursor& cursor) {
  return ExpressionParser(cursor).conditional().value;
}

std::uint64_t parse_integer(Cursor& cursor) {
  const Location place = cursor.location();
  const Immediate value = parse_constant(cursor);
  if (value.kind != Immediate::Kind::kInteger)
    cursor.fail(place, "An integer is needed here, not a floating-point number.");
  return value.bits;
}

std::uint64_t parse_count(Cursor& cursor, std::uint64_t maximum, std::string_view what) {
  const Location place = cursor.location();
  const std::uint64_t value = parse_integer(cursor);
  if (value > maximum && !cursor.failed()) {
    cursor.fail(place, fmt::format("{} is {}, more than the maximum {}.", what, value, maximum));
  }
  return cursor.failed() ? 0 : value;
}

}  // namespace cuda_shim::kernels::ptx
