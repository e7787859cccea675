#include "ptx/fuzz/dictionary.h"

#include <set>

#include "kernels/instructions/special_registers.h"

namespace cuda_shim::tests::fuzz {
namespace {

using kernels::instructions::ParsedRow;
using kernels::instructions::RowElement;
using kernels::instructions::RowOperand;

// What the grammar has besides instructions. These words have no list of their own in the parser,
// which asks for each where it may stand.
constexpr const char* kDirectives[] = {
    ".version",       ".target",        ".address_size", ".entry",    ".func",
    ".global",        ".const",         ".shared",       ".local",    ".reg",
    ".param",         ".extern",        ".visible",      ".weak",     ".common",
    ".alias",         ".pragma",        ".loc",          ".file",     ".section",
    ".branchtargets", ".callprototype", ".calltargets",  ".noreturn", ".attribute",
    ".managed",       ".unified",       ".align",        ".ptr",      ".texref",
    ".samplerref",    ".surfref",       ".v2",           ".v4",       ".v8",
    ".sreg",
#define CUDA_SHIM_PTX_FUNCTION_DIRECTIVE(spelling, fewest, most) "." spelling,
#include "kernels/ptx/directives.def"
#undef CUDA_SHIM_PTX_FUNCTION_DIRECTIVE
};

constexpr const char* kNames[] = {"_", "WARP_SZ", "vprintf", "malloc", "__assertfail", "generic"};

constexpr const char* kNumbers[] = {
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "8",
    "15",
    "16",
    "31",
    "32",
    "33",
    "63",
    "64",
    "65",
    "127",
    "128",
    "255",
    "256",
    "32767",
    "32768",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "-2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "0x7fffffffffffffffU",
    "0xffffffffffffffff",
    "0b1",
    "0777",
    "0f7F800000",
    "0f7FC00001",
    "0fFFFFFFFF",
    "0f00000001",
    "0d7FF0000000000000",
    "0dFFF8000000000001",
    "0d0000000000000001",
    "1.0",
    "1e400",
    "1e-400",
    "(1<<63)",
    "(1/0)",
    "(-9223372036854775808/-1)",
    "(1?2:3)",
    "(1<<64)",
    "(5%0)",
    "-0.0",
    "1U",
};

constexpr const char* kCharacters[] = {
    "{",  "}", "(",  ")", "[",  "]",  "<",  ">",  ".", ",", ";", ":",  "@",
    "@!", "|", "\"", "/", "*",  "//", "/*", "*/", "#", "+", "-", "!",  "=",
    "_",  "%", "$",  " ", "\n", "\t", "\\", "?",  "~", "&", "^", "::",
};

std::vector<std::string_view> words_of(const ParsedRow& row, const RowElement& element) {
  if (element.class_index < 0) return {element.word};
  std::string_view text = row.classes[static_cast<unsigned>(element.class_index)].words;
  std::vector<std::string_view> words;
  while (!text.empty()) {
    words.push_back(kernels::instructions::row_detail::take_word(text));
    text = kernels::instructions::row_detail::trim(text);
  }
  return words;
}

Dictionary build() {
  Dictionary all;
  std::set<std::string> opcodes, words;
  for (const auto& chapter : kernels::instructions::chapters())
    for (const auto& row : chapter.rows) {
      all.rows.push_back(kernels::instructions::parse_row(row.syntax));
      opcodes.emplace(all.rows.back().opcode);
    }
  for (const auto& word : kernels::instructions::kWords) words.insert("." + std::string(word.text));
  for (const char* directive : kDirectives) words.emplace(directive);
  all.opcodes.assign(opcodes.begin(), opcodes.end());
  all.dot_words.assign(words.begin(), words.end());
  all.directives.assign(std::begin(kDirectives), std::end(kDirectives));
  all.names = kernels::instructions::special_register_names();
  all.names.insert(all.names.end(), std::begin(kNames), std::end(kNames));
  all.numbers.assign(std::begin(kNumbers), std::end(kNumbers));
  all.characters.assign(std::begin(kCharacters), std::end(kCharacters));
  return all;
}

std::string plain_operand(Random& random, const std::vector<std::string_view>& operands) {
  if (operands.empty() || random.once_in(10)) return random.of(dictionary().numbers);
  if (random.once_in(12)) return random.of(dictionary().names);
  return std::string(random.of(operands));
}

std::string vector_operand(Random& random, const std::vector<std::string_view>& operands) {
  std::string text = "{";
  constexpr unsigned kWidths[] = {1, 2, 2, 4, 4, 4, 8, 3, 16};
  for (unsigned i = random.of(kWidths); i > 0; --i)
    text += plain_operand(random, operands) + (i > 1 ? ", " : "");
  return text + "}";
}

std::string operand_of(Random& random, const RowOperand& operand,
                       const std::vector<std::string_view>& operands) {
  std::string text = operand.negatable && random.once_in(3) ? "!" : "";
  if (operand.address) {
    text += "[" + plain_operand(random, operands);
    if (random.once_in(4)) text += "+" + random.of(dictionary().numbers);
    if (random.once_in(6)) text += ", " + vector_operand(random, operands);
    text += "]";
  } else if (operand.vector || random.once_in(8)) {
    text += vector_operand(random, operands);
  } else {
    text += plain_operand(random, operands);
  }
  if (operand.pair && random.once_in(3)) text += "|" + plain_operand(random, operands);
  return text;
}

}  // namespace

const Dictionary& dictionary() {
  static const Dictionary all = build();
  return all;
}

std::string instruction_of_row(Random& random, const std::vector<std::string_view>& operands) {
  const ParsedRow& row = random.of(dictionary().rows);
  std::string text(row.opcode);
  for (unsigned i = 0; i < row.element_count; ++i) {
    if (row.elements[i].optional && !random.once_in(3)) continue;
    const std::vector<std::string_view> words = words_of(row, row.elements[i]);
    text.append(".").append(random.of(words));
  }
  for (unsigned i = 0; i < row.operand_count; ++i) {
    if (row.operands[i].optional && random.once_in(3)) break;
    text += (i == 0 ? " " : ", ") + operand_of(random, row.operands[i], operands);
  }
  return text + ";";
}

}  // namespace cuda_shim::tests::fuzz
