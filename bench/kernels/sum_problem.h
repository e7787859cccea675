// The problem of adding up an array, which several kernels solve in two steps: a sum for each
// block, and the sum of these.
#pragma once

#include "buffer.h"
#include "problem.h"
#include "simd.h"

namespace bench {

inline float sum_by_hand(int n, const float* in) {
  constexpr int kWidth = kLanes<float>, kAtOnce = 8 * kWidth;
  double total = 0;
#pragma omp parallel reduction(+ : total)
  {
    Vector<float> sums[8] = {};
#pragma omp for schedule(static) nowait
    for (int i = 0; i < n / kAtOnce; ++i)
#pragma GCC unroll 8
      for (int v = 0; v < 8; ++v) sums[v] += load(in + std::size_t(i) * kAtOnce + v * kWidth);
    for (const Vector<float>& part : sums) total += sum<float>(part);
  }
  for (int i = n / kAtOnce * kAtOnce; i < n; ++i) total += in[i];
  return float(total);
}

class Sum : public Problem {
 public:
  using Launch = void (*)(int n, int blocks, const float* in, float* partial, float* out);

  /// The twin's kernels are called reduce and reduce_partials, of one group of `last_items`.
  Sum(int n, Launch launch, std::size_t last_items)
      : n_(n),
        launch_(launch),
        last_items_(last_items),
        in_(n, Uniform{0, 1, 0}),
        partial_(kBlocks),
        out_(1) {}

  void launch() override { launch_(n_, kBlocks, in_.device(), partial_.device(), out_.device()); }
  void reference() override { out_.host()[0] = sum_by_hand(n_, in_.host()); }
  double difference() override { return out_.difference(); }
  OpenClTwin opencl() const override {
    return {{{"reduce", {kBlocks * 256}, {256}, {n_, &in_, &partial_}},
             {"reduce_partials", {last_items_}, {last_items_}, {kBlocks, &partial_, &out_}}},
            {&out_}};
  }
  Work work() const override { return {double(in_.bytes()), double(n_)}; }

 private:
  static constexpr int kBlocks = 1024;

  int n_;
  Launch launch_;
  std::size_t last_items_;
  Buffer<float> in_, partial_, out_;
};

}  // namespace bench
