// An image and a filter of 7x7 in constant memory; the image goes on beyond its border as it ends
// there.
//
// By hand: several rows of results at a time, so that what is loaded serves all of them.
#include <algorithm>

#include "../buffer.h"
#include "../problem.h"
#include "../simd.h"

void set_convolution_filter(const float* values);
void launch_convolution(int width, int height, const float* in, float* out);

namespace bench {
namespace {

constexpr int kRadius = 3, kSide = 2 * kRadius + 1;
constexpr int kRows = 4;
constexpr int kWidth = kLanes<float>;

float element_at_border(int n, const float* filter, const float* in, int x, int y) {
  float sum = 0;
  for (int j = 0; j < kSide; ++j)
    for (int i = 0; i < kSide; ++i)
      sum += filter[j * kSide + i] * in[std::size_t(std::clamp(y + j - kRadius, 0, n - 1)) * n +
                                        std::clamp(x + i - kRadius, 0, n - 1)];
  return sum;
}

/// A vector wide, kRows high. `in` is where the filter's upper left corner falls for the first
/// result.
[[gnu::always_inline]] inline void inner_block(int n, const float* filter, const float* in,
                                               float* out) {
  Vector<float> sums[kRows] = {};
#pragma GCC unroll 16
  for (int line = 0; line < kRows + kSide - 1; ++line)
#pragma GCC unroll 8
    for (int i = 0; i < kSide; ++i) {
      const Vector<float> value = load(in + std::size_t(line) * n + i);
#pragma GCC unroll 4
      for (int row = 0; row < kRows; ++row)
        if (line >= row && line < row + kSide)
          sums[row] += filter[(line - row) * kSide + i] * value;
    }
#pragma GCC unroll 4
  for (int row = 0; row < kRows; ++row) store<float>(out + std::size_t(row) * n, sums[row]);
}

void rows_by_hand(int n, const float* filter, const float* in, float* out, int y) {
  const bool inside = y >= kRadius && y + kRows + kRadius <= n;
  int x = 0;
  const auto single = [&](int column) {
    for (int row = y; row < std::min(n, y + kRows); ++row)
      out[std::size_t(row) * n + column] = element_at_border(n, filter, in, column, row);
  };
  for (; x < (inside ? kRadius : n); ++x) single(x);
  for (; x + kWidth + kRadius <= n; x += kWidth)
    inner_block(n, filter, in + std::size_t(y - kRadius) * n + x - kRadius,
                out + std::size_t(y) * n + x);
  for (; x < n; ++x) single(x);
}

class Convolution final : public Problem {
 public:
  explicit Convolution(int n)
      : n_(n),
        filter_(kSide * kSide, Uniform{0, 0.04, 1}),
        in_(std::size_t(n) * n, Uniform{0, 1, 0}),
        out_(std::size_t(n) * n) {
    set_convolution_filter(filter_.host());
  }

  void launch() override { launch_convolution(n_, n_, in_.device(), out_.device()); }
  void reference() override {
#pragma omp parallel for schedule(static)
    for (int y = 0; y < n_; y += kRows)
      rows_by_hand(n_, filter_.host(), in_.host(), out_.host(), y);
  }
  double difference() override { return out_.difference(); }
  Work work() const override { return {2.0 * in_.bytes(), 2.0 * kSide * kSide * in_.count()}; }

 private:
  int n_;
  Buffer<float> filter_, in_, out_;
};

}  // namespace

std::unique_ptr<Problem> make_convolution(std::int64_t size) {
  return std::make_unique<Convolution>(int(size));
}

}  // namespace bench
