// The price of an option by simulation: random numbers by Philox 4x32-10, made normal by Box's and
// Muller's method.
//
// By hand: as many of the kernel's threads at once as a register has lanes; the compiler takes the
// C library's vector forms of the functions.
#include <algorithm>
#include <cmath>

#include "../buffer.h"
#include "../problem.h"
#include "../simd.h"

void launch_monte_carlo(int threads, int draws, unsigned seed, float start, float strike,
                        float drift, float spread, float* sums);

namespace bench {
namespace {

constexpr int kDraws = 16;
constexpr std::uint32_t kSeed = 20231;
constexpr float kStart = 100, kStrike = 105, kDrift = 0.01f, kSpread = 0.2f;
constexpr int kWidth = kLanes<float>;

struct Bits {
  std::uint32_t x, y, z, w;
};

[[gnu::always_inline]] inline Bits philox(Bits counter) {
  std::uint32_t key0 = kSeed, key1 = 0;
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t(0xD2511F53u) * counter.x,
                        second = std::uint64_t(0xCD9E8D57u) * counter.z;
    counter = {std::uint32_t(second >> 32) ^ counter.y ^ key0, std::uint32_t(second),
               std::uint32_t(first >> 32) ^ counter.w ^ key1, std::uint32_t(first)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

[[gnu::always_inline]] inline float payoff(float normal) {
  return std::max(kStart * std::exp(kDrift + kSpread * normal) - kStrike, 0.0f);
}

struct Circle {
  float cosine, sine;
};

/// Of the angle 2 pi turns, for turns in [0, 1]: polynomials for the nearest quarter, then the
/// quarter's sign and order. (From sin and cos the compiler would make a call of sincos, of which
/// there is no vector form.)
[[gnu::always_inline]] inline Circle on_circle(float turns) {
  const int quarter = int(turns * 4.0f + 0.5f);
  const float r = (turns - 0.25f * float(quarter)) * 6.2831853f, r2 = r * r;
  const float s = r * (1.0f + r2 * (-1.6666654e-1f + r2 * (8.3321609e-3f + r2 * -1.9515296e-4f)));
  const float c =
      1.0f + r2 * (-0.5f + r2 * (4.1666646e-2f + r2 * (-1.3887316e-3f + r2 * 2.4433157e-5f)));
  const bool odd = quarter & 1;
  const float cosine = odd ? s : c, sine = odd ? c : s;
  return {(quarter + 1) & 2 ? -cosine : cosine, quarter & 2 ? -sine : sine};
}

[[gnu::always_inline]] inline float payoffs(std::uint32_t a, std::uint32_t b) {
  const float radius = std::sqrt(-2.0f * std::log((float(a) + 0.5f) * 2.3283064e-10f));
  const Circle place = on_circle(float(b) * 2.3283064e-10f);
  return payoff(radius * place.cosine) + payoff(radius * place.sine);
}

void simulate_by_hand(int threads, float* sums) {
#pragma omp parallel for schedule(static)
  for (int first = 0; first < threads; first += kWidth) {
    float sum[kWidth] = {};
    for (int draw = 0; draw < kDraws; ++draw) {
#pragma omp simd
      for (int lane = 0; lane < kWidth; ++lane) {
        const Bits bits = philox({std::uint32_t(draw), 0, std::uint32_t(first + lane), 0});
        sum[lane] += payoffs(bits.x, bits.y) + payoffs(bits.z, bits.w);
      }
    }
    for (int lane = 0; lane < std::min(kWidth, threads - first); ++lane)
      sums[first + lane] = sum[lane];
  }
}

class MonteCarlo final : public Problem {
 public:
  explicit MonteCarlo(int threads) : threads_(threads), sums_(threads) {}

  void launch() override {
    launch_monte_carlo(threads_, kDraws, kSeed, kStart, kStrike, kDrift, kSpread, sums_.device());
  }
  void reference() override { simulate_by_hand(threads_, sums_.host()); }
  double difference() override { return sums_.difference(); }
  OpenClTwin opencl() const override {
    const std::size_t items = (threads_ + 255) / 256 * 256;
    return {{{"monte_carlo",
              {items},
              {256},
              {threads_, kDraws, int(kSeed), kStart, kStrike, kDrift, kSpread, &sums_}}},
            {&sums_}};
  }
  Work work() const override { return {double(sums_.bytes()), 4.0 * kDraws * threads_}; }

 private:
  int threads_;
  Buffer<float> sums_;
};

}  // namespace

std::unique_ptr<Problem> make_monte_carlo(std::int64_t size) {
  return std::make_unique<MonteCarlo>(int(size));
}

}  // namespace bench
