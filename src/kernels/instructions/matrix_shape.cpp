// Reading shapes such as .m16n8k32.

#include "kernels/instructions/matrix_shape.h"

#include <charconv>

namespace cuda_shim::kernels::instructions {
namespace {

/// Takes `letter` and the number behind it off the front.
bool take_extent(std::string_view& text, char letter, unsigned& extent) {
  if (!text.starts_with(letter)) return false;
  const auto [end, fault] = std::from_chars(text.data() + 1, text.data() + text.size(), extent);
  if (fault != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

MatrixShape matrix_shape(const Lowering& lowering) {
  for (std::string_view word : lowering.instruction().modifiers) {
    MatrixShape shape;
    if (take_extent(word, 'm', shape.m) && take_extent(word, 'n', shape.n)) {
      take_extent(word, 'k', shape.k);
      return shape;
    }
  }
  return {};
}

bool is_row_major(const Lowering& lowering, unsigned n) {
  for (std::string_view word : lowering.instruction().modifiers)
    if ((word == "row" || word == "col") && n-- == 0) return word == "row";
  return false;
}

}  // namespace cuda_shim::kernels::instructions
