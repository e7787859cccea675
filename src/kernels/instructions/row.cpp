// Matching of instructions against rows.
//
// A pattern fits when every modifier can be given an element of its own that admits it, no
// mandatory element is left over, and type words stand in the order of their elements. Rows have
// few elements, so plain backtracking is quickest; modifiers that more than one element admits are
// rare, so it hardly ever goes back. Why nothing fits is worked out only then, at leisure.

#include "kernels/instructions/row.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/instructions/row_index.h"

namespace cuda_shim::kernels::instructions {
namespace {

constexpr unsigned kMaxModifiers = ParsedRow::kMaxElements;

/// An instruction's modifiers as numbers.
struct WordList {
  std::array<unsigned, kMaxModifiers> words;
  unsigned count = 0;
};

// --- Building

RowPattern::Element make_element(const ParsedRow& parsed, const RowElement& syntax) {
  RowPattern::Element element;
  element.optional = syntax.optional;
  if (syntax.class_index < 0) {
    element.words.set(find_word(syntax.word));
  } else {
    std::string_view words = parsed.classes[static_cast<unsigned>(syntax.class_index)].words;
    while (!words.empty()) {
      element.words.set(find_word(row_detail::take_word(words)));
      words = row_detail::trim(words);
    }
  }
  element.is_type = true;
  for (unsigned word = 0; word < kWordCount; ++word)
    if (element.words[word] && kWords[word].category != WordCategory::kType)
      element.is_type = false;
  return element;
}

RowPattern make_pattern(const Row& row) {
  RowPattern pattern;
  pattern.row = &row;
  pattern.parsed = parse_row(row.syntax);
  for (unsigned i = 0; i < pattern.parsed.element_count; ++i) {
    pattern.elements.push_back(make_element(pattern.parsed, pattern.parsed.elements[i]));
    pattern.words |= pattern.elements[i].words;
    if (!pattern.elements[i].optional) pattern.mandatory |= 1u << i;
  }
  for (unsigned i = 0; i < pattern.parsed.operand_count; ++i)
    if (!pattern.parsed.operands[i].optional) pattern.fewest_operands = i + 1;
  pattern.most_operands = pattern.parsed.any_operands ? ~0u : pattern.parsed.operand_count;
  return pattern;
}

// --- Modifiers

/// Gives elements to modifiers `next`... ; `used` and `last_type` say what is taken. With
/// `partial`, mandatory elements may be left over.
bool assign(const RowPattern& pattern, const WordList& list, unsigned next, std::uint32_t used,
            int last_type, bool partial) {
  if (next == list.count) return partial || (pattern.mandatory & ~used) == 0;
  const unsigned word = list.words[next];
  for (unsigned i = 0; i < pattern.elements.size(); ++i) {
    const RowPattern::Element& element = pattern.elements[i];
    if ((used >> i & 1) != 0 || !element.words[word]) continue;
    if (element.is_type && static_cast<int>(i) < last_type) continue;
    const int type_place = element.is_type ? static_cast<int>(i) : last_type;
    if (assign(pattern, list, next + 1, used | 1u << i, type_place, partial)) return true;
  }
  return false;
}

bool fits_modifiers(const RowPattern& pattern, const WordList& list) {
  if (pattern.parsed.any_modifiers) return true;
  return list.count <= pattern.elements.size() && assign(pattern, list, 0, 0, -1, false);
}

// --- Operands

bool is_destination(const RowOperand& syntax) {
  return syntax.name == "d" || syntax.name == "p";
}

/// What about one operand does not fit, as the end of a sentence; empty if it does.
std::string_view operand_fault(const RowOperand& syntax, const ptx::Operand& operand) {
  const ptx::Address* address = operand.address();
  if (syntax.address != (address != nullptr && address->bracketed))
    return syntax.address ? "must be an address in brackets" : "must not be an address in brackets";
  if (syntax.vector && operand.vector() == nullptr) return "must be a vector in braces";
  if (operand.pair && !syntax.pair) return "must not be a pair";
  if (operand.negated && !syntax.negatable) return "must not be negated";
  if (is_destination(syntax) && operand.immediate() != nullptr)
    return "is written to and must not be a number";
  return {};
}

bool fits_count(const RowPattern& pattern, std::size_t count) {
  return count >= pattern.fewest_operands && count <= pattern.most_operands;
}

bool fits_operands(const RowPattern& pattern, const std::vector<ptx::Operand>& operands) {
  if (!fits_count(pattern, operands.size())) return false;
  const std::size_t checked = std::min<std::size_t>(operands.size(), pattern.parsed.operand_count);
  for (std::size_t i = 0; i < checked; ++i)
    if (!operand_fault(pattern.parsed.operands[i], operands[i]).empty()) return false;
  return true;
}

// --- Messages

std::string full_name(const ptx::Instruction& instruction, std::size_t modifiers) {
  std::string name(instruction.opcode);
  for (std::size_t i = 0; i < modifiers; ++i) name.append(".").append(instruction.modifiers[i]);
  return name;
}

std::unexpected<Status> refuse(std::string sentence) {
  return error(StatusCode::kInvalidPtx, std::move(sentence));
}

std::unexpected<Status> refuse_operands(const RowPattern& pattern,
                                        const ptx::Instruction& instruction) {
  const std::string name = full_name(instruction, instruction.modifiers.size());
  const std::size_t count = instruction.operands.size();
  if (!fits_count(pattern, count)) {
    const std::string range =
        pattern.fewest_operands == pattern.most_operands
            ? fmt::format("{}", pattern.fewest_operands)
            : fmt::format("{} to {}", pattern.fewest_operands, pattern.most_operands);
    return refuse(fmt::format("`{}` takes {} operands, not {}.", name, range, count));
  }
  for (std::size_t i = 0; i < count && i < pattern.parsed.operand_count; ++i) {
    const std::string_view fault =
        operand_fault(pattern.parsed.operands[i], instruction.operands[i]);
    if (!fault.empty()) return refuse(fmt::format("Operand {} of `{}` {}.", i + 1, name, fault));
  }
  return refuse(fmt::format("The operands of `{}` do not fit.", name));
}

/// How many of the modifiers, from the first, some row of the opcode admits together.
unsigned longest_prefix(const std::vector<RowPattern>& patterns, WordList list) {
  const unsigned all = list.count;
  for (; list.count > 0; --list.count)
    for (const RowPattern& pattern : patterns)
      if (assign(pattern, list, 0, 0, -1, true)) return list.count;
  return all == 0 ? 0 : list.count;
}

std::unexpected<Status> refuse_modifiers(const std::vector<RowPattern>& patterns,
                                         const ptx::Instruction& instruction,
                                         const WordList& list) {
  for (unsigned i = 0; i < list.count; ++i) {
    const bool known =
        list.words[i] != kNoWord && std::ranges::any_of(patterns, [&](const RowPattern& pattern) {
          return pattern.words[list.words[i]];
        });
    if (!known)
      return refuse(fmt::format("The modifier `.{}` is not part of any form of `{}`.",
                                instruction.modifiers[i], instruction.opcode));
  }
  const unsigned prefix = longest_prefix(patterns, list);
  if (prefix < list.count)
    return refuse(fmt::format("The modifier `.{}` does not go with `{}`.",
                              instruction.modifiers[prefix], full_name(instruction, prefix)));
  return refuse(fmt::format("`{}` lacks a modifier.", full_name(instruction, list.count)));
}

}  // namespace

// --- The index

RowIndex::RowIndex(std::span<const Chapter> chapters) {
  for (const Chapter& chapter : chapters)
    for (const Row& row : chapter.rows) {
      RowPattern pattern = make_pattern(row);
      patterns_[pattern.parsed.opcode].push_back(std::move(pattern));
    }
}

Result<const Row*> RowIndex::match(const ptx::Instruction& instruction) const {
  const auto found = patterns_.find(instruction.opcode);
  if (found == patterns_.end())
    return refuse(fmt::format("There is no instruction `{}`.", instruction.opcode));
  if (instruction.modifiers.size() > kMaxModifiers)
    return refuse(fmt::format("`{}` has {} modifiers; no instruction has more than {}.",
                              instruction.opcode, instruction.modifiers.size(), kMaxModifiers));
  WordList list;
  bool known = true;
  for (std::string_view modifier : instruction.modifiers) {
    list.words[list.count++] = find_word(modifier);
    known &= list.words[list.count - 1] != kNoWord;
  }
  const RowPattern* nearest = nullptr;
  for (const RowPattern& pattern : found->second) {
    if (!(known || pattern.parsed.any_modifiers) || !fits_modifiers(pattern, list)) continue;
    if (fits_operands(pattern, instruction.operands)) return pattern.row;
    if (nearest == nullptr || !fits_count(*nearest, instruction.operands.size()))
      nearest = &pattern;
  }
  if (nearest != nullptr) return refuse_operands(*nearest, instruction);
  return refuse_modifiers(found->second, instruction, list);
}

Result<const Row*> match(const ptx::Instruction& instruction) {
  // Never destroyed: other threads may still translate while the process ends.
  static const RowIndex& kIndex = *new RowIndex(chapters());
  return kIndex.match(instruction);
}

}  // namespace cuda_shim::kernels::instructions
