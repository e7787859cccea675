#pragma once
// Declarations: variables with their initialisers, parameter lists, attributes, the directives of
// functions.

#include <string_view>
#include <vector>

#include "kernels/ptx/cursor.h"

namespace cuda_shim::kernels::ptx {

/// Largest variable in bytes: far above any memory, far below what could overflow a sum.
inline constexpr std::uint64_t kMaximumVariableBytes = std::uint64_t{1} << 46;

/// What stands before the name in a declaration: `.visible .global .align 8 .b8`. Every word of it
/// may come in any order, as the compilers of the years wrote them.
struct DeclarationHead {
  Variable prototype;  ///< everything but the name
  bool has_space = false;
  bool has_type = false;
  bool has_linkage = false;
};

/// Takes one dot word into `head` if it belongs into a declaration's head.
bool accept_head_word(Cursor& cursor, DeclarationHead& head);

/// Reads the rest of `.reg .b32 a, %r<10>;` from the cursor on, where `head` has what was read
/// before, and adds one variable per name.
void parse_variables(Cursor& cursor, DeclarationHead head, std::vector<Variable>& variables);

/// Reads `(.param .b32 a, .reg .u32 b)`, the opening parenthesis taken already.
std::vector<Variable> parse_parameters(Cursor& cursor);

/// Reads the directives after a signature: `.maxntid 256, 1, 1 .noreturn`.
void parse_function_directives(Cursor& cursor, Signature& signature,
                               std::vector<PerformanceDirective>& directives);

/// Reads `.attribute(.managed, .unified(1, 2))` after its word.
struct Attributes {
  bool managed = false;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> unified;
};
Attributes parse_attributes(Cursor& cursor);

/// Reads `= {...}` after the equals sign into the variable.
void parse_initialiser(Cursor& cursor, Variable& variable);

/// Reads the strings of `.pragma "a", "b";` after its word, and the semicolon.
std::vector<std::string_view> parse_pragma(Cursor& cursor);

}  // namespace cuda_shim::kernels::ptx
