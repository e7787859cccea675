#pragma once
// The PTX parser: text to syntax tree, for the whole syntax of PTX ISA 9.0.
//
// It knows the grammar of statements and operands, not the instructions: any opcode word parses.
// Errors carry line, column and the offending text. Input may come from anywhere: no input crashes
// it or makes it run longer than linear time, and nesting is limited.

#include <string>
#include <string_view>
#include <vector>

#include "cuda_shim/status.h"
#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::ptx {

/// One message about a module's text.
struct Diagnostic {
  Location location;
  std::string message;  ///< a full sentence
  std::string text;     ///< the statement or token it is about, at most one line

  /// "line 12, column 5: The ... `text`"
  std::string to_string() const;
};

template <class T>
using ParseResult = std::expected<T, Diagnostic>;

/// Parses declarations and finds where function bodies are, without parsing them. `text` must
/// outlive the result.
ParseResult<Module> parse_module(std::string_view text);

/// Parses the body of one function of a module that parse_module returned.
ParseResult<Scope> parse_body(const Function& function);

}  // namespace cuda_shim::kernels::ptx
