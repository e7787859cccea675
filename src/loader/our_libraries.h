#pragma once
// Our own libraries: where they lie, what they export, and opening them when a redirected function
// is called for the first time.

#include <string>

#include "loader/runtime_library.h"

namespace cuda_shim::loader {

/// Folder that holds libcuda_shim.so and its sisters, with links resolved.
const std::string& library_folder();
std::string path_of(RuntimeLibrary library);

/// Whether the two paths are one file.
bool is_same_file(const char* a, const char* b);

/// Opens our library; the same handle every time. Null, with the reason in the log, if it cannot be
/// opened.
void* open_library(RuntimeLibrary library);

}  // namespace cuda_shim::loader
