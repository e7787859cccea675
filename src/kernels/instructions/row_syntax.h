#pragma once
// Reads the text of a row (the notation is described in row.h). The same code runs twice: in the
// compiler, where a malformed row is an error, and once at run time, when the matcher turns rows
// into patterns.

#include <array>
#include <cstdint>
#include <string_view>

#include "kernels/instructions/row_words.h"

namespace cuda_shim::kernels::instructions {

/// One ".word" or "{.word}" of a form. Its words are those of the class it names, or itself.
struct RowElement {
  std::string_view word;
  bool optional = false;
  int class_index = -1;
};

struct RowClass {
  std::string_view name;
  std::string_view words;  ///< ".a .b .c"
};

struct RowOperand {
  std::string_view name;
  bool optional = false;
  bool address = false;    ///< [a]
  bool pair = false;       ///< p[|q]
  bool negatable = false;  ///< {!}c
  bool vector = false;     ///< {d}
};

struct ParsedRow {
  static constexpr unsigned kMaxElements = 24, kMaxClasses = 10, kMaxOperands = 12;

  std::string_view opcode;
  std::array<RowElement, kMaxElements> elements = {};
  std::array<RowClass, kMaxClasses> classes = {};
  std::array<RowOperand, kMaxOperands> operands = {};
  unsigned element_count = 0, class_count = 0, operand_count = 0;
  bool any_modifiers = false;   ///< `opcode...`: whatever modifiers
  bool any_operands = false;    ///< `...`: further operands of any kind
  const char* error = nullptr;  ///< what is wrong with the text, or null
};

namespace row_detail {

constexpr bool is_space(char c) {
  return c == ' ' || c == '\n';
}

constexpr bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == ':';
}

constexpr bool is_name_char(char c) {
  return is_word_char(c) || c == '-';
}

constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes what stands before `separator` off the front of `text`, the separator too.
constexpr std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view head = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return head;
}

constexpr bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

constexpr std::string_view take_name(std::string_view& text, bool (*accepts)(char)) {
  std::size_t end = 0;
  while (end < text.size() && accepts(text[end])) ++end;
  const std::string_view name = text.substr(0, end);
  text.remove_prefix(end);
  return name;
}

/// Takes ".word" off the front; empty if there is none.
constexpr std::string_view take_word(std::string_view& text) {
  if (!take(text, ".")) return {};
  return take_name(text, is_word_char);
}

constexpr const char* check_words(std::string_view words) {
  if (words.empty()) return "a class is empty";
  while (!words.empty()) {
    const std::string_view word = take_word(words);
    if (word.empty()) return "a class holds something that is not a .word";
    if (find_word(word) == kNoWord)
      return "a word of a class is in neither modifiers.def nor types.def";
    words = trim(words);
  }
  return nullptr;
}

constexpr const char* parse_class(std::string_view text, ParsedRow& row) {
  text = trim(text);
  const std::string_view name = take_word(text);
  if (name.empty()) return "a class does not begin with .name";
  text = trim(text);
  if (!take(text, "=")) return "a class has no =";
  if (row.class_count == ParsedRow::kMaxClasses) return "there are too many classes";
  for (unsigned i = 0; i < row.class_count; ++i)
    if (row.classes[i].name == name) return "a class is defined twice";
  row.classes[row.class_count++] = {name, trim(text)};
  return check_words(trim(text));
}

constexpr const char* parse_element(std::string_view& text, ParsedRow& row) {
  const bool optional = take(text, "{");
  const std::string_view word = take_word(text);
  if (word.empty()) return "an element is not .word or {.word}";
  if (optional && !take(text, "}")) return "an optional element is not closed";
  if (row.element_count == ParsedRow::kMaxElements) return "there are too many elements";
  row.elements[row.element_count++] = {word, optional, -1};
  return nullptr;
}

constexpr const char* parse_opcode(std::string_view text, ParsedRow& row) {
  row.opcode = take_name(text, is_word_char);
  if (row.opcode.empty()) return "there is no opcode";
  row.any_modifiers = take(text, "...");
  while (!text.empty())
    if (const char* why = parse_element(text, row)) return why;
  return nullptr;
}

