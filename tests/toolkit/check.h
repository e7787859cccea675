#pragma once
// What the toolkit programs share. A program is a list of named sections; each compares what
// kernels made with what the host made from the same inputs and prints where they differ. Arguments
// pick sections; without any all run. The time of each is printed, so that slowness shows.

#include <cuda_runtime.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#define CHECK(call)                                                     \
  do {                                                                  \
    const cudaError_t check_error = (call);                             \
    if (check_error != cudaSuccess) {                                   \
      std::printf("FAILED: %s:%d: %s: %s\n", __FILE__, __LINE__, #call, \
                  cudaGetErrorString(check_error));                     \
      std::exit(1);                                                     \
    }                                                                   \
  } while (false)

namespace toolkit {

/// Complaints so far, and how many of the current comparison are printed.
inline int complaints = 0;
constexpr int kPrinted = 8;

/// Waits for the device; a kernel that could not be launched or ended in a fault ends the program.
inline void finish_kernels() {
  CHECK(cudaGetLastError());
  CHECK(cudaDeviceSynchronize());
}

/// An array in device memory.
template <class T>
class Array {
 public:
  explicit Array(std::size_t count) : count_(count) {
    CHECK(cudaMalloc(&data_, count * sizeof(T) + 1));
    CHECK(cudaMemset(data_, 0, count * sizeof(T)));
  }
  explicit Array(const std::vector<T>& values) : Array(values.size()) {
    CHECK(cudaMemcpy(data_, values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice));
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { cudaFree(data_); }

  operator T*() const { return data_; }
  std::size_t size() const { return count_; }

  /// Waits for the kernels before it.
  std::vector<T> host() const {
    finish_kernels();
    std::vector<T> values(count_);
    CHECK(cudaMemcpy(values.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  T* data_ = nullptr;
  std::size_t count_;
};

/// An element in hexadecimal, most significant byte first.
template <class T>
std::string bits(const T& value) {
  unsigned char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  std::string text;
  for (std::size_t i = sizeof(T); i-- > 0;) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    text += digits;
  }
  return text;
}

inline void expect(bool right, const char* what) {
  if (right) return;
  ++complaints;
  std::printf("  %s: not so\n", what);
}

/// Compares element by element with ==.
template <class T>
void expect_same(const char* what, const std::vector<T>& got, const std::vector<T>& expected) {
  if (got.size() != expected.size()) {
    ++complaints;
    std::printf("  %s: %zu elements instead of %zu\n", what, got.size(), expected.size());
    return;
  }
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i] == expected[i] || ++wrong > kPrinted) continue;
    std::printf("  %s: element %zu is %s instead of %s\n", what, i, bits(T(got[i])).c_str(),
                bits(T(expected[i])).c_str());
  }
  if (wrong == 0) return;
  ++complaints;
  std::printf("  %s: %zu of %zu elements differ\n", what, wrong, got.size());
}

template <class T>
void expect_same(const char* what, const Array<T>& got, const std::vector<T>& expected) {
  expect_same(what, got.host(), expected);
}

template <class T>
void expect_equal(const char* what, const T& got, const T& expected) {
  expect_same(what, std::vector<T>{got}, std::vector<T>{expected});
}

/// Numbers that are the same in each run.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 2 + 1) {}
  std::uint32_t operator()() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state_ >> 33 ^ state_ >> 21);
  }
  std::uint64_t wide() { return std::uint64_t{(*this)()} << 32 | (*this)(); }

 private:
  std::uint64_t state_;
};

struct Section {
  const char* name;
  void (*run)();
};

inline bool picked(const char* name, int argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (std::strcmp(argv[i], name) == 0) return true;
  return argc == 1;
}

/// Runs the sections that the arguments name; returns the exit code.
inline int run_sections(int argc, char** argv, std::initializer_list<Section> sections) {
  int ran = 0;
  for (const Section& section : sections) {
    if (!picked(section.name, argc, argv)) continue;
    const int before = complaints;
    const auto start = std::chrono::steady_clock::now();
    section.run();
    finish_kernels();
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    std::printf("%-24s %s %8.1f ms\n", section.name, complaints == before ? "right" : "WRONG",
                time.count());
    std::fflush(stdout);
    ++ran;
  }
  const bool right = ran > 0 && complaints == 0;
  std::printf(right ? "PASSED\n" : "FAILED\n");
  return right ? 0 : 1;
}

}  // namespace toolkit
