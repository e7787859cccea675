#pragma once
// A form on the engine, through the driver API: loaded once, then launched on many values at a
// time.

#include <cuda.h>

#include <cstddef>
#include <string>
#include <vector>

#include "ptx/interpreter/forms.h"

namespace cuda_shim::tests {

class EngineForm {
 public:
  /// Room for `values` values at a time, a multiple of kFormThreads. Needs a current context.
  EngineForm(const Form& form, unsigned values);
  ~EngineForm();
  EngineForm(const EngineForm&) = delete;

  /// What failed; empty if nothing did.
  const std::string& error() const { return error_; }
  /// The results for operands as they lie in memory.
  void run(const std::vector<std::vector<std::byte>>& operands, std::vector<std::byte>& results);

 private:
  void expect(CUresult result, const char* what);

  unsigned values_;
  std::string error_;
  CUmodule module_ = nullptr;
  CUfunction function_ = nullptr;
  std::vector<CUdeviceptr> buffers_;  ///< the result's first
};

}  // namespace cuda_shim::tests
