// A matrix transposed by way of tiles in shared memory, padded against bank conflicts.
#include "../buffer.h"
#include "../problem.h"
#include "../simd.h"

void launch_transpose(int width, int height, const float* in, float* out);

namespace bench {
namespace {

constexpr int kSide = kLanes<float>;

/// A square that fits the registers.
[[gnu::always_inline]] inline void square_by_hand(int n, const float* in, float* out) {
  Vector<float> rows[kSide];
#pragma GCC unroll 16
  for (int row = 0; row < kSide; ++row) rows[row] = load(in + std::size_t(row) * n);
  transpose_in_registers(rows);
#pragma GCC unroll 16
  for (int row = 0; row < kSide; ++row) stream(out + std::size_t(row) * n, rows[row]);
}

void transpose_by_hand(int n, const float* in, float* out) {
#pragma omp parallel
  {
#pragma omp for schedule(static) nowait
    for (int y = 0; y < n; y += kSide)
      for (int x = 0; x < n; x += kSide)
        square_by_hand(n, in + std::size_t(y) * n + x, out + std::size_t(x) * n + y);
    stream_fence();
  }
}

class Transpose final : public Problem {
 public:
  explicit Transpose(int n)
      : n_(n), in_(std::size_t(n) * n, Uniform{0, 1, 0}), out_(std::size_t(n) * n) {}

  void launch() override { launch_transpose(n_, n_, in_.device(), out_.device()); }
  void reference() override { transpose_by_hand(n_, in_.host(), out_.host()); }
  double difference() override { return out_.difference(); }
  OpenClTwin opencl() const override {
    const std::size_t n = n_;
    return {{{"transpose", {n, n / 4}, {32, 8}, {n_, n_, &in_, &out_}}}, {&out_}};
  }
  Work work() const override { return {2.0 * in_.bytes(), 0}; }

 private:
  int n_;
  Buffer<float> in_, out_;
};

}  // namespace

std::unique_ptr<Problem> make_transpose(std::int64_t size) {
  return std::make_unique<Transpose>(int(size));
}

}  // namespace bench
