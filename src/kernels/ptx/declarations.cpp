#include "kernels/ptx/declarations.h"

#include <fmt/format.h>

#include <bit>

#include "kernels/ptx/expression.h"
#include "kernels/ptx/literal.h"
#include "kernels/ptx/spellings.h"

namespace cuda_shim::kernels::ptx {
namespace {

constexpr std::uint64_t kMaximumAlignment = 1 << 20;
/// `.reg .b32 %r<N>`: beyond this a translator would spend its memory on names.
constexpr std::uint64_t kMaximumRegisters = 1 << 24;

unsigned parse_alignment(Cursor& cursor) {
  const Location place = cursor.location();
  const std::uint64_t alignment = parse_count(cursor, kMaximumAlignment, "The alignment");
  if (!cursor.failed() && !std::has_single_bit(alignment))
    cursor.fail(place, fmt::format("The alignment {} is not a power of two.", alignment));
  return static_cast<unsigned>(alignment);
}

unsigned vector_from_spelling(std::string_view word) {
  if (word == "v2") return 2;
  if (word == "v4") return 4;
  return word == "v8" ? 8 : 0;
}

/// `.param .u64 .ptr .global .align 16 name`, after `.ptr`.
void parse_pointer(Cursor& cursor, Variable& variable) {
  variable.pointer = true;
  for (StateSpace space : {StateSpace::kConst, StateSpace::kGlobal, StateSpace::kLocal,
                           StateSpace::kParam, StateSpace::kShared})
    if (cursor.accept_dot_word(spelling_of(space))) variable.pointer_space = space;
  // What compilers write of handles of textures; it changes nothing.
  for (std::string_view opaque : {"texref", "samplerref", "surfref"})
    cursor.accept_dot_word(opaque);
  if (cursor.accept_dot_word("align")) variable.pointer_alignment = parse_alignment(cursor);
}

/// `.const[3]`: banks of PTX before 2.2. All of them are one constant memory.
void skip_bank(Cursor& cursor) {
  if (cursor.here() != '[') return;
  cursor.advance(1);
  parse_count(cursor, 10, "The constant bank");
  cursor.expect(']', "the constant bank");
}

bool set_once(Cursor& cursor, Location place, bool& was_set, std::string_view what) {
  if (was_set) cursor.fail(place, fmt::format("A declaration has one {}, not two.", what));
  return was_set = true;
}

bool take_space(Cursor& cursor, Location place, StateSpace space, DeclarationHead& head) {
  head.prototype.space = space;
  if (space == StateSpace::kConst) skip_bank(cursor);
  return set_once(cursor, place, head.has_space, "state space");
}

/// The words that take an argument; `word` is taken already.
bool take_special_word(Cursor& cursor, std::string_view word, Variable& variable) {
  if (word == "align") {
    variable.alignment = parse_alignment(cursor);
  } else if (word == "ptr") {
    parse_pointer(cursor, variable);
  } else if (word == "attribute") {
    const Attributes attributes = parse_attributes(cursor);
    variable.managed |= attributes.managed;
    variable.unified = attributes.unified;
  } else {
    return false;
  }
  return true;
}

bool take_head_word(Cursor& cursor, Location place, std::string_view word, DeclarationHead& head) {
  Variable& variable = head.prototype;
  if (const auto space = space_from_spelling(word)) return take_space(cursor, place, *space, head);
  if (const auto linkage = linkage_from_spelling(word)) {
    variable.linkage = *linkage;
    return set_once(cursor, place, head.has_linkage, "linkage");
  }
  if (const unsigned lanes = vector_from_spelling(word)) {
    variable.vector = lanes;
    return true;
  }
  if (const auto type = type_from_spelling(word)) {
    variable.type = *type;
    return set_once(cursor, place, head.has_type, "type");
  }
  return take_special_word(cursor, word, variable);
}

/// `[4][2+1]`, `[]`
void parse_dimensions(Cursor& cursor, Variable& variable) {
  std::uint64_t bytes = std::uint64_t{bytes_of(variable.type)} * variable.vector;
  while (cursor.accept('[')) {
    const Location place = cursor.location();
    std::uint64_t size = 0;
    if (cursor.peek() != ']') size = parse_count(cursor, kMaximumVariableBytes, "The array size");
    if (size > kMaximumVariableBytes / bytes)
      cursor.fail(place, fmt::format("The size of `{}` exceeds {} bytes.", one_line(variable.name),
                                     kMaximumVariableBytes));
    if (size != 0) bytes *= size;
    variable.dimensions.push_back(size);
    cursor.expect(']', "the array size");
  }
}

/// `%r<10>`, at the angle bracket.
void parse_register_range(Cursor& cursor, Variable& variable) {
  if (!cursor.accept('<')) return;
  const Location place = cursor.location();
  if (!is(cursor.here(), kDigit)) return cursor.fail_expected("the number of registers");
  const Immediate count = parse_literal(cursor).value;
  if (count.kind != Immediate::Kind::kInteger || count.bits > kMaximumRegisters)
    cursor.fail(place, fmt::format("`{}` is declared for more than {} registers.",
                                   one_line(variable.name), kMaximumRegisters));
  variable.register_range = static_cast<unsigned>(count.bits);
  cursor.expect('>', "the number of registers");
}

Variable parse_declarator(Cursor& cursor, const DeclarationHead& head) {
  Variable variable = head.prototype;
  variable.location = cursor.location();
  variable.name = cursor.expect_name("the name of a variable");
  parse_register_range(cursor, variable);
  parse_dimensions(cursor, variable);
  if (cursor.accept('=')) parse_initialiser(cursor, variable);
  return variable;
}

void require_space_and_type(Cursor& cursor, const DeclarationHead& head) {
  if (!head.has_space) cursor.fail_expected("a state space (such as .param) in the declaration");
  if (!head.has_type) cursor.fail_expected("a type (such as .b32) in the declaration");
}

Variable parse_parameter(Cursor& cursor) {
  DeclarationHead head;
  while (cursor.peek() == '.')
    if (!accept_head_word(cursor, head)) cursor.fail_expected("part of a parameter's declaration");
  require_space_and_type(cursor, head);
  return parse_declarator(cursor, head);
}

}  // namespace

bool accept_head_word(Cursor& cursor, DeclarationHead& head) {
  const Location place = cursor.location();
  const std::string_view word = cursor.accept_dot_word();
  if (word.empty()) return false;
  if (take_head_word(cursor, place, word, head)) return true;
  cursor.retreat(word.size() + 1);
  return false;
}

void parse_variables(Cursor& cursor, DeclarationHead head, std::vector<Variable>& variables) {
  while (cursor.peek() == '.')
    if (!accept_head_word(cursor, head)) cursor.fail_expected("part of a variable's declaration");
  require_space_and_type(cursor, head);
  do variables.push_back(parse_declarator(cursor, head));
  while (cursor.accept(','));
  cursor.expect(';', "the declaration");
}

std::vector<Variable> parse_parameters(Cursor& cursor) {
  std::vector<Variable> parameters;
  if (cursor.accept(')')) return parameters;
  do parameters.push_back(parse_parameter(cursor));
  while (cursor.accept(','));
  cursor.expect(')', "the parameters");
  return parameters;
}

}  // namespace cuda_shim::kernels::ptx
