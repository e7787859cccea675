#pragma once
// Runs PTX kernels in the test's own process: translate, link in memory, call once for each thread.
//
// Threads run one after another on one stack, so only kernels whose threads do not wait for each
// other can be run.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cuda_shim/device.h"
#include "cuda_shim/host_abi.h"
#include "cuda_shim/status.h"
#include "kernels/compiler.h"

namespace cuda_shim::tests {

/// The machine that the test runs on.
cuda_shim_target this_machine();

/// "`.version`, `.target`, `.address_size`" and then the text.
std::string module_text(std::string_view body);

class KernelRunner {
 public:
  KernelRunner();
  ~KernelRunner();

  /// Translates `kernel` (the first one if empty) of a PTX text.
  Status load(std::string ptx, std::string_view kernel = {}, int optimisation_level = 3);

  const kernels::CompiledKernel& compiled() const;
  /// The module's variable; null if there is none.
  void* variable(std::string_view name);

  struct Launch {
    cuda_shim_dim3 grid = {1, 1, 1};
    cuda_shim_dim3 block = {1, 1, 1};
    std::uint32_t dynamic_shared_bytes = 0;
    std::vector<std::byte> parameters;

    /// Appends a parameter at its natural alignment.
    template <class T>
    Launch& with(T value) {
      parameters.resize((parameters.size() + alignof(T) - 1) / alignof(T) * alignof(T));
      const auto* bytes = reinterpret_cast<const std::byte*>(&value);
      parameters.insert(parameters.end(), bytes, bytes + sizeof value);
      return *this;
    }
  };
  /// Runs all threads. Returns the StatusCode of the trap that ended the launch, or 0.
  int run(const Launch& launch);

  /// What the kernels have called, in order: "vprintf %d", "yield", "barrier_sync" ...
  static std::vector<std::string>& calls();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cuda_shim::tests
