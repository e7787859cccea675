#pragma once
// Functions: a kernel of a module, translated on demand.

#include <cuda.h>

#include <atomic>
#include <mutex>

#include "api/objects/handle.h"
#include "cuda_shim/code_object.h"
#include "cuda_shim/status.h"
#include "devices/registry.h"
#include "kernels/program_outline.h"

namespace cuda_shim::objects {

class Module;

class Function {
 public:
  static constexpr Kind kKind = Kind::kFunction;
  using CHandle = CUfunction;

  /// `index`: among the kernels of the module's outline.
  Function(Module& module, std::size_t index);

  CUfunction handle() const { return handle_.as<CUfunction>(); }
  Module& module() const { return module_; }
  const kernels::KernelOutline& kernel() const { return kernel_; }
  /// The name, with an end.
  const char* name() const { return name_.c_str(); }

  /// Translates and loads the kernel the first time; a failure stays. One load when it is ready.
  Status prepare() {
    if (ready_.load(std::memory_order_acquire)) return {};
    return translate();
  }
  bool ready() const { return ready_.load(std::memory_order_acquire); }
  /// After prepare().
  cuda_shim_executable executable() const { return executable_.handle(); }
  const cuda_shim_kernel_info& info() const { return info_; }

  /// Threads of a block that the kernel and the device allow; known before prepare().
  unsigned max_threads_per_block() const { return max_threads_; }
  /// Bytes of dynamic shared memory that a launch may ask for, after prepare().
  unsigned max_dynamic_shared() const;

  Result<int> attribute(CUfunction_attribute attribute);
  Status set_attribute(CUfunction_attribute attribute, int value);

 private:
  Status translate();
  Status load();

  Module& module_;
  std::size_t index_;
  const kernels::KernelOutline& kernel_;
  std::string name_;
  unsigned max_threads_;
  std::atomic<bool> ready_ = false;
  std::mutex mutex_;  // guards translation and its failure
  StatusCode failure_ = StatusCode::kOk;
  std::string failure_message_;
  devices::Executable executable_;
  cuda_shim_kernel_info info_ = {};
  std::atomic<int> dynamic_shared_{-1};  // as set; -1: the default
  std::atomic<int> carveout_{-1};
  std::atomic<int> non_portable_cluster_{0};
  OwnedHandle<Function> handle_{this};
};

}  // namespace cuda_shim::objects
