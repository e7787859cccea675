// cuRAND's generators for kernels (curand_kernel.h), as the header alone gives them. The generators
// are written down again here for the host: numbers must be the same, and distributions must have
// their moments.

#include <curand_kernel.h>

#include <cmath>

#include "check.h"

using namespace toolkit;

namespace {

constexpr int kThreads = 128, kNumbers = 64, kAll = kThreads * kNumbers;

template <class State>
__global__ void raw(unsigned long long seed, unsigned* numbers) {
  State state;
  curand_init(seed, threadIdx.x, 0, &state);
  for (int i = 0; i < kNumbers; ++i) numbers[threadIdx.x * kNumbers + i] = curand(&state);
}

/// Philox 4x32 with ten rounds, from its paper: counter and key in, four words out.
void philox(std::uint32_t counter[4], std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    const std::uint32_t next[4] = {
        static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key0, static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key1, static_cast<std::uint32_t>(a)};
    std::memcpy(counter, next, sizeof next);
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
}

void philox_numbers() {
  constexpr unsigned long long kSeed = 0x123456789abcdefull;
  std::vector<unsigned> expected;
  for (std::uint32_t thread = 0; thread < kThreads; ++thread)
    for (std::uint32_t i = 0; i < kNumbers / 4; ++i) {
      std::uint32_t counter[4] = {i, 0, thread, 0};  // the subsequence is the upper half
      philox(counter, static_cast<std::uint32_t>(kSeed), static_cast<std::uint32_t>(kSeed >> 32));
      expected.insert(expected.end(), counter, counter + 4);
    }
  const Array<unsigned> numbers(kAll);
  raw<curandStatePhilox4_32_10_t><<<1, kThreads>>>(kSeed, numbers);
  expect_same("words", numbers, expected);
}

/// States that are kept in memory and skipped ahead must meet those that are drawn one by one.
template <class State>
__global__ void skipped(State* states, unsigned* ahead, unsigned* drawn) {
  State& state = states[threadIdx.x];
  curand_init(77, threadIdx.x, 0, &state);
  State other = state;
  skipahead(1000 + threadIdx.x, &other);
  ahead[threadIdx.x] = curand(&other);
  for (unsigned i = 0; i < 1000 + threadIdx.x; ++i) curand(&state);
  drawn[threadIdx.x] = curand(&state);
}

template <class State>
void skipping(const char* what) {
  const Array<State> states(kThreads);
  const Array<unsigned> ahead(kThreads), drawn(kThreads);
  skipped<State><<<1, kThreads>>>(states, ahead, drawn);
  expect_same(what, ahead, drawn.host());
}

void skip_ahead() {
  skipping<curandStateXORWOW_t>("xorwow");
  skipping<curandStateMRG32k3a_t>("mrg32k3a");
  skipping<curandStatePhilox4_32_10_t>("philox");
}

struct Draws {
  float uniform, normal, log_normal;
  double wide_uniform, wide_normal;
  unsigned poisson;
};

template <class State>
__global__ void draw(Draws* draws) {
  State state;
  curand_init(42, threadIdx.x, 5, &state);
  for (int i = 0; i < kNumbers; ++i) {
    Draws& d = draws[threadIdx.x * kNumbers + i];
    d.uniform = curand_uniform(&state);
    d.normal = curand_normal(&state);
    d.log_normal = curand_log_normal(&state, 0.0f, 0.25f);
    d.wide_uniform = curand_uniform_double(&state);
    d.wide_normal = curand_normal_double(&state);
    d.poisson = curand_poisson(&state, 7.5);
  }
}

/// Mean and variance within six standard errors (a wrong number of a kind shifts them far more).
template <class Get>
void moments(const char* what, const std::vector<Draws>& draws, double mean, double variance,
             Get get) {
  double sum = 0, squares = 0;
  for (const Draws& d : draws) sum += get(d);
  const double got_mean = sum / kAll;
  for (const Draws& d : draws) squares += (get(d) - got_mean) * (get(d) - got_mean);
  const double got_variance = squares / kAll;
  const bool right = std::fabs(got_mean - mean) < 6 * std::sqrt(variance / kAll) &&
                     std::fabs(got_variance / variance - 1) < 6 * std::sqrt(3.0 / kAll);
  if (!right) std::printf("  %s: mean %g, variance %g\n", what, got_mean, got_variance);
  expect(right, what);
}

template <class State>
void distributions_of() {
  const Array<Draws> device(kAll);
  draw<State><<<1, kThreads>>>(device);
  const std::vector<Draws> draws = device.host();
  bool in_range = true;
  for (const Draws& d : draws)
    in_range &= d.uniform > 0 && d.uniform <= 1 && d.wide_uniform > 0 && d.wide_uniform <= 1;
  expect(in_range, "uniform numbers are in (0, 1]");
  moments("uniform", draws, 0.5, 1.0 / 12, [](const Draws& d) { return d.uniform; });
  moments("normal", draws, 0, 1, [](const Draws& d) { return d.normal; });
  const double spread = 0.25 * 0.25;
  moments("log normal", draws, std::exp(spread / 2), (std::exp(spread) - 1) * std::exp(spread),
          [](const Draws& d) { return d.log_normal; });
  moments("uniform double", draws, 0.5, 1.0 / 12, [](const Draws& d) { return d.wide_uniform; });
  moments("normal double", draws, 0, 1, [](const Draws& d) { return d.wide_normal; });
  moments("poisson", draws, 7.5, 7.5, [](const Draws& d) { return d.poisson; });
}

void distributions() {
  distributions_of<curandStateXORWOW_t>();
  distributions_of<curandStateMRG32k3a_t>();
  distributions_of<curandStatePhilox4_32_10_t>();
}

__global__ void sobol(const unsigned* vectors, unsigned* numbers) {
  curandStateSobol32_t state;
  unsigned directions[32];
  for (int i = 0; i < 32; ++i) directions[i] = vectors[i];
  curand_init(directions, threadIdx.x * kNumbers, &state);
  for (int i = 0; i < kNumbers; ++i) numbers[threadIdx.x * kNumbers + i] = curand(&state);
}

/// In its first dimension Sobol's sequence is van der Corput's in the order of a Gray code.
void quasi_random() {
  std::vector<unsigned> directions(32), expected(kAll);
  for (int i = 0; i < 32; ++i) directions[i] = 1u << (31 - i);
  for (unsigned i = 0; i < kAll; ++i)
    for (unsigned j = 0, gray = i ^ i >> 1; j < 32; ++j)
      if (gray >> j & 1) expected[i] ^= directions[j];
  const Array<unsigned> vectors(directions), numbers(kAll);
  sobol<<<1, kThreads>>>(vectors, numbers);
  expect_same("numbers", numbers, expected);
}

}  // namespace

int main(int argc, char** argv) {
  return run_sections(argc, argv,
                      {{"philox_numbers", philox_numbers},
                       {"skip_ahead", skip_ahead},
                       {"distributions", distributions},
                       {"quasi_random", quasi_random}});
}
