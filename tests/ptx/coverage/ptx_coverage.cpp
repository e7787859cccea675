// Writes the page that says, for every row of the instruction set, whether it is translated and
// which of its forms the PTX tests contain. The page is made from the rows and the tests
// themselves, so that it cannot say more than they do.
//
//   ptx_coverage FOLDER|FORMS...    folders of .ptx tests, and files of single instructions that a
//                                   differential test runs; the page goes to standard output
//
// The forms of a row are the combinations of its type words, e.g. 36 for a conversion between six
// types. Other modifiers are independent of each other: of these, each word has to be seen once.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "kernels/instructions/row.h"
#include "kernels/ptx/parser.h"
#include "ptx/interpreter/forms.h"

namespace cuda_shim {
namespace {

using namespace kernels;
using instructions::Chapter;
using instructions::ParsedRow;
using instructions::Row;
using Words = std::vector<std::string_view>;

bool is_type(std::string_view word) {
  const unsigned found = instructions::find_word(word);
  return found != instructions::kNoWord &&
         instructions::kWords[found].category == instructions::WordCategory::kType;
}

Words words_of(const ParsedRow& row, const instructions::RowElement& element) {
  if (element.class_index < 0) return {element.word};
  std::string_view text = row.classes[static_cast<unsigned>(element.class_index)].words;
  Words words;
  while (!text.empty()) {
    words.push_back(instructions::row_detail::take_word(text));
    text = instructions::row_detail::trim(text);
  }
  return words;
}

/// What there is to test of a row.
struct Forms {
  std::size_t type_forms = 1;
  std::set<std::string_view> types;
  std::set<std::string_view> others;
};

Forms forms_of(const Row& row) {
  const ParsedRow parsed = instructions::parse_row(row.syntax);
  Forms forms;
  for (unsigned i = 0; i < parsed.element_count; ++i) {
    const Words words = words_of(parsed, parsed.elements[i]);
    if (std::ranges::all_of(words, is_type)) {
      forms.type_forms *= words.size() + (parsed.elements[i].optional ? 1 : 0);
      forms.types.insert(words.begin(), words.end());
    } else {
      forms.others.insert(words.begin(), words.end());
    }
  }
  return forms;
}

/// What the tests contain of a row.
struct Seen {
  std::set<std::string> type_forms;
  std::set<std::string, std::less<>> others;
};
using SeenRows = std::map<const Row*, Seen>;

void see(const ptx::Instruction& instruction, SeenRows& rows) {
  const Result<const Row*> row = instructions::match(instruction);
  if (!row) return;
  const Forms forms = forms_of(**row);
  Seen& seen = rows[*row];
  std::string types;
  for (std::string_view word : instruction.modifiers) {
    if (forms.types.contains(word))
      types.append(".").append(word);
    else
      seen.others.emplace(word);
  }
  seen.type_forms.insert(std::move(types));
}

void see(const ptx::Scope& scope, SeenRows& rows) {
  for (const ptx::Statement& statement : scope.statements) {
    if (const auto* instruction = std::get_if<ptx::Instruction>(&statement))
      see(*instruction, rows);
    else if (const auto* nested = std::get_if<std::vector<ptx::Scope>>(&statement))
      for (const ptx::Scope& inner : *nested) see(inner, rows);
  }
}

/// Tests that must fail to load say nothing about what works.
bool expects_failure(std::string_view text) {
  return text.contains("//! error CUDA_ERROR_INVALID_PTX");
}

void see_module(std::string_view text, SeenRows& rows) {
  const auto module = ptx::parse_module(text);
  if (!module) return;
  for (const ptx::Function& function : module->functions)
    if (function.has_body())
      if (const auto body = ptx::parse_body(function)) see(*body, rows);
}

void see_folder(const std::filesystem::path& folder, SeenRows& rows) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".ptx") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!expects_failure(text)) see_module(text, rows);
  }
}

/// The instructions of a line that is marked as wrong are not tested.
void see_forms(const std::filesystem::path& file, SeenRows& rows) {
  for (const tests::FormLine& line : tests::read_forms(file))
    if (!line.engine_is_wrong)
      for (const tests::Form& form : line.forms) see_module(form.module(), rows);
}

struct Totals {
  std::size_t rows = 0, translated = 0, forms = 0, tested = 0;

  void add(const Totals& other) {
    rows += other.rows;
    translated += other.translated;
    forms += other.forms;
    tested += other.tested;
  }
  double share() const {
    return forms == 0 ? 100.0 : 100.0 * static_cast<double>(tested) / static_cast<double>(forms);
  }
};

std::string untested_words(const Forms& forms, const Seen& seen) {
  std::string text;
  for (std::string_view word : forms.others)
    if (!seen.others.contains(word)) text.append(text.empty() ? "." : " .").append(word);
  return text.empty() ? text : "`" + text + "`";
}

/// `|` ends a cell of a table.
std::string cell(std::string_view text) {
  std::string escaped;
  for (char c : text) escaped.append(c == '|' ? "\\|" : std::string(1, c));
  return escaped;
}

Totals add_row(const Row& row, const SeenRows& seen, std::string& lines) {
  static const Seen kNothing;
  const auto found = seen.find(&row);
  const Seen& tests = found == seen.end() ? kNothing : found->second;
  const Forms forms = forms_of(row);
  const bool translated = row.lower != nullptr;
  lines += fmt::format("| `{}` | {} | {} of {} | {} |\n", cell(row.syntax),
                       translated ? "yes" : "**no**", tests.type_forms.size(), forms.type_forms,
                       untested_words(forms, tests));
  return {1, translated ? 1u : 0u, forms.type_forms, tests.type_forms.size()};
}

void write_page(const SeenRows& seen) {
  std::string summary, details;
  Totals all;
  for (const Chapter& chapter : instructions::chapters()) {
    std::string lines;
    Totals part;
    for (const Row& row : chapter.rows) part.add(add_row(row, seen, lines));
    summary += fmt::format("| {} | {} | {} | {} | {} | {:.0f}% |\n", chapter.name, part.rows,
                           part.translated, part.forms, part.tested, part.share());
    details += fmt::format(
        "\n## {}\n\n| row | translated | forms tested | words not tested |\n|---|---|---|---|\n{}",
        chapter.name, lines);
    all.add(part);
  }
  fmt::print(
      "# Coverage of the PTX instruction set\n\n"
      "Made by the build target `ptx_coverage_page` from the rows of `src/kernels/instructions` "
      "and the PTX tests; "
      "do not edit. Everything listed parses. A form is a\n"
      "combination of a row's type words; of the other modifiers, those that no test contains are "
      "named.\n\n"
      "| chapter | rows | translated | forms | tested | |\n|---|---|---|---|---|---|\n{}"
      "| **all** | {} | {} | {} | {} | {:.0f}% |\n{}",
      summary, all.rows, all.translated, all.forms, all.tested, all.share(), details);
}

}  // namespace
}  // namespace cuda_shim

int main(int argc, char** argv) {
  cuda_shim::SeenRows seen;
  for (int i = 1; i < argc; ++i) {
    const std::filesystem::path path(argv[i]);
    if (std::filesystem::is_directory(path))
      cuda_shim::see_folder(path, seen);
    else
      cuda_shim::see_forms(path, seen);
  }
  cuda_shim::write_page(seen);
}
