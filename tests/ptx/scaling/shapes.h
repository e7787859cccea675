#pragma once
// Kernels of any size, each of a shape that some algorithm of a compiler might take quadratic time
// for.

#include <span>
#include <string>
#include <string_view>

namespace cuda_shim::tests {

struct Shape {
  std::string_view name;
  std::string_view what;
  /// A module with one kernel of about this many instructions.
  std::string (*module)(unsigned instructions);
};

std::span<const Shape> shapes();

}  // namespace cuda_shim::tests
