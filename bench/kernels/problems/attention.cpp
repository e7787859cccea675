// softmax(Q K^T) V by tiles, without the matrix of scores in memory, as flash attention does it.
//
// By hand: the keys of a head are transposed once. A few queries at a time, all their scores stay
// in the first-level cache; both products keep their sums in registers.
#include <algorithm>
#include <cmath>

#include "../buffer.h"
#include "../problem.h"
#include "../simd.h"

void launch_attention(int heads, int length, float scale, const float* q, const float* k,
                      const float* v, float* out);

namespace bench {
namespace {

constexpr int kDepth = 64, kHeads = 8;
constexpr int kQueries = 4, kVectors = 4;
constexpr int kWidth = kLanes<float>, kStep = kVectors * kWidth;

using Sums = Vector<float>[kQueries][kVectors];

/// sums[query][.] += weights[query] * row[.]
[[gnu::always_inline]] inline void add_products(const float* weights, int stride, const float* row,
                                                Sums& sums) {
  Vector<float> part[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) part[v] = load(row + v * kWidth);
#pragma GCC unroll 4
  for (int query = 0; query < kQueries; ++query)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[query][v] += weights[query * stride] * part[v];
}

void scores_by_hand(int length, const float* queries, const float* transposed, float* scores) {
  for (int key = 0; key < length; key += kStep) {
    Sums sums = {};
    for (int d = 0; d < kDepth; ++d)
      add_products(queries + d, kDepth, transposed + std::size_t(d) * length + key, sums);
    for (int query = 0; query < kQueries; ++query)
      for (int v = 0; v < kVectors; ++v)
        store<float>(scores + query * length + key + v * kWidth, sums[query][v]);
  }
}

/// In place; gives 1 / the sum.
float weights_by_hand(int length, float scale, float* scores) {
  Vector<float> largest = load(scores);
  for (int i = 0; i < length; i += kWidth) {
    const Vector<float> value = load(scores + i);
    largest = value > largest ? value : largest;
  }
  float most = largest[0];
  for (int lane = 0; lane < kWidth; ++lane) most = std::max(most, largest[lane]);
  Vector<float> total = {};
  for (int i = 0; i < length; i += kWidth) {
    const Vector<float> weight = exponential((load(scores + i) - most) * scale);
    store<float>(scores + i, weight);
    total += weight;
  }
  return 1 / sum<float>(total);
}

void mix_values(int length, const float* weights, const float* factors, const float* values,
                float* out) {
  for (int part = 0; part < kDepth; part += kStep) {
    Sums sums = {};
    for (int key = 0; key < length; ++key)
      add_products(weights + key, length, values + std::size_t(key) * kDepth + part, sums);
    for (int query = 0; query < kQueries; ++query)
      for (int v = 0; v < kVectors; ++v)
        store<float>(out + query * kDepth + part + v * kWidth, sums[query][v] * factors[query]);
  }
}

void transpose_keys(int length, const float* keys, float* transposed) {
  for (int key = 0; key < length; ++key)
    for (int d = 0; d < kDepth; ++d)
      transposed[std::size_t(d) * length + key] = keys[std::size_t(key) * kDepth + d];
}

void attention_by_hand(int length, float scale, const float* q, const float* k, const float* v,
                       float* out) {
  const std::size_t head_size = std::size_t(length) * kDepth;
  const auto transposed = allocate_host<float>(kHeads * head_size);
#pragma omp parallel
  {
    const auto scores = allocate_host<float>(kQueries * length);
#pragma omp for schedule(static)
    for (int head = 0; head < kHeads; ++head)
      transpose_keys(length, k + head * head_size, transposed.get() + head * head_size);
#pragma omp for collapse(2) schedule(static)
    for (int head = 0; head < kHeads; ++head)
      for (int query = 0; query < length; query += kQueries) {
        const std::size_t place = head * head_size + std::size_t(query) * kDepth;
        scores_by_hand(length, q + place, transposed.get() + head * head_size, scores.get());
        float factors[kQueries];
        for (int i = 0; i < kQueries; ++i)
          factors[i] = weights_by_hand(length, scale, scores.get() + i * length);
        mix_values(length, scores.get(), factors, v + head * head_size, out + place);
      }
  }
}

class Attention final : public Problem {
 public:
  explicit Attention(int length)
      : length_(length),
        q_(size(), Uniform{-1, 1, 0}),
        k_(size(), Uniform{-1, 1, 1}),
        v_(size(), Uniform{-1, 1, 2}),
        out_(size()) {}

  void launch() override {
    launch_attention(kHeads, length_, kScale, q_.device(), k_.device(), v_.device(), out_.device());
  }
  void reference() override {
    attention_by_hand(length_, kScale, q_.host(), k_.host(), v_.host(), out_.host());
  }
  double difference() override { return out_.difference(); }
  OpenClTwin opencl() const override {
    const std::size_t length = length_;
    return {{{"attention", {length, kHeads}, {64}, {length_, kScale, &q_, &k_, &v_, &out_}}},
            {&out_}};
  }
  Work work() const override { return {4.0 * q_.bytes(), 4.0 * q_.count() * length_}; }

 private:
  static constexpr float kScale = 0.125f;

  std::size_t size() const { return std::size_t(kHeads) * length_ * kDepth; }

  int length_;
  Buffer<float> q_, k_, v_, out_;
};

}  // namespace

std::unique_ptr<Problem> make_attention(std::int64_t size) {
  return std::make_unique<Attention>(int(size));
}

}  // namespace bench
