#pragma once
// The printer's pieces: each function appends the text of one node to `out`.

#include <span>
#include <string>

#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::ptx {

void write(std::string& out, const Immediate& immediate);
void write(std::string& out, const Name& name);
void write(std::string& out, const Operand& operand);
void write(std::string& out, std::span<const Operand> operands);
void write(std::string& out, const Variable& variable);
void write_initialiser(std::string& out, const Variable& variable);

/// Appends each element with ", " between; `write_one` appends one.
template <class Range, class WriteOne>
void write_list(std::string& out, const Range& elements, WriteOne write_one) {
  bool first = true;
  for (const auto& element : elements) {
    if (!first) out += ", ";
    first = false;
    write_one(element);
  }
}

}  // namespace cuda_shim::kernels::ptx
