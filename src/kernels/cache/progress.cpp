#include "kernels/cache/progress.h"

#include <fmt/format.h>
#include <unistd.h>

namespace cuda_shim::kernels::cache {
namespace {

/// To the beginning of the line, which is wiped.
constexpr const char* kWipe = "\r\x1b[K";

/// Names of templates are longer than any terminal is wide.
std::string shortened(const std::string& name) {
  constexpr std::size_t kMost = 40;
  return name.size() <= kMost ? name : name.substr(0, kMost - 3) + "...";
}

}  // namespace

Progress::Progress(int descriptor, std::chrono::milliseconds patience)
    : descriptor_(descriptor), enabled_(::isatty(descriptor) == 1), patience_(patience) {}

void Progress::write(const std::string& text) const {
  // A terminal that is gone is no reason to complain.
  static_cast<void>(!::write(descriptor_, text.data(), text.size()));
}

Progress::Translation::Translation(Progress& progress, std::string kernel)
    : progress_(progress), kernel_(std::move(kernel)) {
  if (progress.enabled_)
    watcher_ = std::jthread([this](const std::stop_token& stop) { show_when_late(stop); });
}

void Progress::Translation::show_when_late(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  waiting_.wait_for(lock, stop, progress_.patience_, [] { return false; });
  if (stop.stop_requested()) return;
  shown_ = true;
  progress_.write(fmt::format("{}cuda_shim: translating kernels, {} of {} ready: {}", kWipe,
                              progress_.done_.load(), progress_.known_.load(), shortened(kernel_)));
}

Progress::Translation::~Translation() {
  if (!watcher_.joinable()) return;
  watcher_.request_stop();
  watcher_.join();
  if (shown_) progress_.write(kWipe);
}

}  // namespace cuda_shim::kernels::cache
