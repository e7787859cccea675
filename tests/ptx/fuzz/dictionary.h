#pragma once
// The words that the fuzzer knows, taken from where the translator has them: the rows of the
// instruction set, the words of modifiers and types, the directives.

#include <string>
#include <string_view>
#include <vector>

#include "kernels/instructions/row.h"
#include "ptx/fuzz/random.h"

namespace cuda_shim::tests::fuzz {

struct Dictionary {
  std::vector<std::string> opcodes;
  std::vector<std::string> dot_words;   ///< ".f32", ".rn", ".global", ".maxntid"
  std::vector<std::string> directives;  ///< those of dot_words that begin a statement
  std::vector<std::string> names;       ///< special registers, provided functions
  std::vector<std::string> numbers;     ///< at the limits of something
  std::vector<std::string> characters;  ///< that the lexer looks at
  std::vector<kernels::instructions::ParsedRow> rows;
};

/// Built on first use.
const Dictionary& dictionary();

/// An instruction as one of the rows has it, with a word chosen for each class, and operands of the
/// right kinds out of `operands` (registers and names; may be empty).
std::string instruction_of_row(Random& random, const std::vector<std::string_view>& operands);

}  // namespace cuda_shim::tests::fuzz
