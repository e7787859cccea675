// Attributes, pragmas, and the directives that stand between a function's signature and its body.

#include <fmt/format.h>

#include "kernels/ptx/declarations.h"
#include "kernels/ptx/expression.h"

namespace cuda_shim::kernels::ptx {
namespace {

struct DirectiveRow {
  std::string_view name;
  unsigned fewest, most;
};

constexpr DirectiveRow kDirectives[] = {
#define CUDA_SHIM_PTX_FUNCTION_DIRECTIVE(name, fewest, most) {name, fewest, most},
#include "kernels/ptx/directives.def"
#undef CUDA_SHIM_PTX_FUNCTION_DIRECTIVE
};

const DirectiveRow* find_directive(std::string_view name) {
  for (const DirectiveRow& row : kDirectives)
    if (row.name == name) return &row;
  return nullptr;
}

PerformanceDirective parse_directive(Cursor& cursor, const DirectiveRow& row) {
  PerformanceDirective directive{row.name, {}, {}};
  if (row.most == 0) return directive;
  const Location place = cursor.location();
  do directive.values.push_back(parse_count(cursor, UINT32_MAX, "The value of a directive"));
  while (cursor.accept(','));
  const std::size_t count = directive.values.size();
  if (count < row.fewest || count > row.most)
    cursor.fail(place, fmt::format("The directive `.{}` has {} values; it takes {} to {}.",
                                   row.name, count, row.fewest, row.most));
  return directive;
}

void parse_one(Cursor& cursor, Signature& signature,
               std::vector<PerformanceDirective>& directives) {
  const Location place = cursor.location();
  const std::string_view word = cursor.accept_dot_word();
  if (word == "noreturn") {
    signature.noreturn = true;
  } else if (word == "pragma") {
    for (std::string_view text : parse_pragma(cursor)) directives.push_back({"pragma", {}, text});
  } else if (const DirectiveRow* row = find_directive(word)) {
    directives.push_back(parse_directive(cursor, *row));
  } else {
    cursor.fail(place,
                fmt::format("The directive `.{}` of a function is not known.", one_line(word)));
  }
}

std::pair<std::uint64_t, std::uint64_t> parse_unified(Cursor& cursor) {
  cursor.expect('(', "`.unified`");
  const std::uint64_t high = parse_integer(cursor);
  cursor.expect(',', "the first half of the identity");
  const std::uint64_t low = parse_integer(cursor);
  cursor.expect(')', "the second half of the identity");
  return {high, low};
}

}  // namespace

void parse_function_directives(Cursor& cursor, Signature& signature,
                               std::vector<PerformanceDirective>& directives) {
  while (cursor.peek() == '.') parse_one(cursor, signature, directives);
}

Attributes parse_attributes(Cursor& cursor) {
  Attributes attributes;
  cursor.expect('(', "`.attribute`");
  do {
    if (cursor.accept_dot_word("managed"))
      attributes.managed = true;
    else if (cursor.accept_dot_word("unified"))
      attributes.unified = parse_unified(cursor);
    else
      cursor.fail_expected("the attribute .managed or .unified");
  } while (cursor.accept(','));
  cursor.expect(')', "the attributes");
  return attributes;
}

std::vector<std::string_view> parse_pragma(Cursor& cursor) {
  std::vector<std::string_view> texts;
  do {
    if (const auto text = cursor.accept_string())
      texts.push_back(*text);
    else
      cursor.fail_expected("a string after `.pragma`");
  } while (cursor.accept(','));
  cursor.expect(';', "the pragma");
  return texts;
}

}  // namespace cuda_shim::kernels::ptx
