#pragma once
// What identifies a library's contents: the linker's build id (a note in the ELF file), read
// without loading the library.

#include <optional>
#include <string>

#include "support/digest.h"

namespace cuda_shim::kernels::cache {

/// Digest of the build id of an ELF file, or of the whole file where it has none; nothing if it
/// cannot be read.
std::optional<support::Digest> identify_library(const std::string& path);

}  // namespace cuda_shim::kernels::cache
