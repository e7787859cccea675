#include "kernels/ptx/debug_directives.h"

#include "kernels/ptx/expression.h"

namespace cuda_shim::kernels::ptx {
namespace {

void skip_integers(Cursor& cursor, int count) {
  while (count-- > 0) parse_integer(cursor);
}

/// `label`, `label+8`
void skip_label(Cursor& cursor) {
  cursor.expect_name("a label of a debug section");
  if (cursor.accept('+')) parse_integer(cursor);
}

}  // namespace

/// `.loc 1 12 5`, and for inlined code `, function_name label+8, inlined_at 1 20 3`.
void skip_loc(Cursor& cursor) {
  skip_integers(cursor, 3);
  while (cursor.accept(',')) {
    const std::string_view word = cursor.expect_name("function_name or inlined_at");
    if (word == "function_name")
      skip_label(cursor);
    else if (word == "inlined_at")
      skip_integers(cursor, 3);
    else
      cursor.fail_expected("function_name or inlined_at");
  }
}

/// `.file 1 "name", timestamp, size`
void skip_file(Cursor& cursor) {
  parse_integer(cursor);
  if (!cursor.accept_string()) cursor.fail_expected("the file's name in quotes");
  while (cursor.accept(',')) parse_integer(cursor);
}

/// `.section .debug_info { ... }`; data lines and labels, which hold no braces of their own.
void skip_section(Cursor& cursor) {
  if (cursor.accept_dot_word().empty() && cursor.accept_name().empty())
    cursor.fail_expected("the name of the section");
  if (cursor.expect('{', "the name of the section")) cursor.skip_block();
}

}  // namespace cuda_shim::kernels::ptx
