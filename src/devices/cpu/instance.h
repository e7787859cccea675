#pragma once
// One open instance of the CPU device: memory, limits, output and the first fault of one context.
// Workers are shared by all.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "cuda_shim/device.h"
#include "cuda_shim/status.h"
#include "devices/cpu/memory.h"

namespace cuda_shim::devices::cpu {

/// What kernels have printed and nobody has seen yet. Written out when a program may expect it: at
/// synchronisation.
class Output {
 public:
  ~Output() { flush(); }
  /// Keeps `text`; once `limit` bytes wait they are written.
  void append(std::string_view text, std::size_t limit);
  /// Writes to the C library's stdout, so that the application's own output keeps its place.
  void flush();

 private:
  std::mutex mutex_;  // guards text_
  std::string text_;
  std::atomic<bool> waiting_{false};  ///< text_ is not empty; spares synchronisation the lock
};

/// The heap of malloc in kernels. Blocks live until a kernel frees them or the context ends.
class KernelHeap {
 public:
  ~KernelHeap();
  /// Null if `limit` bytes would be exceeded, as CUDA answers.
  void* allocate(std::size_t bytes, std::size_t limit);
  /// False if `pointer` is not a live block of this heap.
  bool free(void* pointer);

 private:
  std::mutex mutex_;  // guards the rest
  std::unordered_map<void*, std::size_t> blocks_;
  std::size_t used_ = 0;
};

/// Bounds of the stack that may be asked for one CUDA thread. 1,024 of the largest fit an address
/// space many times over.
constexpr std::int64_t kLeastStack = 4 << 10;
constexpr std::int64_t kMostStack = 1 << 30;
/// CUDA_SHIM_CPU_STACK within these bounds.
std::size_t default_stack();

class Instance {
 public:
  Instance();

  /// Keeps the first fault, logs every one.
  void record_fault(const cuda_shim_fault& fault, std::string_view sentence);
  bool faulted() const { return faulted_.load(std::memory_order_acquire); }
  cuda_shim_fault fault();

  DeviceMemory memory;
  Output output;
  KernelHeap heap;
  std::atomic<std::size_t> stack_limit;
  std::atomic<std::size_t> heap_limit{8 << 20};
  std::atomic<std::size_t> output_limit{1 << 20};

  /// Queues that were not destroyed yet; `close` does it.
  std::mutex queues_mutex;  // guards queues
  std::unordered_set<cuda_shim_queue> queues;

 private:
  std::atomic<bool> faulted_{false};
  std::mutex mutex_;  // guards the rest
  cuda_shim_fault fault_ = {};
  std::string kernel_;  // fault_.kernel points to it
};

/// What the layer above offers; set before anything else is called.
extern const cuda_shim_services* g_services;
/// Gives a sentence to the layer above. Levels as in cuda_shim_services.
void report(int level, const std::string& sentence);
/// As `report`, for an error that is returned.
cuda_shim_status report(const Status& status);

}  // namespace cuda_shim::devices::cpu

struct cuda_shim_device_impl : cuda_shim::devices::cpu::Instance {};
