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
constexpr int kRows = 8, kVectors = kRegisters == 32 ? 2 : 1;
constexpr int kWidth = kLanes<float>, kBlock = kVectors * kWidth;

/// The lines that kRows rows of results need; beyond the border it is the last one again.
struct Lines {
  const float* at[kRows + kSide - 1];

  Lines(int n, const float* in, int y) {
    for (int line = 0; line < kRows + kSide - 1; ++line)
      at[line] = in + std::size_t(std::clamp(y + line - kRadius, 0, n - 1)) * n;
  }
};

float element_at_border(int n, const float* filter, const Lines& lines, int x, int row) {
  float sum = 0;
  for (int i = 0; i < kSide; ++i) {
    const int column = std::clamp(x + i - kRadius, 0, n - 1);
    for (int j = 0; j < kSide; ++j) sum += filter[j * kSide + i] * lines.at[row + j][column];
  }
  return sum;
}

/// kVectors wide, kRows high. A column of the filter stays in registers while the lines pass by it.
[[gnu::always_inline]] inline void inner_block(int n, const float* filter, const Lines& lines,
                                               int x, float* out) {
  Vector<float> sums[kRows][kVectors] = {};
  for (int i = 0; i < kSide; ++i) {
    Vector<float> taps[kSide];
#pragma GCC unroll 8
    for (int j = 0; j < kSide; ++j) taps[j] = broadcast(filter[j * kSide + i]);
#pragma GCC unroll 16
    for (int line = 0; line < kRows + kSide - 1; ++line)
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        const Vector<float> value = load(lines.at[line] + x + i - kRadius + v * kWidth);
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row)
          if (line >= row && line < row + kSide) sums[row][v] += taps[line - row] * value;
      }
  }
#pragma GCC unroll 8
  for (int row = 0; row < kRows; ++row)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v)
      store<float>(out + std::size_t(row) * n + x + v * kWidth, sums[row][v]);
}

/// kRows rows of results, from row y on. The last block overlaps the one before it.
void rows_by_hand(int n, const float* filter, const float* in, float* out, int y) {
  const Lines lines(n, in, y);
  float* const rows = out + std::size_t(y) * n;
  const int last = n - kRadius - kBlock;
  if (last >= kRadius) {
    for (int x = kRadius; x < last; x += kBlock) inner_block(n, filter, lines, x, rows);
    inner_block(n, filter, lines, last, rows);
  }
  const int left = last >= kRadius ? kRadius : n;
  for (int row = 0; row < kRows; ++row) {
    for (int x = 0; x < left; ++x)
      rows[std::size_t(row) * n + x] = element_at_border(n, filter, lines, x, row);
    for (int x = std::max(left, n - kRadius); x < n; ++x)
      rows[std::size_t(row) * n + x] = element_at_border(n, filter, lines, x, row);
  }
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
  OpenClTwin opencl() const override {
    const std::size_t n = (n_ + 15) / 16 * 16;
    return {{{"convolution", {n, n}, {16, 16}, {n_, n_, &filter_, &in_, &out_}}}, {&out_}};
  }
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
