// Exponentials of a row's elements over their sum, a block for each row, with reductions by warp
// shuffles.
#include <algorithm>

#include "../row_problem.h"

void launch_softmax(int rows, int columns, const float* in, float* out);

namespace bench {
namespace {

[[gnu::always_inline]] inline float largest_of(const float* in) {
  Vector<float> largest[4];
  for (auto& part : largest) part = load(in);
  for (int i = 0; i < kColumns; i += 4 * kWidth)
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) {
      const Vector<float> value = load(in + i + v * kWidth);
      largest[v] = value > largest[v] ? value : largest[v];
    }
  float result = in[0];
  for (const auto& part : largest)
    for (int lane = 0; lane < kWidth; ++lane) result = std::max(result, part[lane]);
  return result;
}

void softmax_by_hand(const float* in, float* out) {
  const float largest = largest_of(in);
  Vector<float> sums[4] = {};
  for (int i = 0; i < kColumns; i += 4 * kWidth)
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) {
      const Vector<float> value = exponential(load(in + i + v * kWidth) - largest);
      store<float>(out + i + v * kWidth, value);
      sums[v] += value;
    }
  const float factor = 1 / sum<float>(sums[0] + sums[1] + sums[2] + sums[3]);
  for (int i = 0; i < kColumns; i += kWidth) store<float>(out + i, load(out + i) * factor);
}

class Softmax final : public RowProblem {
 public:
  using RowProblem::RowProblem;
  void launch() override { launch_softmax(rows_, kColumns, in_.device(), out_.device()); }
  void reference() override {
#pragma omp parallel for schedule(static)
    for (int row = 0; row < rows_; ++row)
      softmax_by_hand(in_.host() + std::size_t(row) * kColumns,
                      out_.host() + std::size_t(row) * kColumns);
  }
  OpenClTwin opencl() const override {
    const std::size_t items = std::size_t(rows_) * 256;
    return {{{"softmax", {items}, {256}, {kColumns, &in_, &out_}}}, {&out_}};
  }
};

}  // namespace

std::unique_ptr<Problem> make_softmax(std::int64_t size) {
  return std::make_unique<Softmax>(int(size));
}

}  // namespace bench
