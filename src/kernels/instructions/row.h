#pragma once
// Instruction rows: what instructions there are, in the notation of the PTX manual, each with its
// lowering beside it.
//
//   constexpr Row kRows[] = {
//       {"add{.sat}.s32 d, a, b", lower_add_saturating},
//       {"add.type d, a, b; .type = .u16 .u32 .u64 .s16 .s64", lower_add},
//       {"setp.CmpOp{.ftz}.type p[|q], a, b; .CmpOp = .eq .ne ...; .type = ...", lower_setp},
//
// Grammar of a row:
//   row      = form { ";" class }
//   form     = opcode [ "..." ] { element } [ operand { "," operand } ]
//              (opcode...: whatever modifiers; only for instructions that are known by name and not
//              translated)
//   element  = "." word | "{." word "}"            (braces: optional)
//   class    = "." word " = " { "." word }         (an element named so stands for any one of these
//   words) operand  = as the manual writes it:
//                d            a register, immediate, label, or `_`; also a vector `{x, y}`, which
//                the lowering asks for [a]          an address operand; only this may be one p[|q]
//                a pair may be written; elsewhere it may not
//                {!}c         a negation may be written; elsewhere it may not
//                {d}          must be a vector
//                {, b}{, c}   or {, b{, c}}: may be left out
//                ...          (last) any further operands of any kind, e.g. `call{.uni} ...`
// A word that no class of the row defines stands for itself. Words are checked against
// modifiers.def and types.def when the row is compiled, so that a misspelt row does not compile. A
// lowering of nullptr means: known, parsed, not translated yet.
//
// Modifiers match in any order, except that type words keep theirs: ptxas is as tolerant, and
// compilers make use of it
// (`add.ftz.rn.f32`, `ld.global.acquire.gpu.b32`). Rows of one opcode are tried in the order of the
// table.

#include <cstdint>
#include <span>
#include <string_view>

#include "cuda_shim/status.h"
#include "kernels/instructions/row_syntax.h"
#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::instructions {

class Lowering;  // lowering.h

/// Emits LLVM IR for one instruction that matched the row.
using LowerFunction = Status (*)(Lowering& lowering);

struct Row {
  consteval Row(const char* row_syntax, LowerFunction row_lower)
      : syntax(row_syntax), lower(row_lower) {
    if (const char* why = row_error(syntax)) malformed_row(why);
  }

  std::string_view syntax;
  LowerFunction lower;

 private:
  /// Not constexpr: reaching it in the constructor is the compile error, and its argument is the
  /// reason.
  static void malformed_row(const char* why);
};

/// All rows of one chapter of the manual. Each chapter's file defines one; table.cpp lists the
/// chapters.
struct Chapter {
  std::string_view name;  ///< as in the manual, e.g. "Integer Arithmetic Instructions"
  std::span<const Row> rows;
};

/// Every chapter, in the manual's order.
std::span<const Chapter> chapters();

/// The row that an instruction matches, or the reason why none does, naming the first modifier or
/// operand that does not fit.
Result<const Row*> match(const ptx::Instruction& instruction);

}  // namespace cuda_shim::kernels::instructions
