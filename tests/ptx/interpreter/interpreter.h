#pragma once
// A reference interpreter for PTX: slow, obvious, without LLVM. README.md says how it works.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ptx/interpreter/fault.h"
#include "ptx/interpreter/texture.h"

namespace cuda_shim::tests::interpreter {

/// Memory of the host that the kernel may touch.
struct MemoryRange {
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
};

struct Launch {
  std::string text;
  std::string kernel;
  unsigned grid[3] = {1, 1, 1};
  unsigned block[3] = {1, 1, 1};
  unsigned shared_bytes = 0;
  /// The kernel's arguments as bytes, one each.
  std::vector<std::vector<std::byte>> arguments;
  std::vector<MemoryRange> memory;
  std::vector<BoundTexture> textures;
};

struct Outcome {
  bool ok = true;
  FaultKind fault = FaultKind::kInvalid;
  std::string message;
  std::string printed;  ///< by vprintf
};

/// Loads the text and runs the kernel to its end.
Outcome run(const Launch& launch);

}  // namespace cuda_shim::tests::interpreter
