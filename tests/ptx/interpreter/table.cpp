// Finding the row of an instruction.

#include <algorithm>
#include <map>
#include <string>

#include "kernels/ptx/ast.h"
#include "ptx/interpreter/fault.h"
#include "ptx/interpreter/row.h"

namespace cuda_shim::tests::interpreter {
namespace {

constexpr Rows (*kChapters[])() = {
    integer_rows,
    extended_precision_rows,
    logic_rows,
    comparison_rows,
    floating_point_rows,
    conversion_rows,
    conversion_packed_rows,
    move_rows,
    memory_rows,
    asynchronous_copy_rows,
    bulk_rows,
    tensor_rows,
    texture_rows,
    atomic_rows,
    control_flow_rows,
    warp_rows,
    barrier_rows,
    mbarrier_rows,
    launch_control_rows,
    mma_rows,
    wmma_rows,
    matrix_move_rows,
    video_rows,
    miscellaneous_rows,
};

struct Class {
  std::string_view name;
  std::string_view words;
};

/// What `<name>` in a row stands for.
constexpr Class kClasses[] = {
    {"int", "u16|u32|u64|s16|s32|s64"},
    {"int8", "u8|u16|u32|u64|s8|s16|s32|s64"},
    {"bits", "b16|b32|b64"},
    {"float", "f32|f64"},
    {"data", "b8|b16|b32|b64|b128|u8|u16|u32|u64|s8|s16|s32|s64|f32|f64"},
    {"round", "rn|rz|rm|rp"},
    {"compare", "eq|ne|lt|le|gt|ge|lo|ls|hi|hs|equ|neu|ltu|leu|gtu|geu|num|nan"},
    {"semantics", "weak|relaxed|acquire|release|acq_rel|volatile|mmio|sc"},
    {"scope", "cta|cluster|gpu|sys"},
    {"space",
     "global|shared|shared::cta|shared::cluster|local|const|param|param::entry|param::func"},
    {"cache", "ca|cg|cs|lu|cv|wb|wt"},
    {"l1", "L1::evict_normal|L1::evict_unchanged|L1::evict_first|L1::evict_last|L1::no_allocate"},
    {"l2", "L2::evict_last|L2::evict_normal|L2::evict_first"},
    {"prefetch", "L2::64B|L2::128B|L2::256B"},
};

std::string_view words_of_class(std::string_view name) {
  for (const Class& each : kClasses)
    if (each.name == name) return each.words;
  throw Fault(FaultKind::kInvalid, "No class of words is called " + std::string(name) + ".");
}

/// One `.a|b|<c>` of a syntax, written out.
struct Choice {
  std::vector<std::string_view> words;
  bool optional = false;
};

struct Syntax {
  std::string_view opcode;
  std::vector<Choice> choices;
};

void add_words(std::string_view alternatives, Choice& choice) {
  while (!alternatives.empty()) {
    const std::size_t end = std::min(alternatives.find('|'), alternatives.size());
    const std::string_view word = alternatives.substr(0, end);
    alternatives.remove_prefix(std::min(end + 1, alternatives.size()));
    if (word.starts_with('<'))
      add_words(words_of_class(word.substr(1, word.size() - 2)), choice);
    else
      choice.words.push_back(word);
  }
}

Syntax parse(std::string_view text) {
  std::size_t end = std::min(text.find_first_of(".{"), text.size());
  Syntax syntax{text.substr(0, end), {}};
  while (end < text.size()) {
    Choice choice;
    choice.optional = text[end] == '{';
    const std::size_t begin = end + (choice.optional ? 2 : 1);
    end = std::min(text.find_first_of(choice.optional ? "}" : ".{", begin), text.size());
    add_words(text.substr(begin, end - begin), choice);
    end += choice.optional ? 1 : 0;
    syntax.choices.push_back(choice);
  }
  return syntax;
}

/// Words whose order says which operand they are about.
bool keeps_order(std::string_view word) {
  return word == "row" || word == "col" || kernels::ptx::type_from_spelling(word).has_value();
}

/// Whether the words can be given out to the choices. ptxas takes modifiers in any order, and
/// compilers make use of that; only types and layouts keep their order.
bool matches(std::span<const Choice> choices, std::vector<std::string_view> words) {
  if (choices.empty()) return words.empty();
  const Choice& first = choices.front();
  bool passed = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (passed && keeps_order(words[i])) continue;
    passed |= keeps_order(words[i]);
    if (std::ranges::find(first.words, words[i]) == first.words.end()) continue;
    std::vector<std::string_view> rest = words;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    if (matches(choices.subspan(1), std::move(rest))) return true;
  }
  return first.optional && matches(choices.subspan(1), std::move(words));
}

struct Entry {
  Syntax syntax;
  const Row* row;
};

std::multimap<std::string_view, Entry> index_rows() {
  std::multimap<std::string_view, Entry> index;
  for (auto chapter : kChapters)
    for (const Row& row : chapter()) {
      Syntax syntax = parse(row.syntax);
      index.emplace(syntax.opcode, Entry{syntax, &row});
    }
  return index;
}

}  // namespace

const Row& find_row(std::string_view opcode, std::span<const std::string_view> modifiers) {
  static const std::multimap<std::string_view, Entry> index = index_rows();
  const auto [first, last] = index.equal_range(opcode);
  for (auto entry = first; entry != last; ++entry)
    if (matches(entry->second.syntax.choices, {modifiers.begin(), modifiers.end()}))
      return *entry->second.row;
  std::string form(opcode);
  for (std::string_view word : modifiers) form += "." + std::string(word);
  throw Fault(FaultKind::kUnsupported, "The interpreter has no row for " + form + ".");
}

}  // namespace cuda_shim::tests::interpreter
