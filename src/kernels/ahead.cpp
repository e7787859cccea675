#include "kernels/ahead.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

#include "kernels/cache/kernel_cache.h"
#include "kernels/idle_workers.h"
#include "kernels/program_image.h"
#include "support/log.h"

namespace cuda_shim::kernels {
namespace {

/// Kernels to translate for each that a launch had to wait for: all of an ordinary module. Of one
/// with thousands, most are never wanted.
constexpr std::size_t kKernelsPerWait = 256;

/// Nobody notices this much at the end of a process.
constexpr std::chrono::milliseconds kEndPatience(8);

pid_t g_process = 0;
IdleWorkers* g_workers = nullptr;

/// Comes before the destructors of LLVM's static objects, as it is registered after they were made.
void stop_at_end() {
  // A forked child has none of the threads.
  if (::getpid() != g_process) return;
  const auto begin = std::chrono::steady_clock::now();
  const bool in_time = g_workers->stop(kEndPatience);
  CUDA_SHIM_LOG(kDebug, "The threads that translate ahead {} after {} us.",
                in_time ? "have stopped" : "are left alone",
                (std::chrono::steady_clock::now() - begin) / std::chrono::microseconds(1));
}

IdleWorkers& workers() {
  static IdleWorkers& made = []() -> IdleWorkers& {
    g_process = ::getpid();
    g_workers = new IdleWorkers(cache::KernelCache::process().idle_threads());
    std::atexit(stop_at_end);
    return *g_workers;
  }();
  return made;
}

}  // namespace

/// The kernels of an image that have not been looked at.
class Ahead::Kernels {
 public:
  Kernels(std::weak_ptr<const ProgramImage> image, const CompileOptions& options)
      : image_(std::move(image)), options_(options) {}

  /// May translate more; true if it had come to its end and must be put to work again.
  bool grant() {
    const std::lock_guard lock(mutex_);
    left_ += kKernelsPerWait;
    return !std::exchange(at_work_, true);
  }

  /// A step of IdleWorkers.
  bool translate_next() {
    const std::shared_ptr<const ProgramImage> image = image_.lock();
    const std::optional<std::size_t> kernel = image ? take(*image) : std::nullopt;
    if (!kernel) return false;
    if (image->translate_ahead(*kernel, options_)) return true;
    const std::lock_guard lock(mutex_);
    ++left_;  // it was there
    return true;
  }

 private:
  std::optional<std::size_t> take(const ProgramImage& image) {
    const std::lock_guard lock(mutex_);
    at_work_ = left_ > 0 && next_ < image.outline().kernels().size();
    if (!at_work_) return std::nullopt;
    --left_;
    return next_++;
  }

  const std::weak_ptr<const ProgramImage> image_;
  const CompileOptions options_;
  std::mutex mutex_;  // guards what follows
  std::size_t next_ = 0, left_ = 0;
  bool at_work_ = false;
};

void Ahead::go_on(std::weak_ptr<const ProgramImage> image, const CompileOptions& options) {
  if (cache::KernelCache::process().idle_threads() == 0) return;
  const std::lock_guard lock(mutex_);
  if (kernels_ == nullptr) kernels_ = std::make_shared<Kernels>(std::move(image), options);
  if (kernels_->grant()) workers().add([kernels = kernels_] { return kernels->translate_next(); });
}

}  // namespace cuda_shim::kernels
