#pragma once
// The program that the user asked to run: found as a shell finds it, and looked at before it is
// started, because the dynamic linker would ignore us without a word where we cannot enter.

#include <string>

#include "cuda_shim/status.h"

namespace cuda_shim::launcher {

struct FoundProgram {
  std::string path;        ///< of the file to execute
  std::string executable;  ///< the ELF file that will run: the path, or a script's interpreter
};

/// Finds `name` (in PATH if it has no slash). Errors: kFileNotFound, kNotPermitted (not
/// executable).
Result<FoundProgram> find_program(const std::string& name);

/// Says why nothing can be put into the process: linked statically, of another machine, or
/// privileged. kNotSupported.
Status check_program(const FoundProgram& program);

}  // namespace cuda_shim::launcher
