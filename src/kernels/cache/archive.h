#pragma once
// A cache directory as one row of bytes, to carry it to another machine.

#include <string>
#include <string_view>

#include "cuda_shim/status.h"
#include "kernels/cache/directory.h"

namespace cuda_shim::kernels::cache {

/// All whole files with their names.
std::string write_archive(const Directory& directory);

/// Adds the archive's files to the directory; what is there stays. kInvalidImage if the bytes are
/// no archive or a file in it is damaged (what came before it has been added).
Status read_archive(std::string_view bytes, const Directory& directory);

}  // namespace cuda_shim::kernels::cache
