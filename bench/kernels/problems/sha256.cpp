// Hashes of many short messages: integer arithmetic, rotations and nothing else.
#include "sha256.h"

#include "../buffer.h"
#include "../problem.h"
#include "../simd.h"

void launch_sha256(int n, unsigned seed, unsigned* out);

namespace bench {
namespace {

using Words = Vector<std::uint32_t>;

constexpr std::uint32_t kConstants[64] = {SHA256_CONSTANTS}, kStart[8] = {SHA256_START};
constexpr std::uint32_t kSeed = 0x12345678;
constexpr int kWidth = kLanes<std::uint32_t>;

[[gnu::always_inline]] inline Words rotate(Words x, int n) {
  return (x >> n) | (x << (32 - n));
}

[[gnu::always_inline]] inline void extend(Words* w, int t) {
  const Words w15 = w[(t - 15) % 16], w2 = w[(t - 2) % 16];
  w[t % 16] += (rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >> 3)) + w[(t - 7) % 16] +
               (rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >> 10));
}

/// The state's words take turns in their roles, so that none has to move: word j of step t is s[(j
/// - t) mod 8].
[[gnu::always_inline]] inline void step(Words* s, Words w, int t) {
  const auto word = [&](int j) -> Words& { return s[(j + 64 - t) % 8]; };
  const Words a = word(0), b = word(1), c = word(2), e = word(4), f = word(5), g = word(6);
  const Words t1 = word(7) + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) +
                   kConstants[t] + w;
  const Words t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
  word(3) += t1;
  word(7) = t1 + t2;
}

[[gnu::always_inline]] inline Words hashes_by_hand(Words numbers) {
  Words w[16] = {broadcast(kSeed), broadcast(kSeed ^ 0x5a5a5a5a), broadcast(~kSeed), numbers,
                 broadcast(0x80000000u)};
  w[15] = broadcast(128u);
  Words s[8];
  for (int j = 0; j < 8; ++j) s[j] = broadcast(kStart[j]);
#pragma GCC unroll 64
  for (int t = 0; t < 64; ++t) {
    if (t >= 16) extend(w, t);
    step(s, w[t % 16], t);
  }
  return s[0] + kStart[0];
}

void hash_by_hand(int n, std::uint32_t* out) {
  Words lanes;
  for (int lane = 0; lane < kWidth; ++lane) lanes[lane] = lane;
#pragma omp parallel for schedule(static)
  for (int i = 0; i < n; i += kWidth)
    store<std::uint32_t>(out + i, hashes_by_hand(lanes + std::uint32_t(i)));
}

class Sha256 final : public Problem {
 public:
  explicit Sha256(int n) : n_(n), out_(n) {}

  void launch() override { launch_sha256(n_, kSeed, out_.device()); }
  void reference() override { hash_by_hand(n_, out_.host()); }
  double difference() override { return out_.difference(); }
  OpenClTwin opencl() const override {
    const std::size_t items = (n_ + 255) / 256 * 256;
    return {{{"sha256", {items}, {256}, {n_, int(kSeed), &out_}}}, {&out_}};
  }
  Work work() const override { return {double(out_.bytes()), 2500.0 * n_}; }

 private:
  int n_;
  Buffer<std::uint32_t> out_;
};

}  // namespace

std::unique_ptr<Problem> make_sha256(std::int64_t size) {
  return std::make_unique<Sha256>(int(size));
}

}  // namespace bench
