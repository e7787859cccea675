#pragma once
// The error that each thread remembers for cudaGetLastError.
//
// Every entry passes its result through record(). An error stays until cudaGetLastError takes it. A
// sticky error, one that has broken the context, stays beyond that: until cudaDeviceReset has made
// a new context.

#include <driver_types.h>

namespace cuda_shim::cudart {

/// Remembers an error of the named function for this thread; success changes nothing.
void remember_error(cudaError_t error, const char* function);

/// Returns what it is given; errors are remembered first.
inline cudaError_t record(cudaError_t error, const char* function) {
  if (error != cudaSuccess) [[unlikely]]
    remember_error(error, function);
  return error;
}

/// cudaDeviceReset: sticky errors of all threads may be taken from now on.
void forgive_sticky_errors();

const char* error_name(cudaError_t error);
const char* error_description(cudaError_t error);

}  // namespace cuda_shim::cudart
