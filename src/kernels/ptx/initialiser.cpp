// Initialisers of variables: numbers and addresses of symbols, in braces nested as the array's
// dimensions are.
//
// A value's place is kept as the row-major index of its scalar element. An inner brace begins the
// next row, and what a row leaves out is a gap in the indices, so that short rows of a huge array
// cost nothing.

#include <fmt/format.h>

#include "kernels/ptx/declarations.h"
#include "kernels/ptx/expression.h"

namespace cuda_shim::kernels::ptx {
namespace {

class InitialiserParser {
 public:
  InitialiserParser(Cursor& cursor, Variable& variable) : cursor_(cursor), variable_(variable) {
    extents_ = variable.dimensions;
    if (variable.vector > 1) extents_.push_back(variable.vector);
  }

  void parse() {
    variable_.initialised = true;
    if (kind_of(variable_.type) == TypeKind::kOpaque) return parse_fields();
    if (cursor_.accept('{'))
      parse_braces(0, 0);
    else
      add_value(0, 1);
  }

 private:
  /// `{ filter_mode = nearest, width = 64 }` of a texture, sampler or surface reference.
  void parse_fields() {
    if (!cursor_.expect('{', "the equals sign")) return;
    if (cursor_.accept('}')) return;
    do {
      const std::string_view name = cursor_.expect_name("the name of a property");
      cursor_.expect('=', "the name of a property");
      variable_.properties.emplace_back(name, parse_value());
    } while (cursor_.accept(','));
    cursor_.expect('}', "the properties");
  }

  /// After the brace that opens the part at `base` of dimension `depth`.
  void parse_braces(std::size_t depth, std::uint64_t base) {
    const Cursor::Nested nested(cursor_);
    if (cursor_.accept('}')) return;
    const std::uint64_t row = elements_below(depth);
    const std::uint64_t end = end_of(depth, base, row);
    std::uint64_t next = base;
    do {
      if (cursor_.accept('{')) {
        next = base + (next - base + row - 1) / row * row;
        require_room(next, end, depth);
        parse_braces(depth + 1, next);
        next += row;
      } else {
        add_value(next++, end);
      }
    } while (cursor_.accept(','));
    cursor_.expect('}', "the initial values");
  }

  /// Scalar elements in one element of dimension `depth`.
  std::uint64_t elements_below(std::size_t depth) const {
    std::uint64_t count = 1;
    for (std::size_t i = depth + 1; i < extents_.size(); ++i)
      if (extents_[i] != 0) count *= extents_[i];
    return count;
  }

  std::uint64_t end_of(std::size_t depth, std::uint64_t base, std::uint64_t row) const {
    if (depth >= extents_.size()) return base + 1;
    const bool unsized = extents_[depth] == 0;
    return unsized ? ~std::uint64_t{0} : base + extents_[depth] * row;
  }

  void require_room(std::uint64_t index, std::uint64_t end, std::size_t depth) {
    if (depth + 1 >= extents_.size())
      return fail("The initial values of `{}` nest deeper than it.");
    if (index >= end) return fail("`{}` has more initial values than elements.");
    // Rows of an unsized array are limited by nothing else.
    if (index > kMaximumVariableBytes) fail("The initial values of `{}` are too many.");
  }

  void add_value(std::uint64_t index, std::uint64_t end) {
    InitialValue value = parse_value();
    if (index >= end) return fail("`{}` has more initial values than elements.");
    value.index = index;
    variable_.initialiser.push_back(value);
  }

  InitialValue parse_value() {
    if (is(cursor_.peek(), kNameStart)) return parse_symbol();
    InitialValue value;
    value.number = parse_constant(cursor_);
    return cursor_.accept('(') ? parse_masked(value.number) : value;
  }

  /// `name`, `name+8`, `generic(name)+8`, `WARP_SZ`, `mask(0xff)(name)`
  InitialValue parse_symbol() {
    InitialValue value;
    const std::string_view name = cursor_.accept_name();
    if (name == "WARP_SZ") {
      cursor_.retreat(name.size());
      value.number = parse_constant(cursor_);
      return value;
    }
    if (name == "mask" && cursor_.accept('(')) return parse_mask_operator();
    value.generic = name == "generic" && cursor_.accept('(');
    value.symbol = value.generic ? cursor_.expect_name("the name of a variable") : name;
    if (value.generic) cursor_.expect(')', "the name");
    std::uint64_t offset = 0;
    while (cursor_.peek() == '+' || cursor_.peek() == '-') {
      cursor_.accept('+');
      offset += parse_integer(cursor_);
    }
    value.offset = static_cast<std::int64_t>(offset);
    return value;
  }

  InitialValue parse_mask_operator() {
    const Immediate mask{Immediate::Kind::kInteger, parse_integer(cursor_)};
    cursor_.expect(')', "the mask");
    cursor_.expect('(', "the mask");
    return parse_masked(mask);
  }

  /// `0xff00(name)`: one byte of an address or number, after the parenthesis.
  InitialValue parse_masked(const Immediate& mask) {
    InitialValue value = parse_value();
    cursor_.expect(')', "the masked value");
    for (unsigned byte = 0; byte < 8; ++byte) {
      if (mask.bits != std::uint64_t{0xff} << (8 * byte)) continue;
      if (value.symbol)
        value.mask_byte = static_cast<std::uint8_t>(byte);
      else
        value.number.bits = value.number.bits >> (8 * byte) & 0xff;
      return value;
    }
    fail("A mask in the initial values of `{}` does not choose one byte.");
    return value;
  }

  void fail(fmt::format_string<std::string> sentence) {
    cursor_.fail(cursor_.location(), fmt::format(sentence, one_line(variable_.name)));
  }

  Cursor& cursor_;
  Variable& variable_;
  std::vector<std::uint64_t> extents_;
};

}  // namespace

void parse_initialiser(Cursor& cursor, Variable& variable) {
  InitialiserParser(cursor, variable).parse();
}

}  // namespace cuda_shim::kernels::ptx
