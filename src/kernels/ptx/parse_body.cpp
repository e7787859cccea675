// Statements: the body of a function to a Scope.

#include <fmt/format.h>

#include "kernels/ptx/cursor.h"
#include "kernels/ptx/debug_directives.h"
#include "kernels/ptx/declarations.h"
#include "kernels/ptx/operands.h"

namespace cuda_shim::kernels::ptx {
namespace {

class BodyParser {
 public:
  explicit BodyParser(const Function& function)
      : cursor_(function.body_text, function.body_location), operands_(cursor_) {}

  ParseResult<Scope> parse() {
    Scope scope;
    // Most statements of a compiler's output take about this many bytes.
    scope.statements.reserve(cursor_.remaining() / 40);
    parse_statements(scope);
    if (!cursor_.at_end()) cursor_.fail_expected("a statement");
    if (cursor_.failed()) return std::unexpected(cursor_.take_diagnostic());
    return scope;
  }

 private:
  /// Up to the closing brace or the end.
  void parse_statements(Scope& scope) {
    for (;;) {
      const char c = cursor_.peek();
      if (is(c, kNameStart))
        parse_labelled(scope);
      else if (c == '@')
        parse_guarded(scope);
      else if (c == '.')
        parse_directive(scope);
      else if (c == '{')
        parse_nested(scope);
      else if (c == ';')
        cursor_.advance(1);
      else
        return;
    }
  }

  void parse_nested(Scope& scope) {
    const Cursor::Nested nested(cursor_);
    if (!cursor_.accept('{')) return;
    std::vector<Scope> inner(1);
    parse_statements(inner[0]);
    cursor_.expect('}', "the statements of the block");
    scope.statements.emplace_back(std::move(inner));
  }

  /// A label, or an instruction: both begin with a name.
  void parse_labelled(Scope& scope) {
    const Location place = cursor_.location();
    const char* start = cursor_.position();
    const std::string_view name = cursor_.accept_name();
    if (cursor_.here() == '.' || !cursor_.accept(':'))
      return parse_instruction(scope, start, place, name, std::nullopt, false);
    if (cursor_.peek() == '.' && accept_table(scope, name, place)) return;
    scope.statements.emplace_back(Label{name, place});
  }

  void parse_guarded(Scope& scope) {
    const Location place = cursor_.location();
    const char* start = cursor_.position();
    cursor_.advance(1);
    const bool negated = cursor_.accept('!');
    const Name guard{cursor_.expect_name("a predicate after `@`"), 0, {}};
    parse_instruction(scope, start, place, cursor_.expect_name("an instruction"), guard, negated);
  }

  void parse_instruction(Scope& scope, const char* start, Location place, std::string_view opcode,
                         const std::optional<Name>& guard, bool negated) {
    Instruction& instruction =
        std::get<Instruction>(scope.statements.emplace_back(std::in_place_type<Instruction>));
    instruction.opcode = opcode;
    parse_modifiers(instruction);
    instruction.operands = operands_.parse_list(opcode == "call");
    instruction.guard = guard;
    instruction.guard_negated = negated;
    instruction.location = place;
    instruction.text = cursor_.text_since(start);
  }

  void parse_modifiers(Instruction& instruction) {
    modifiers_.clear();
    while (cursor_.here() == '.') {
      cursor_.advance(1);
      std::string_view word = cursor_.take_while(kWordRest);
      if (word.empty()) cursor_.fail_expected("a modifier after the dot");
      if (word == "const" && cursor_.here() == '[') word = take_bank(word);
      modifiers_.push_back(word);
    }
    instruction.modifiers.assign(modifiers_.begin(), modifiers_.end());
  }

  /// `ld.const[2].u32`: the bank belongs to the word.
  std::string_view take_bank(std::string_view word) {
    cursor_.advance(1);
    const std::string_view bank = cursor_.take_while(kDigit);
    cursor_.expect(']', "the constant bank");
    return {word.data(), word.size() + bank.size() + 2};
  }

  void parse_directive(Scope& scope) {
    DeclarationHead head;
    if (accept_head_word(cursor_, head)) {
      variables_.clear();
      parse_variables(cursor_, std::move(head), variables_);
      for (Variable& variable : variables_) scope.statements.emplace_back(std::move(variable));
      return;
    }
    const Location place = cursor_.location();
    if (cursor_.accept_dot_word("loc")) return skip_loc(cursor_);
    if (cursor_.accept_dot_word("file")) return skip_file(cursor_);
    if (cursor_.accept_dot_word("section")) return skip_section(cursor_);
    if (cursor_.accept_dot_word("pragma")) return void(parse_pragma(cursor_));
    const std::string_view word = cursor_.accept_dot_word();
    cursor_.fail(place, fmt::format("The directive `.{}` cannot stand here.", one_line(word)));
  }

  /// The directives that a label names.
  bool accept_table(Scope& scope, std::string_view label, Location place) {
    if (cursor_.accept_dot_word("branchtargets")) {
      scope.statements.emplace_back(parse_targets(label, place, false));
    } else if (cursor_.accept_dot_word("calltargets")) {
      scope.statements.emplace_back(parse_targets(label, place, true));
    } else if (cursor_.accept_dot_word("callprototype")) {
      scope.statements.emplace_back(parse_prototype(label, place));
    } else {
      return false;
    }
    return true;
  }

  TargetList parse_targets(std::string_view label, Location place, bool calls) {
    TargetList list{label, {}, calls, place};
    do list.names.push_back(cursor_.expect_name("a name in the list of targets"));
    while (cursor_.accept(','));
    cursor_.expect(';', "the list of targets");
    return list;
  }

  /// `(.param .b32 _) _ (.param .b64 _, .param .b32 _) .noreturn;` The results and the parameters
  /// may be left out.
  Prototype parse_prototype(std::string_view label, Location place) {
    Prototype prototype{label, {}, {}, place};
    if (cursor_.accept('(')) prototype.signature.results = parse_parameters(cursor_);
    cursor_.expect_name("`_` in the prototype");
    if (cursor_.accept('(')) prototype.signature.parameters = parse_parameters(cursor_);
    parse_function_directives(cursor_, prototype.signature, prototype.directives);
    cursor_.expect(';', "the prototype");
    return prototype;
  }

  Cursor cursor_;
  OperandParser operands_;
  std::vector<std::string_view> modifiers_;  ///< scratch
  std::vector<Variable> variables_;          ///< scratch
};

}  // namespace

ParseResult<Scope> parse_body(const Function& function) {
  if (!function.has_body())
    return std::unexpected(Diagnostic{
        function.location, fmt::format("The function `{}` has no body.", one_line(function.name)),
        std::string()});
  return BodyParser(function).parse();
}

}  // namespace cuda_shim::kernels::ptx
