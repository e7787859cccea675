#pragma once
// A form on the interpreter, value by value: the kernel around it is left out, so that a value
// costs the instruction alone and not a thread with its loads and stores.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "ptx/interpreter/forms.h"
#include "ptx/interpreter/machine.h"

namespace cuda_shim::tests {

class InterpretedForm {
 public:
  /// Throws interpreter::Fault if the interpreter does not have the instruction.
  explicit InterpretedForm(const Form& form);

  /// The result as it would lie in memory.
  std::uint64_t result(const std::vector<std::uint64_t>& operands);

 private:
  std::unique_ptr<interpreter::Machine> machine_;
  std::vector<unsigned> operands_;  ///< registers
  unsigned result_ = 0;             ///< register
  unsigned begin_ = 0, end_ = 0;    ///< of the form among the kernel's steps
};

}  // namespace cuda_shim::tests
