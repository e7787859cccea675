#pragma once
// What all samples share: a call that fails ends the program, and its last line says how it went.

#include <cuda_runtime.h>

#include <cstdio>
#include <cstdlib>

#define SAMPLE_CHECK(call)                                                      \
  do {                                                                          \
    const cudaError_t sample_error = (call);                                    \
    if (sample_error != cudaSuccess) {                                          \
      std::printf("FAILED: %s: %s\n", #call, cudaGetErrorString(sample_error)); \
      std::exit(1);                                                             \
    }                                                                           \
  } while (false)

/// Prints the closing line; returns the exit code.
inline int finish(bool right, const char* complaint) {
  if (right) {
    std::printf("PASSED\n");
  } else {
    std::printf("FAILED: %s\n", complaint);
  }
  return right ? 0 : 1;
}
