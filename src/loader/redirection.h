#pragma once
// Takes the place of the runtime that a loaded object holds: every function of it leads to ours
// afterwards, or, where it is newer than ours and has more of them, to an error. None stays behind:
// half a runtime of NVIDIA's beside ours would work on state that nobody has set up.

#include <link.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loader/code_patch.h"
#include "loader/elf_file.h"
#include "loader/held_runtime.h"

namespace cuda_shim::loader {

/// Which functions of an object go where.
struct RedirectionPlan {
  struct Row {
    ElfFunction function;
    std::uint64_t room;  ///< bytes up to the next function
    bool lacking;        ///< the runtime's, and our library has none: calls are refused
  };
  std::vector<Row> rows;

  std::size_t lacking() const { return std::ranges::count(rows, true, &Row::lacking); }
};

/// `ours` are the functions that our library exports. Pure: touches nothing.
RedirectionPlan plan_redirection(const ElfFile& file, const HeldRuntime& held,
                                 const std::vector<ElfFunction>& ours);

/// The jumps of one loaded object; undone by unloading the object only.
class Redirection {
 public:
  /// Redirects all of the plan's functions in the object loaded at `bias`, or none.
  static Result<std::unique_ptr<Redirection>> apply(const ElfFile& file, std::uint64_t bias,
                                                    RuntimeLibrary library,
                                                    const RedirectionPlan& plan);

 private:
  std::deque<LazyTarget> targets_;
  std::optional<PatchedCode> code_;
};

}  // namespace cuda_shim::loader
