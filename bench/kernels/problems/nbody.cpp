// All pairs of bodies, a tile of them in shared memory at a time: arithmetic with a reciprocal
// square root in it.
#include "../buffer.h"
#include "../problem.h"
#include "../simd.h"

void launch_nbody(int n, const float* position, float* acceleration);

namespace bench {
namespace {

using Floats = Vector<float>;

struct Sums {
  Floats x{}, y{}, z{};
};

constexpr int kWidth = kLanes<float>;
constexpr int kVectors = 4;  // so many bodies' worth of registers against each other body

[[gnu::always_inline]] inline void attract(Floats dx, Floats dy, Floats dz, float mass,
                                           Sums& sums) {
  const Floats inverse = reciprocal_root(dx * dx + dy * dy + dz * dz + 1e-3f);
  const Floats force = mass * inverse * inverse * inverse;
  sums.x += dx * force;
  sums.y += dy * force;
  sums.z += dz * force;
}

void nbody_by_hand(int n, const float* position, float* acceleration) {
#pragma omp parallel for schedule(static)
  for (int first = 0; first < n; first += kVectors * kWidth) {
    Floats x[kVectors], y[kVectors], z[kVectors];
    Sums sums[kVectors];
    for (int v = 0; v < kVectors; ++v)
      for (int lane = 0; lane < kWidth; ++lane) {
        const float* body = position + 4 * (first + v * kWidth + lane);
        x[v][lane] = body[0];
        y[v][lane] = body[1];
        z[v][lane] = body[2];
      }
    for (int j = 0; j < n; ++j) {
      const float* other = position + 4 * j;
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v)
        attract(other[0] - x[v], other[1] - y[v], other[2] - z[v], other[3], sums[v]);
    }
    for (int v = 0; v < kVectors; ++v)
      for (int lane = 0; lane < kWidth; ++lane) {
        float* result = acceleration + 4 * (first + v * kWidth + lane);
        result[0] = sums[v].x[lane];
        result[1] = sums[v].y[lane];
        result[2] = sums[v].z[lane];
        result[3] = 0;
      }
  }
}

class Nbody final : public Problem {
 public:
  explicit Nbody(int n) : n_(n), position_(4 * n, Uniform{0.1, 1, 0}), acceleration_(4 * n) {}

  void launch() override { launch_nbody(n_, position_.device(), acceleration_.device()); }
  void reference() override { nbody_by_hand(n_, position_.host(), acceleration_.host()); }
  double difference() override { return acceleration_.difference(); }
  OpenClTwin opencl() const override {
    return {{{"nbody", {std::size_t(n_)}, {256}, {n_, &position_, &acceleration_}}},
            {&acceleration_}};
  }
  Work work() const override { return {2.0 * position_.bytes(), 20.0 * n_ * n_}; }

 private:
  int n_;
  Buffer<float> position_, acceleration_;
};

}  // namespace

std::unique_ptr<Problem> make_nbody(std::int64_t size) {
  return std::make_unique<Nbody>(int(size));
}

}  // namespace bench
