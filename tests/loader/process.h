#pragma once
// Runs a program and keeps what it says.

#include <string>
#include <utility>
#include <vector>

namespace cuda_shim::testing {

struct Outcome {
  int exit_code = -1;  ///< 128 + signal if a signal ended it
  std::string output;  ///< standard output
  std::string errors;  ///< standard error
};

using Environment = std::vector<std::pair<std::string, std::string>>;

/// Runs `command` with the caller's environment changed by `changes`.
Outcome run(const std::vector<std::string>& command, const Environment& changes = {});

std::vector<std::string> lines_of(const std::string& text);

}  // namespace cuda_shim::testing
