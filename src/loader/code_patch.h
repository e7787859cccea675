#pragma once
// Overwrites function entries of a loaded object with jumps to new targets. All of them or none.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "cuda_shim/status.h"
#include "loader/runtime_library.h"

namespace cuda_shim::loader {

/// A function of one of our libraries, found at its first call; or one that our library lacks.
struct LazyTarget {
  std::string name;
  RuntimeLibrary library;
  bool lacking = false;   ///< calls get an error
  void** slot = nullptr;  ///< the trampoline's; set when it is written
};

/// One function to redirect.
struct Patch {
  std::byte* entry;    ///< in memory
  std::size_t room;    ///< bytes up to the next function
  LazyTarget* target;  ///< lives as long as the PatchedCode
};

/// An executable range of an object, whole pages.
struct CodeRange {
  std::byte* begin;
  std::byte* end;
  int protection;  ///< PROT_* to restore
};

/// Owns the trampolines of one object's patches. Freed only when the object is unloaded.
class PatchedCode {
 public:
  PatchedCode(std::byte* trampolines, std::size_t bytes)
      : trampolines_(trampolines), bytes_(bytes) {}
  PatchedCode(PatchedCode&& other) noexcept;
  PatchedCode& operator=(PatchedCode&&) = delete;
  ~PatchedCode();

 private:
  std::byte* trampolines_;
  std::size_t bytes_;
};

/// Writes the jumps. Nobody may be running code of the ranges. Errors (nothing was changed then):
/// kInvalidImage (a function lies outside of the ranges or is too small), kOutOfMemory (no free
/// address space within reach), kNotPermitted (the system refuses to make code writable).
Result<PatchedCode> patch_code(std::span<const Patch> patches, std::span<const CodeRange> ranges);

/// Redirects the empty function at `entry` to `function` at once.
Result<PatchedCode> patch_empty_function(std::byte* entry, void* function, const CodeRange& range);

}  // namespace cuda_shim::loader
