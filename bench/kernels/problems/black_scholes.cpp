// Prices of options: logarithm, exponential, root and division for each.
#include <algorithm>
#include <cmath>

#include "../buffer.h"
#include "../problem.h"

void launch_black_scholes(int n, const float* price, const float* strike, const float* years,
                          float rate, float volatility, float* call, float* put);

namespace bench {
namespace {

constexpr float kRate = 0.02f, kVolatility = 0.3f;

[[gnu::always_inline]] inline float normal_integral(float d) {
  const float k = 1.0f / (1.0f + 0.2316419f * std::fabs(d));
  const float series =
      k * (0.31938153f +
           k * (-0.356563782f + k * (1.781477937f + k * (-1.821255978f + k * 1.330274429f))));
  const float tail = 0.39894228f * std::exp(-0.5f * d * d) * series;
  return d > 0 ? 1.0f - tail : tail;
}

/// The compiler takes the C library's vector forms of log and exp.
void prices_by_hand(int n, const float* price, const float* strike, const float* years, float* call,
                    float* put) {
#pragma omp parallel for simd schedule(static)
  for (int i = 0; i < n; ++i) {
    const float s = price[i], x = strike[i], t = years[i], root = kVolatility * std::sqrt(t);
    const float d1 = (std::log(s / x) + (kRate + 0.5f * kVolatility * kVolatility) * t) / root;
    const float n1 = normal_integral(d1), n2 = normal_integral(d1 - root);
    const float discounted = x * std::exp(-kRate * t);
    call[i] = s * n1 - discounted * n2;
    put[i] = discounted * (1.0f - n2) - s * (1.0f - n1);
  }
}

class BlackScholes final : public Problem {
 public:
  explicit BlackScholes(int n)
      : n_(n),
        price_(n, Uniform{5, 30, 0}),
        strike_(n, Uniform{1, 100, 1}),
        years_(n, Uniform{0.25, 10, 2}),
        call_(n),
        put_(n) {}

  void launch() override {
    launch_black_scholes(n_, price_.device(), strike_.device(), years_.device(), kRate, kVolatility,
                         call_.device(), put_.device());
  }
  void reference() override {
    prices_by_hand(n_, price_.host(), strike_.host(), years_.host(), call_.host(), put_.host());
  }
  double difference() override { return std::max(call_.difference(), put_.difference()); }
  OpenClTwin opencl() const override {
    const std::size_t items = (n_ + 255) / 256 * 256;
    return {{{"black_scholes",
              {items},
              {256},
              {n_, &price_, &strike_, &years_, kRate, kVolatility, &call_, &put_}}},
            {&call_, &put_}};
  }
  Work work() const override { return {5.0 * price_.bytes(), double(n_)}; }

 private:
  int n_;
  Buffer<float> price_, strike_, years_, call_, put_;
};

}  // namespace

std::unique_ptr<Problem> make_black_scholes(std::int64_t size) {
  return std::make_unique<BlackScholes>(int(size));
}

}  // namespace bench
