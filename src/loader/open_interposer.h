#pragma once
// Our dlopen, which stands before the C library's in the preload object.

namespace cuda_shim::loader {

/// The C library's dlopen.
void* open_for_real(const char* path, int flags);

}  // namespace cuda_shim::loader
