// The problem C = A B for square matrices, which several kernels solve.
#pragma once

#include "buffer.h"
#include "gemm.h"
#include "problem.h"

namespace bench {

template <class T>
class SquareProduct : public Problem {
 public:
  using Launch = void (*)(int n, const T* a, const T* b, T* c);

  /// `opencl_kernel` is the twin's name, of groups of 256 items that compute squares of `tile`
  /// rows.
  SquareProduct(int n, Launch launch, const char* opencl_kernel, int tile)
      : opencl_kernel_(opencl_kernel),
        tile_(tile),
        n_(n),
        launch_(launch),
        a_(std::size_t(n) * n, Uniform{-1, 1, 0}),
        b_(std::size_t(n) * n, Uniform{-1, 1, 1}),
        c_(std::size_t(n) * n) {}

  void launch() override { launch_(n_, a_.device(), b_.device(), c_.device()); }
  void reference() override { gemm(n_, n_, n_, a_.host(), b_.host(), c_.host()); }
  double difference() override { return c_.difference(); }
  OpenClTwin opencl() const override {
    const std::size_t items = std::size_t(n_) / tile_ * 16;
    return {{{opencl_kernel_, {items, items}, {16, 16}, {n_, &a_, &b_, &c_}}}, {&c_}};
  }
  Work work() const override { return {3.0 * a_.bytes(), 2.0 * n_ * n_ * n_}; }

 private:
  const char* opencl_kernel_;
  int tile_;
  int n_;
  Launch launch_;
  Buffer<T> a_, b_, c_;
};

}  // namespace bench
