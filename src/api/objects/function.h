#pragma once
// Functions: a kernel of a module, translated on demand, on some devices once for each size of
// block that it is launched with.

#include <cuda.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

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
  ~Function();

  CUfunction handle() const { return handle_.as<CUfunction>(); }
  Module& module() const { return module_; }
  const kernels::KernelOutline& kernel() const { return kernel_; }
  /// The name, with an end.
  const char* name() const { return name_.c_str(); }

  /// A translation of the kernel, loaded.
  struct Version {
    cuda_shim_dim3 block;  ///< dimensions that it is for; 0: any
    devices::Executable executable;
    cuda_shim_kernel_info info;
    std::string remarks;  ///< of the translator
  };

  /// Translates and loads the kernel unless some version is there; a failure stays.
  Status prepare() {
    if (ready()) return {};
    Result<const Version*> version = translate(likely_block());
    return version ? Status() : std::move(version.error());
  }
  bool ready() const { return latest_.load(std::memory_order_acquire) != nullptr; }
  /// The version for launches with such blocks, translated and loaded the first time. Valid as long
  /// as the function is.
  Result<const Version*> version_for(const cuda_shim_dim3& block) {
    const Version* latest = latest_.load(std::memory_order_acquire);
    if (latest != nullptr && is_for(*latest, block)) return latest;
    return translate(block);
  }
  /// After prepare(): what is the same in all versions.
  const cuda_shim_kernel_info& info() const {
    return latest_.load(std::memory_order_acquire)->info;
  }

  /// Threads of a block that the kernel and the device allow; known before prepare().
  unsigned max_threads_per_block() const { return max_threads_; }
  /// Bytes of dynamic shared memory that a launch may ask for, after prepare().
  unsigned max_dynamic_shared() const;

  Result<int> attribute(CUfunction_attribute attribute);
  Status set_attribute(CUfunction_attribute attribute, int value);

 private:
  static bool is_for(const Version& version, const cuda_shim_dim3& block) {
    return version.block.x == block.x && version.block.y == block.y && version.block.z == block.z;
  }
  cuda_shim_dim3 likely_block() const;
  Result<const Version*> translate(const cuda_shim_dim3& block);
  Result<const Version*> load(const cuda_shim_dim3& block);
  cuda_shim_dim3 specialisation(const cuda_shim_dim3& block) const;

  Module& module_;
  std::size_t index_;
  const kernels::KernelOutline& kernel_;
  std::string name_;
  unsigned max_threads_;
  std::atomic<const Version*> latest_ = nullptr;  // that was asked for; one of versions_
  std::mutex mutex_;                              // guards translation, versions and failure
  std::vector<std::unique_ptr<const Version>> versions_;
  StatusCode failure_ = StatusCode::kOk;
  std::string failure_message_;
  std::atomic<int> dynamic_shared_{-1};  // as set; -1: the default
  std::atomic<int> carveout_{-1};
  std::atomic<int> non_portable_cluster_{0};
  OwnedHandle<Function> handle_{this};
};

}  // namespace cuda_shim::objects
