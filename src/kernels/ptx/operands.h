#pragma once
// Instruction operands: text to Operand.

#include <string_view>
#include <vector>

#include "kernels/ptx/cursor.h"

namespace cuda_shim::kernels::ptx {

class OperandParser {
 public:
  explicit OperandParser(Cursor& cursor) : cursor_(cursor) {}

  /// Reads `a, b, c` up to and with the semicolon. In a `call` a parenthesis opens an operand list,
  /// elsewhere an expression.
  std::vector<Operand> parse_list(bool is_call);

 private:
  Operand parse(bool is_call);
  Operand parse_named(Operand operand);
  void parse_pair(Operand& operand);
  Name parse_name();
  void parse_suffix(Name& name);
  Address parse_address();
  void parse_offset(Address& address);
  Address parse_subscript(Name name);
  Vector parse_vector(char close);
  std::vector<Operand> take_from(std::size_t first);

  Cursor& cursor_;
  /// Operands under construction: each list is built at the end and moved out at its exact size.
  std::vector<Operand> stack_;
};

}  // namespace cuda_shim::kernels::ptx
