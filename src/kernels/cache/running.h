#pragma once
// A kernel that one thread looks up or translates while others wait for it.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "cuda_shim/status.h"
#include "kernels/compiler.h"
#include "kernels/idle_workers.h"

namespace cuda_shim::kernels::cache {

using SharedKernel = std::shared_ptr<const CompiledKernel>;

/// All functions are to be called under one mutex.
class Running {
 public:
  enum class When { kAtOnce, kIdle };

  explicit Running(When when) : when_(when) {}

  bool is_idle() const { return when_ == When::kIdle; }
  /// To be told to the thread that works in idle time.
  IdleJob& job() { return job_; }

  /// Returns true once there is a result; false if a thread that worked in idle time has given up,
  /// as the process ends.
  bool wait(std::unique_lock<std::mutex>& lock);
  void finish(const Result<SharedKernel>& result);
  Result<SharedKernel> result() const;

 private:
  When when_;
  IdleJob job_;
  std::condition_variable changed_;
  bool done_ = false;
  SharedKernel code_;
  Status failure_;
};

}  // namespace cuda_shim::kernels::cache
