// Rows brought to mean 0 and variance 1, then scaled and shifted, a block for each row, with
// reductions by warp shuffles.
#include <cmath>

#include "../row_problem.h"

void launch_layer_norm(int rows, int columns, const float* in, const float* weight,
                       const float* bias, float* out);

namespace bench {
namespace {

void normalise_by_hand(const float* in, const float* weight, const float* bias, float* out) {
  Vector<float> sums[4] = {}, squares[4] = {};
  for (int i = 0; i < kColumns; i += 4 * kWidth)
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) {
      const Vector<float> value = load(in + i + v * kWidth);
      sums[v] += value;
      squares[v] += value * value;
    }
  const float mean = sum<float>(sums[0] + sums[1] + sums[2] + sums[3]) / kColumns;
  const float square = sum<float>(squares[0] + squares[1] + squares[2] + squares[3]) / kColumns;
  const float factor = 1 / std::sqrt(square - mean * mean + 1e-5f);
  for (int i = 0; i < kColumns; i += kWidth)
    stream(out + i, (load(in + i) - mean) * factor * load(weight + i) + load(bias + i));
}

class LayerNorm final : public RowProblem {
 public:
  explicit LayerNorm(int rows)
      : RowProblem(rows),
        weight_(kColumns, Uniform{0.5, 1.5, 1}),
        bias_(kColumns, Uniform{-1, 1, 2}) {}

  void launch() override {
    launch_layer_norm(rows_, kColumns, in_.device(), weight_.device(), bias_.device(),
                      out_.device());
  }
  void reference() override {
#pragma omp parallel
    {
#pragma omp for schedule(static) nowait
      for (int row = 0; row < rows_; ++row)
        normalise_by_hand(in_.host() + std::size_t(row) * kColumns, weight_.host(), bias_.host(),
                          out_.host() + std::size_t(row) * kColumns);
      stream_fence();
    }
  }
  OpenClTwin opencl() const override {
    const std::size_t items = std::size_t(rows_) * 256;
    return {{{"layer_norm", {items}, {256}, {kColumns, &in_, &weight_, &bias_, &out_}}}, {&out_}};
  }

 private:
  Buffer<float> weight_, bias_;
};

}  // namespace

std::unique_ptr<Problem> make_layer_norm(std::int64_t size) {
  return std::make_unique<LayerNorm>(int(size));
}

}  // namespace bench
