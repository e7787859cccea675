// y = a x + y: memory bandwidth and nothing else.
#include "../buffer.h"
#include "../problem.h"

void launch_saxpy(int n, float a, const float* x, float* y);

namespace bench {
namespace {

constexpr float kFactor = 0.25f;

void saxpy_by_hand(int n, float a, const float* x, float* y) {
#pragma omp parallel for simd schedule(static)
  for (int i = 0; i < n; ++i) y[i] = a * x[i] + y[i];
}

class Saxpy final : public Problem {
 public:
  explicit Saxpy(int n) : x_(n, Uniform{-1, 1, 0}), y_(n, start) {}

  void launch() override { launch_saxpy(x_.count(), kFactor, x_.device(), y_.device()); }
  void reference() override { saxpy_by_hand(x_.count(), kFactor, x_.host(), y_.host()); }
  void reset() override {
    for (std::size_t i = 0; i < y_.count(); ++i) y_.host()[i] = start(i);
    y_.upload();
  }
  double difference() override { return y_.difference(); }
  OpenClTwin opencl() const override {
    const std::size_t n = x_.count();
    return {{{"saxpy", {(n + 255) / 256 * 256}, {256}, {int(n), kFactor, &x_, &y_}}}, {&y_}};
  }
  Work work() const override { return {3.0 * x_.bytes(), 2.0 * x_.count()}; }

 private:
  static float start(std::size_t i) { return Uniform{-1, 1, 1}(i); }

  Buffer<float> x_, y_;
};

}  // namespace

std::unique_ptr<Problem> make_saxpy(std::int64_t size) {
  return std::make_unique<Saxpy>(int(size));
}

}  // namespace bench