/// One operand without its optional braces.
constexpr const char* parse_operand(std::string_view text, bool optional, ParsedRow& row) {
  text = trim(text);
  RowOperand operand;
  operand.optional = optional;
  operand.negatable = take(text, "{!}");
  operand.address = take(text, "[");
  operand.vector = take(text, "{");
  operand.name = take_name(text, is_name_char);
  if (operand.name.empty()) return "an operand has no name";
  if (operand.vector && !take(text, "}")) return "a vector operand is not closed";
  if (operand.address && !take(text, "]")) return "an address operand is not closed";
  if (take(text, "[|")) {
    operand.pair = true;
    if (take_name(text, is_name_char).empty() || !take(text, "]"))
      return "a pair is not written p[|q]";
  }
  if (!trim(text).empty()) return "an operand is followed by something";
  if (row.operand_count == ParsedRow::kMaxOperands) return "there are too many operands";
  row.operands[row.operand_count++] = operand;
  return nullptr;
}

/// `a{, b}{, c}` and `{a{, b}}` are read by taking the optional marks off: what follows a first
/// optional operand is optional.
constexpr const char* parse_operands(std::string_view text, ParsedRow& row) {
  unsigned open = 0;
  bool optional = false;
  while (!(text = trim(text)).empty()) {
    if (take(text, "...")) {
      row.any_operands = true;
      return trim(text).empty() ? nullptr : "something follows ...";
    }
    // A brace followed by a comma opens an optional tail; any other belongs to an operand.
    while (text.starts_with("{,") || text.starts_with("{ ,")) {
      take(text, "{");
      text = trim(text);
      ++open;
      optional = true;
    }
    take(text, ",");
    text = trim(text);
    std::size_t end = 0;
    for (int depth = 0; end < text.size(); ++end) {
      const char c = text[end];
      const bool tail = c == '{' && trim(text.substr(end + 1)).starts_with(",");
      if (depth == 0 && (c == ',' || c == '}' || tail)) break;
      depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    }
    if (const char* why = parse_operand(text.substr(0, end), optional, row)) return why;
    text.remove_prefix(end);
    while (take(text, "}")) {
      if (open == 0) return "there is a } too many";
      --open;
    }
  }
  return open == 0 ? nullptr : "an optional operand is not closed";
}

constexpr const char* bind_elements(ParsedRow& row) {
  for (unsigned i = 0; i < row.element_count; ++i) {
    RowElement& element = row.elements[i];
    for (unsigned c = 0; c < row.class_count; ++c)
      if (row.classes[c].name == element.word) element.class_index = static_cast<int>(c);
    if (element.class_index < 0 && find_word(element.word) == kNoWord)
      return "an element is neither a class of the row nor in modifiers.def or types.def";
  }
  for (unsigned c = 0; c < row.class_count; ++c) {
    bool used = false;
    for (unsigned i = 0; i < row.element_count; ++i)
      used |= row.elements[i].class_index == static_cast<int>(c);
    if (!used) return "a class is not used";
  }
  return nullptr;
}

constexpr const char* parse_into(std::string_view text, ParsedRow& row) {
  std::string_view form = trim(take_until(text, ';'));
  while (!trim(text).empty())
    if (const char* why = parse_class(take_until(text, ';'), row)) return why;
  const std::string_view opcode = take_until(form, ' ');
  if (const char* why = parse_opcode(opcode, row)) return why;
  if (const char* why = parse_operands(form, row)) return why;
  return bind_elements(row);
}

}  // namespace row_detail

constexpr ParsedRow parse_row(std::string_view text) {
  ParsedRow row;
  row.error = row_detail::parse_into(text, row);
  return row;
}

/// What is wrong with the text of a row, or null.
constexpr const char* row_error(std::string_view text) {
  return parse_row(text).error;
}

}  // namespace cuda_shim::kernels::instructions
