// A step of heat diffusion in the plane: every element from itself and its four neighbours.
#include "../buffer.h"
#include "../problem.h"
#include "../simd.h"

void launch_stencil_5point(int width, int height, const float* in, float* out);

namespace bench {
namespace {

[[gnu::always_inline]] inline float element(int width, const float* in) {
  return 0.5f * in[0] + 0.125f * (in[-1] + in[1] + in[-width] + in[width]);
}

/// One row, whose stores go past the caches where they are aligned.
void row_by_hand(int width, const float* in, float* out) {
  constexpr int kWidth = kLanes<float>;
  int x = 1;
  for (; x < width - 1 && reinterpret_cast<std::uintptr_t>(out + x) % kVectorBytes != 0; ++x)
    out[x] = element(width, in + x);
  for (; x + kWidth <= width - 1; x += kWidth) {
    const float* at = in + x;
    stream(out + x, 0.5f * load(at) + 0.125f * (load(at - 1) + load(at + 1) + load(at - width) +
                                                load(at + width)));
  }
  for (; x < width - 1; ++x) out[x] = element(width, in + x);
}

void stencil_by_hand(int width, int height, const float* in, float* out) {
#pragma omp parallel
  {
#pragma omp for schedule(static) nowait
    for (int y = 1; y < height - 1; ++y)
      row_by_hand(width, in + std::size_t(y) * width, out + std::size_t(y) * width);
    stream_fence();
  }
}

class Stencil final : public Problem {
 public:
  explicit Stencil(int n)
      : n_(n), in_(std::size_t(n) * n, Uniform{0, 1, 0}), out_(std::size_t(n) * n) {}

  void launch() override { launch_stencil_5point(n_, n_, in_.device(), out_.device()); }
  void reference() override { stencil_by_hand(n_, n_, in_.host(), out_.host()); }
  double difference() override { return out_.difference(); }
  OpenClTwin opencl() const override {
    const std::size_t width = (n_ + 31) / 32 * 32, height = (n_ + 7) / 8 * 8;
    return {{{"stencil_5point", {width, height}, {32, 8}, {n_, n_, &in_, &out_}}}, {&out_}};
  }
  Work work() const override { return {2.0 * in_.bytes(), 6.0 * in_.count()}; }

 private:
  int n_;
  Buffer<float> in_, out_;
};

}  // namespace

std::unique_ptr<Problem> make_stencil_5point(std::int64_t size) {
  return std::make_unique<Stencil>(int(size));
}

}  // namespace bench
