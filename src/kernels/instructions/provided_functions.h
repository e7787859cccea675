#pragma once
// Functions that CUDA's runtime defines on the device and PTX only declares: vprintf, malloc, free,
// __assertfail.

#include <span>
#include <string_view>

#include "kernels/instructions/lowering.h"

namespace cuda_shim::kernels::instructions {

struct ProvidedFunction {
  std::string_view name;
  unsigned parameters;
  bool has_result;
  /// Arguments come as the integers of their declared sizes; the result as an integer, null where
  /// there is none.
  llvm::Value* (*lower)(Lowering& lowering, std::span<llvm::Value* const> arguments);
};

/// Null if there is none of this name.
const ProvidedFunction* find_provided_function(std::string_view name);

}  // namespace cuda_shim::kernels::instructions
