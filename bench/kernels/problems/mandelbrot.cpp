// Iterations until a point leaves the circle: loops that end at another time in each thread.
//
// Two roundings decide when a point near the border leaves, and compilers contract products and
// sums differently, so a share of the counts may differ.
#include "../buffer.h"
#include "../problem.h"
#include "../simd.h"

void launch_mandelbrot(int width, int height, int limit, float left, float top, float step,
                       unsigned* counts);

namespace bench {
namespace {

using Floats = Vector<float>;
using Ints = Vector<std::int32_t>;

constexpr int kLimit = 256;
constexpr float kLeft = -2.0f, kTop = -1.25f, kSide = 2.5f;
constexpr int kWidth = kLanes<float>;
constexpr int kVectors = 4;  // in turns, since each step waits for the one before

[[gnu::always_inline]] inline bool any(const Ints* active) {
  Ints all = active[0];
  for (int v = 1; v < kVectors; ++v) all |= active[v];
#if defined(__AVX512F__)
  return _mm512_test_epi32_mask((__m512i)all, (__m512i)all) != 0;
#else
  std::int32_t bits = 0;
  for (int lane = 0; lane < kWidth; ++lane) bits |= all[lane];
  return bits != 0;
#endif
}

/// A point that has left stays out, whatever becomes of its numbers.
void points_by_hand(int column, float cy, float step, std::uint32_t* counts) {
  Floats cx[kVectors], x[kVectors] = {}, y[kVectors] = {};
  Ints active[kVectors], count[kVectors] = {};
  for (int v = 0; v < kVectors; ++v) {
    active[v] = Ints{} - 1;
    for (int lane = 0; lane < kWidth; ++lane)
      cx[v][lane] = kLeft + (column + v * kWidth + lane) * step;
  }
  for (int i = 0; i < kLimit && any(active); ++i)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const Floats xx = x[v] * x[v], yy = y[v] * y[v];
      active[v] &= xx + yy < 4.0f;
      count[v] -= active[v];
      y[v] = (x[v] + x[v]) * y[v] + cy;
      x[v] = xx - yy + cx[v];
    }
  for (int v = 0; v < kVectors; ++v)
    store<std::int32_t>(reinterpret_cast<std::int32_t*>(counts) + v * kWidth, count[v]);
}

void mandelbrot_by_hand(int n, std::uint32_t* counts) {
  const float step = kSide / n;
#pragma omp parallel for schedule(dynamic)
  for (int row = 0; row < n; ++row)
    for (int column = 0; column < n; column += kVectors * kWidth)
      points_by_hand(column, kTop + row * step, step, counts + std::size_t(row) * n + column);
}

class Mandelbrot final : public Problem {
 public:
  explicit Mandelbrot(int n) : n_(n), counts_(std::size_t(n) * n) {}

  void launch() override {
    launch_mandelbrot(n_, n_, kLimit, kLeft, kTop, kSide / n_, counts_.device());
  }
  void reference() override { mandelbrot_by_hand(n_, counts_.host()); }
  double difference() override { return counts_.difference(); }
  OpenClTwin opencl() const override {
    const std::size_t n = (n_ + 15) / 16 * 16;
    return {{{"mandelbrot", {n, n}, {16, 16}, {n_, n_, kLimit, kLeft, kTop, kSide / n_, &counts_}}},
            {&counts_}};
  }
  Work work() const override { return {double(counts_.bytes()), 0}; }

 private:
  int n_;
  Buffer<std::uint32_t> counts_;
};

}  // namespace

std::unique_ptr<Problem> make_mandelbrot(std::int64_t size) {
  return std::make_unique<Mandelbrot>(int(size));
}

}  // namespace bench
