#pragma once
// Takes the place of the runtime that a loaded object holds: every function of it that we export
// leads to ours afterwards.

#include <link.h>

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
  };
  std::vector<Row> rows;
  /// Functions that look like the runtime's own and that our library lacks: it is newer than ours.
  std::vector<std::string_view> missing;
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
