// The outline of a module: header, variables, signatures, and where the bodies are.

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "kernels/ptx/cursor.h"
#include "kernels/ptx/debug_directives.h"
#include "kernels/ptx/declarations.h"
#include "kernels/ptx/expression.h"

namespace cuda_shim::kernels::ptx {
namespace {

class ModuleParser {
 public:
  explicit ModuleParser(std::string_view text) : cursor_(text) {}

  ParseResult<Module> parse() {
    if (!cursor_.accept_dot_word("version"))
      cursor_.fail_expected("`.version` at the module's start");
    parse_version();
    while (!cursor_.at_end()) parse_item();
    if (cursor_.failed()) return std::unexpected(cursor_.take_diagnostic());
    return std::move(module_);
  }

 private:
  void parse_item() {
    if (cursor_.accept(';')) return;
    if (cursor_.here() != '.') return cursor_.fail_expected("a directive");
    for (const Item& item : kItems)
      if (cursor_.accept_dot_word(item.word)) return (this->*item.parse)();
    parse_declaration();
  }

  void parse_version() {
    module_.version_major = parse_decimal();
    cursor_.expect('.', "the major version");
    module_.version_minor = parse_decimal();
  }

  unsigned parse_decimal() {
    cursor_.position();
    const std::string_view digits = cursor_.take_while(kDigit);
    unsigned value = 0;
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || problem != std::errc()) cursor_.fail_expected("a version such as 8.8");
    return value;
  }

  void parse_target() {
    module_.target = cursor_.expect_name("the name of a target");
    module_.target_options.clear();
    while (cursor_.accept(','))
      module_.target_options.push_back(cursor_.expect_name("an option of the target"));
  }

  void parse_address_size() {
    const Location place = cursor_.location();
    const std::uint64_t bits = parse_integer(cursor_);
    if (bits != 32 && bits != 64)
      cursor_.fail(place, fmt::format("The address size {} is neither 32 nor 64.", bits));
    module_.address_size = static_cast<unsigned>(bits);
    module_.address_size_location = place;
  }

  void parse_file() { skip_file(cursor_); }
  void parse_section() { skip_section(cursor_); }
  void parse_pragmas() { parse_pragma(cursor_); }

  void parse_alias() {
    const std::string_view name = cursor_.expect_name("the alias");
    cursor_.expect(',', "the alias");
    module_.aliases.emplace_back(name,
                                 cursor_.expect_name("the function that the alias stands for"));
    cursor_.expect(';', "the function that the alias stands for");
  }

  /// A variable or a function: which one shows only after the linkage.
  void parse_declaration() {
    const Location place = cursor_.location();
    DeclarationHead head;
    do {
      if (cursor_.accept_dot_word("entry")) return parse_function(place, head, true);
      if (cursor_.accept_dot_word("func")) return parse_function(place, head, false);
    } while (accept_head_word(cursor_, head));
    if (cursor_.here() == '.') {
      const std::string_view word = cursor_.accept_dot_word();
      return cursor_.fail(place, fmt::format("The directive `.{}` is not known.", one_line(word)));
    }
    parse_variables(cursor_, std::move(head), module_.variables);
  }

  void parse_function(Location place, const DeclarationHead& head, bool is_entry) {
    if (head.has_space || head.has_type)
      return cursor_.fail(place, "A function's declaration has a state space or type before it.");
    Function& function = module_.functions.emplace_back();
    function.location = place;
    function.is_entry = is_entry;
    function.linkage = head.prototype.linkage;
    if (cursor_.accept_dot_word("attribute")) function.unified = parse_attributes(cursor_).unified;
    if (!is_entry && cursor_.accept('(')) function.signature.results = parse_parameters(cursor_);
    function.name = cursor_.expect_name("the name of a function");
    if (cursor_.accept('(')) function.signature.parameters = parse_parameters(cursor_);
    parse_function_directives(cursor_, function.signature, function.directives);
    if (!cursor_.accept(';')) parse_outer_braces(function);
  }

  void parse_outer_braces(Function& function) {
    if (!cursor_.expect('{', "the signature")) return;
    function.body_location = cursor_.exact_location();
    function.body_text = cursor_.skip_block();
  }

  struct Item {
    std::string_view word;
    void (ModuleParser::*parse)();
  };
  static constexpr std::size_t kItemCount = 7;
  static const Item kItems[kItemCount];

  Cursor cursor_;
  Module module_;
};

const ModuleParser::Item ModuleParser::kItems[kItemCount] = {
    {"version", &ModuleParser::parse_version},
    {"target", &ModuleParser::parse_target},
    {"address_size", &ModuleParser::parse_address_size},
    {"file", &ModuleParser::parse_file},
    {"section", &ModuleParser::parse_section},
    {"pragma", &ModuleParser::parse_pragmas},
    {"alias", &ModuleParser::parse_alias},
};

}  // namespace

ParseResult<Module> parse_module(std::string_view text) {
  // Images store the text as a C string.
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  if (text.size() >= std::numeric_limits<std::uint32_t>::max())
    return std::unexpected(Diagnostic{
        {1, 1}, fmt::format("The text is {} bytes long, more than 4 GiB.", text.size()), {}});
  return ModuleParser(text).parse();
}

std::string Diagnostic::to_string() const {
  std::string sentence =
      fmt::format("line {}, column {}: {}", location.line, location.column, message);
  if (!text.empty()) sentence += fmt::format(" `{}`", text);
  return sentence;
}

}  // namespace cuda_shim::kernels::ptx
