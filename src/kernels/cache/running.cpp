#include "kernels/cache/running.h"

#include <string>

namespace cuda_shim::kernels::cache {
namespace {

/// In which it is seen that a thread has given up, which tells nobody.
constexpr std::chrono::milliseconds kPause(10);

Status copy_of(const Status& status) {
  return Status(status.code(), std::string(status.message()));
}

/// As long as it lives the caller sleeps.
class LentCore {
 public:
  explicit LentCore(IdleWorkers* workers) : workers_(workers) {
    if (workers_ != nullptr) workers_->lend_core();
  }
  ~LentCore() {
    if (workers_ != nullptr) workers_->take_core_back();
  }
  LentCore(const LentCore&) = delete;

 private:
  IdleWorkers* workers_;
};

}  // namespace

bool Running::wait(std::unique_lock<std::mutex>& lock) {
  job_.wanted.store(true, std::memory_order_relaxed);
  const auto is_done = [this] { return done_; };
  if (!is_idle()) {
    changed_.wait(lock, is_done);
    return true;
  }
  const LentCore lent(job_.workers.load(std::memory_order_relaxed));
  while (!changed_.wait_for(lock, kPause, is_done))
    if (job_.given_up.load(std::memory_order_relaxed)) return false;
  return true;
}

void Running::finish(const Result<SharedKernel>& result) {
  if (result)
    code_ = *result;
  else
    failure_ = copy_of(result.error());
  done_ = true;
  changed_.notify_all();
}

Result<SharedKernel> Running::result() const {
  if (code_ != nullptr) return code_;
  return error(copy_of(failure_));
}

}  // namespace cuda_shim::kernels::cache
