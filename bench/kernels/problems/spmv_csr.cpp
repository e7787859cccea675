// A sparse matrix times a vector, one row a thread: loops of different length, addresses that are
// data. Rows have 8 to 24 elements near the diagonal, as matrices of meshes do.
#include <algorithm>
#include <vector>

#include "../buffer.h"
#include "../problem.h"
#include "../simd.h"

void launch_spmv_csr(int rows, const int* starts, const int* columns, const float* values,
                     const float* x, float* y);

namespace bench {
namespace {

#if defined(__AVX512F__)
/// A register of elements at a time, the last of them masked, so that rows of unlike length cost no
/// misprediction.
float row_by_hand(int count, const int* columns, const float* values, const float* x) {
  __m512 sum = _mm512_setzero_ps();
  for (int i = 0; i < count; i += 16) {
    const __mmask16 mask = count - i >= 16 ? 0xffff : (1u << (count - i)) - 1;
    const __m512i column = _mm512_maskz_loadu_epi32(mask, columns + i);
    const __m512 element = _mm512_mask_i32gather_ps(_mm512_setzero_ps(), mask, column, x, 4);
    sum = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, values + i), element, sum);
  }
  return _mm512_reduce_add_ps(sum);
}
#else
float row_by_hand(int count, const int* columns, const float* values, const float* x) {
  float sum = 0;
  for (int i = 0; i < count; ++i) sum += values[i] * x[columns[i]];
  return sum;
}
#endif

void product_by_hand(int rows, const int* starts, const int* columns, const float* values,
                     const float* x, float* y) {
#pragma omp parallel for schedule(static)
  for (int row = 0; row < rows; ++row)
    y[row] =
        row_by_hand(starts[row + 1] - starts[row], columns + starts[row], values + starts[row], x);
}

std::vector<int> starts_of_rows(int rows) {
  std::vector<int> starts(rows + 1);
  for (int row = 0; row < rows; ++row) starts[row + 1] = starts[row] + 8 + random_bits(row) % 17;
  return starts;
}

class Spmv final : public Problem {
 public:
  explicit Spmv(int rows) : Spmv(rows, starts_of_rows(rows)) {}

  void launch() override {
    launch_spmv_csr(rows_, starts_.device(), columns_.device(), values_.device(), x_.device(),
                    y_.device());
  }
  void reference() override {
    product_by_hand(rows_, starts_.host(), columns_.host(), values_.host(), x_.host(), y_.host());
  }
  double difference() override { return y_.difference(); }
  OpenClTwin opencl() const override {
    const std::size_t items = (rows_ + 255) / 256 * 256;
    return {{{"spmv_csr", {items}, {256}, {rows_, &starts_, &columns_, &values_, &x_, &y_}}},
            {&y_}};
  }
  Work work() const override {
    return {double(columns_.bytes() + values_.bytes() + starts_.bytes() + x_.bytes() + y_.bytes()),
            2.0 * values_.count()};
  }

 private:
  Spmv(int rows, const std::vector<int>& starts)
      : rows_(rows),
        starts_(rows + 1, [&](std::size_t i) { return starts[i]; }),
        columns_(starts.back(),
                 [&, row = 0](std::size_t i) mutable {
                   while (std::size_t(starts[row + 1]) <= i) ++row;
                   return std::clamp(row - 2048 + int(random_bits(i) % 4096), 0, rows - 1);
                 }),
        values_(starts.back(), Uniform{-1, 1, 1}),
        x_(rows, Uniform{-1, 1, 2}),
        y_(rows) {}

  int rows_;
  Buffer<int> starts_, columns_;
  Buffer<float> values_, x_, y_;
};

}  // namespace

std::unique_ptr<Problem> make_spmv_csr(std::int64_t size) {
  return std::make_unique<Spmv>(int(size));
}

}  // namespace bench
