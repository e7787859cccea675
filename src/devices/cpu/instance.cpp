#include "devices/cpu/instance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "support/options.h"

namespace cuda_shim::devices::cpu {

const cuda_shim_services* g_services = nullptr;

void report(int level, const std::string& sentence) {
  g_services->report(level, sentence.c_str());
}

cuda_shim_status report(const Status& status) {
  // Level 2: whether a returned error matters is for the caller to say.
  if (!status.ok()) report(2, std::string(status.message()));
  return static_cast<cuda_shim_status>(status.code());
}

void Output::append(std::string_view text, std::size_t limit) {
  std::lock_guard lock(mutex_);
  text_ += text;
  if (text_.size() < limit) {
    waiting_.store(true, std::memory_order_release);
    return;
  }
  std::fwrite(text_.data(), 1, text_.size(), stdout);
  text_.clear();
  waiting_.store(false, std::memory_order_relaxed);
}

void Output::flush() {
  if (!waiting_.load(std::memory_order_acquire)) return;
  std::lock_guard lock(mutex_);
  std::fwrite(text_.data(), 1, text_.size(), stdout);
  text_.clear();
  waiting_.store(false, std::memory_order_relaxed);
}

KernelHeap::~KernelHeap() {
  for (auto& [block, bytes] : blocks_) std::free(block);
}

void* KernelHeap::allocate(std::size_t bytes, std::size_t limit) {
  if (bytes == 0 || bytes > limit) return nullptr;
  std::lock_guard lock(mutex_);
  if (used_ > limit - bytes) return nullptr;
  void* block = std::aligned_alloc(16, (bytes + 15) / 16 * 16);
  if (!block) return nullptr;
  blocks_.emplace(block, bytes);
  used_ += bytes;
  return block;
}

bool KernelHeap::free(void* pointer) {
  std::lock_guard lock(mutex_);
  auto found = blocks_.find(pointer);
  if (found == blocks_.end()) return false;
  used_ -= found->second;
  blocks_.erase(found);
  std::free(pointer);
  return true;
}

std::size_t default_stack() {
  std::int64_t asked = support::option_number(support::Option::CPU_STACK);
  return static_cast<std::size_t>(std::clamp(asked, kLeastStack, kMostStack));
}

Instance::Instance() : stack_limit(default_stack()) {}

void Instance::record_fault(const cuda_shim_fault& fault, std::string_view sentence) {
  std::string place;
  if (fault.kernel)
    place = fmt::format("Kernel '{}', block ({},{},{}), thread ({},{},{}): ", fault.kernel,
                        fault.block.x, fault.block.y, fault.block.z, fault.thread.x, fault.thread.y,
                        fault.thread.z);
  report(0, place.append(sentence));
  std::lock_guard lock(mutex_);
  if (fault_.code != 0) return;
  fault_ = fault;
  kernel_ = fault.kernel ? fault.kernel : "";
  fault_.kernel = kernel_.c_str();
  faulted_.store(true, std::memory_order_release);
}

cuda_shim_fault Instance::fault() {
  std::lock_guard lock(mutex_);
  return fault_;
}

}  // namespace cuda_shim::devices::cpu
