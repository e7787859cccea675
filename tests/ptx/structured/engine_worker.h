#pragma once
// A process in which one engine runs kernels: an engine is chosen once for a process, and a kernel
// that brings its process down is a finding like any other.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ptx/structured/kernel.h"

namespace cuda_shim::tests::structured {

struct EngineResult {
  std::string error;  ///< empty: the kernel has run
  std::vector<std::byte> memory;
};

class EngineWorker {
 public:
  /// `log`: where the engine tells which kernels it leaves to the other one; empty: nowhere. A
  /// kernel that takes more than `seconds` ends the process.
  EngineWorker(std::string engine, unsigned seconds, std::string log = {});
  ~EngineWorker();
  EngineWorker(const EngineWorker&) = delete;
  EngineWorker& operator=(const EngineWorker&) = delete;

  /// Begins with the kernel of a seed, less some statements; the result is to be fetched.
  void begin(std::uint64_t seed, const LeftOut& left_out = {});
  EngineResult result();

 private:
  void start();
  void stop();

  std::string engine_, log_;
  unsigned seconds_;
  pid_t process_ = -1;
  int to_ = -1, from_ = -1;
};

/// Numbers that a seed's kernel is given.
std::uint32_t number_of(std::uint64_t seed, unsigned index);

}  // namespace cuda_shim::tests::structured
