// An array in two places: the host's, on which the solution by hand works, and the device's. Both
// start out equal and are resident when anything is timed.
#pragma once

#include <cuda_runtime_api.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "difference.h"

namespace bench {

inline void check(cudaError_t error) {
  if (error != cudaSuccess)
    throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(error));
}

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

struct FreeDevice {
  void operator()(void* memory) const { cudaFree(memory); }
};

/// Host memory in huge pages where the system gives any, as one who cares for speed would allocate
/// it: of several sizes, so that no two arrays are a multiple of 256 MiB apart, as in device
/// memory.
template <class T>
std::unique_ptr<T[], Free> allocate_host(std::size_t count) {
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  static unsigned allocations = 0;
  const std::size_t pages = (count * sizeof(T) + kHugePage - 1) / kHugePage + ++allocations % 8;
  const std::size_t bytes = pages * kHugePage;
  void* memory = std::aligned_alloc(kHugePage, bytes);
  if (memory == nullptr) throw std::bad_alloc();
  madvise(memory, bytes, MADV_HUGEPAGE);
  return std::unique_ptr<T[], Free>(static_cast<T*>(memory));
}

/// What does not depend on the type of the elements.
class BufferBase {
 public:
  virtual ~BufferBase() = default;
  virtual std::size_t bytes() const = 0;
  virtual const void* host_bytes() const = 0;
  /// Of as many elements from the host's: by value for floating-point numbers, else the share that
  /// differs.
  virtual double difference_of(const void* got) const = 0;
};

template <class T>
class Buffer final : public BufferBase {
 public:
  /// `value_of(i)` is called in order of the index and gives the first contents.
  template <class ValueOf>
  Buffer(std::size_t count, ValueOf value_of) : count_(count), host_(allocate_host<T>(count)) {
    for (std::size_t i = 0; i < count; ++i) host_[i] = value_of(i);
    void* memory = nullptr;
    check(cudaMalloc(&memory, bytes()));
    device_.reset(static_cast<T*>(memory));
    upload();
  }

  explicit Buffer(std::size_t count) : Buffer(count, [](std::size_t) { return T(); }) {}

  T* host() { return host_.get(); }
  const T* host() const { return host_.get(); }
  T* device() const { return device_.get(); }
  std::size_t count() const { return count_; }
  std::size_t bytes() const override { return count_ * sizeof(T); }
  const void* host_bytes() const override { return host(); }

  void upload() { check(cudaMemcpy(device_.get(), host_.get(), bytes(), cudaMemcpyHostToDevice)); }

  std::vector<T> download() const {
    std::vector<T> values(count_);
    check(cudaMemcpy(values.data(), device_.get(), bytes(), cudaMemcpyDeviceToHost));
    return values;
  }

  double difference() const { return difference_of(download().data()); }

  double difference_of(const void* got) const override {
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>)
      return largest_difference(static_cast<const T*>(got), host(), count_);
    else
      return share_that_differs(got, host(), sizeof(T), count_);
  }

 private:
  std::size_t count_;
  std::unique_ptr<T[], Free> host_;
  std::unique_ptr<T, FreeDevice> device_;
};

/// The same pseudo-random numbers on every machine: a number's place determines it.
inline std::uint32_t random_bits(std::uint64_t place) {
  std::uint64_t z = (place + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return static_cast<std::uint32_t>(z >> 32);
}

/// Uniform in [low, high); `stream` tells arrays apart.
struct Uniform {
  double low, high;
  std::uint64_t stream = 0;
  double operator()(std::size_t i) const {
    return low + (high - low) * (random_bits(i + (stream << 40)) * 0x1p-32);
  }
};

}  // namespace bench
