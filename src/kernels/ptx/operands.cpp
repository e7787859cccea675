#include "kernels/ptx/operands.h"

#include <fmt/format.h>

#include <iterator>

#include "kernels/ptx/expression.h"

namespace cuda_shim::kernels::ptx {
namespace {

/// `.x .y .z .w` and the colour names `.r .g .b .a`, which mean the same.
char component_of(std::string_view word) {
  if (word.size() != 1) return 0;
  constexpr std::string_view kSpellings = "xyzwrgba";
  const std::size_t place = kSpellings.find(word[0]);
  return place == std::string_view::npos ? '\0' : kSpellings[place % 4];
}

/// `.b0 .. .b3`, `.h1`, `.b3210`, `.h10`: bytes and half-words of a video instruction's operand.
bool is_selector(std::string_view word) {
  return word.size() >= 2 && word.size() <= 5 && (word[0] == 'b' || word[0] == 'h') &&
         word.find_first_not_of("01234567", 1) == std::string_view::npos;
}

bool is_sink(std::string_view name) {
  return name == "_";
}

}  // namespace

std::vector<Operand> OperandParser::parse_list(bool is_call) {
  if (cursor_.accept(';')) return {};
  const std::size_t first = stack_.size();
  do stack_.push_back(parse(is_call));
  while (cursor_.accept(','));
  cursor_.expect(';', "the operands");
  return take_from(first);
}

std::vector<Operand> OperandParser::take_from(std::size_t first) {
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(first);
  std::vector<Operand> list(std::make_move_iterator(begin), std::make_move_iterator(stack_.end()));
  stack_.erase(begin, stack_.end());
  return list;
}

Operand OperandParser::parse(bool is_call) {
  const Cursor::Nested nested(cursor_);
  Operand operand;
  operand.location = cursor_.location();
  const char c = cursor_.here();
  if (is(c, kNameStart)) return parse_named(std::move(operand));
  if (c == '[') {
    cursor_.advance(1);
    operand.value = parse_address();
  } else if (c == '{' || (c == '(' && is_call)) {
    cursor_.advance(1);
    operand.value = parse_vector(c == '{' ? '}' : ')');
    if (c == '{' && cursor_.peek() == '|') parse_pair(operand);
  } else if ((c == '!' || c == '-') && is(cursor_.after_here(), kNameStart)) {
    cursor_.advance(1);
    operand.negated = true;
    operand.minus = c == '-';
    return parse_named(std::move(operand));
  } else if (constant_follows(cursor_)) {
    operand.value = parse_constant(cursor_);
  } else {
    cursor_.fail_expected("an operand");
  }
  return operand;
}

Operand OperandParser::parse_named(Operand operand) {
  const Name name = parse_name();
  if (name.text == "WARP_SZ") {
    cursor_.retreat(name.text.size());
    operand.value = parse_constant(cursor_);
    return operand;
  }
  const char c = cursor_.peek();
  if (c == '|') {
    parse_pair(operand);
  } else if (c == '[') {
    cursor_.advance(1);
    operand.value = parse_subscript(name);
    return operand;
  } else if (c == '+' || c == '-') {
    Address address{name, 0, {}, false, false};
    parse_offset(address);
    operand.value = std::move(address);
    return operand;
  }
  if (is_sink(name.text))
    operand.value = Sink{};
  else
    operand.value = name;
  return operand;
}

/// At `|`.
void OperandParser::parse_pair(Operand& operand) {
  cursor_.advance(1);
  if (!is(cursor_.peek(), kNameStart)) cursor_.fail_expected("a name after `|`");
  operand.pair = parse_name();
}

Name OperandParser::parse_name() {
  Name name;
  name.text = cursor_.take_while(kNameRest);
  if (cursor_.here() == '.') parse_suffix(name);
  return name;
}

void OperandParser::parse_suffix(Name& name) {
  const Location place = cursor_.location();
  const std::string_view word = cursor_.accept_dot_word();
  name.component = component_of(word);
  if (name.component != 0) return;
  if (is_selector(word))
    name.selector = word;
  else
    cursor_.fail(place, fmt::format("`.{}` does not select a part of `{}`.", one_line(word),
                                    one_line(name.text)));
}

/// After `[`.
Address OperandParser::parse_address() {
  Address address;
  if (is(cursor_.peek(), kNameStart)) {
    address.base = parse_name();
    parse_offset(address);
  } else {
    address.base = Immediate{Immediate::Kind::kInteger, parse_integer(cursor_)};
  }
  const std::size_t first = stack_.size();
  while (cursor_.accept(',')) stack_.push_back(parse(false));
  address.more = take_from(first);
  cursor_.expect(']', "the address");
  return address;
}

/// Any number of `+constant` and `-constant`; sums wrap as addresses do.
void OperandParser::parse_offset(Address& address) {
  std::uint64_t offset = 0;
  while (cursor_.peek() == '+' || cursor_.peek() == '-') {
    cursor_.accept('+');
    offset += parse_integer(cursor_);
  }
  address.offset = static_cast<std::int64_t>(offset);
}

/// After `name[`.
Address OperandParser::parse_subscript(Name name) {
  Address address{name, 0, {}, false, true};
  address.more.push_back(parse(false));
  cursor_.expect(']', "the index");
  return address;
}

/// After `{` or `(`. Empty lists occur: `call (r), f, ();`.
Vector OperandParser::parse_vector(char close) {
  Vector vector;
  vector.parenthesised = close == ')';
  if (cursor_.accept(close)) return vector;
  const std::size_t first = stack_.size();
  do stack_.push_back(parse(false));
  while (cursor_.accept(','));
  vector.elements = take_from(first);
  cursor_.expect(close, "the list");
  return vector;
}

}  // namespace cuda_shim::kernels::ptx
