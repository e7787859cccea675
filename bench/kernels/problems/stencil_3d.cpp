// A step of heat diffusion in space: every element from itself and its six neighbours.
#include "../buffer.h"
#include "../problem.h"
#include "../simd.h"

void launch_stencil_3d(int n, const float* in, float* out);

namespace bench {
namespace {

/// One row, whose stores go past the caches where they are aligned.
void row_by_hand(int n, const float* in, float* out) {
  const std::ptrdiff_t row = n, plane = std::ptrdiff_t(n) * n;
  const auto element = [&](const float* at) {
    return 0.4f * at[0] + 0.1f * (at[-1] + at[1] + at[-row] + at[row] + at[-plane] + at[plane]);
  };
  constexpr int kWidth = kLanes<float>;
  int x = 1;
  for (; x < n - 1 && reinterpret_cast<std::uintptr_t>(out + x) % kVectorBytes != 0; ++x)
    out[x] = element(in + x);
  for (; x + kWidth <= n - 1; x += kWidth) {
    const float* at = in + x;
    stream(out + x,
           0.4f * load(at) + 0.1f * (load(at - 1) + load(at + 1) + load(at - row) + load(at + row) +
                                     load(at - plane) + load(at + plane)));
  }
  for (; x < n - 1; ++x) out[x] = element(in + x);
}

void stencil_by_hand(int n, const float* in, float* out) {
#pragma omp parallel
  {
#pragma omp for schedule(static) nowait
    for (int z = 1; z < n - 1; ++z)
      for (int y = 1; y < n - 1; ++y) {
        const std::size_t row = (std::size_t(z) * n + y) * n;
        row_by_hand(n, in + row, out + row);
      }
    stream_fence();
  }
}

class Stencil3d final : public Problem {
 public:
  explicit Stencil3d(int n)
      : n_(n), in_(std::size_t(n) * n * n, Uniform{0, 1, 0}), out_(std::size_t(n) * n * n) {}

  void launch() override { launch_stencil_3d(n_, in_.device(), out_.device()); }
  void reference() override { stencil_by_hand(n_, in_.host(), out_.host()); }
  double difference() override { return out_.difference(); }
  OpenClTwin opencl() const override {
    const std::size_t width = (n_ + 31) / 32 * 32, height = (n_ + 3) / 4 * 4,
                      depth = (n_ + 1) / 2 * 2;
    return {{{"stencil_3d", {width, height, depth}, {32, 4, 2}, {n_, &in_, &out_}}}, {&out_}};
  }
  Work work() const override { return {2.0 * in_.bytes(), 8.0 * in_.count()}; }

 private:
  int n_;
  Buffer<float> in_, out_;
};

}  // namespace

std::unique_ptr<Problem> make_stencil_3d(std::int64_t size) {
  return std::make_unique<Stencil3d>(int(size));
}

}  // namespace bench
