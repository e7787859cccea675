#pragma once
// printf as kernels call it: a format and a buffer into which nvcc has packed the arguments.

#include <cstddef>
#include <cstdint>

namespace cuda_shim::devices::cpu {

/// What formatting gave: bytes written (no terminator; cut at the capacity) and arguments taken.
struct Formatted {
  std::size_t bytes;
  int arguments;
};

/// Formats into [to, to + capacity). Arguments lie one after another at their own alignment: 4
/// bytes for int and less, 8 for all else. What C's printf does not know, and %n, is copied as
/// text.
Formatted format_packed(const char* format, const void* arguments, char* to, std::size_t capacity);

}  // namespace cuda_shim::devices::cpu
