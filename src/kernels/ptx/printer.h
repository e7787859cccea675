#pragma once
// The syntax tree back to PTX text: for dumps, for messages, and to test the parser against itself.
//
// Parsing what was printed gives the same tree again, locations aside. Constant expressions come
// out as their values; comments and debug directives, which the tree does not hold, are gone.

#include <string>

#include "kernels/ptx/ast.h"
#include "kernels/ptx/parser.h"

namespace cuda_shim::kernels::ptx {

/// The whole module; bodies are parsed on the way, and the first that cannot be is the error.
ParseResult<std::string> print(const Module& module);

/// One function with a body parsed before; `body` is null for a declaration.
std::string print(const Function& function, const Scope* body);

/// `@%p1 add.s32 %r1, %r2, 5;`
std::string print(const Instruction& instruction);
std::string print(const Operand& operand);

/// `.visible .global .align 4 .u32 x[2] = {1, 2}`, without a semicolon.
std::string print(const Variable& variable);

}  // namespace cuda_shim::kernels::ptx
