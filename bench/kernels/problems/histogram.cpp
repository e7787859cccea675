// How often each byte occurs: atomic additions in shared memory, then in global memory.
//
// By hand: each thread counts in tables of its own, of which it takes another for each of the bytes
// it has at once, so that equal neighbours do not wait for each other.
#include <cstring>

#include "../buffer.h"
#include "../problem.h"

void launch_histogram(int n, const unsigned char* data, unsigned* bins);

namespace bench {
namespace {

constexpr int kBins = 256, kTables = 8;

void count_by_hand(int n, const std::uint8_t* data, std::uint32_t* bins) {
  for (int bin = 0; bin < kBins; ++bin) bins[bin] = 0;
#pragma omp parallel
  {
    std::uint32_t tables[kTables][kBins] = {};
#pragma omp for schedule(static) nowait
    for (int group = 0; group < n / kTables; ++group) {
      std::uint64_t bytes;
      std::memcpy(&bytes, data + std::size_t(group) * kTables, sizeof(bytes));
#pragma GCC unroll 8
      for (int table = 0; table < kTables; ++table) ++tables[table][bytes >> (8 * table) & 0xff];
    }
#pragma omp critical
    for (const auto& table : tables)
      for (int bin = 0; bin < kBins; ++bin) bins[bin] += table[bin];
  }
  for (int i = n / kTables * kTables; i < n; ++i) ++bins[data[i]];
}

class Histogram final : public Problem {
 public:
  explicit Histogram(int n)
      : n_(n), data_(n, [](std::size_t i) { return std::uint8_t(random_bits(i)); }), bins_(kBins) {}

  void launch() override { launch_histogram(n_, data_.device(), bins_.device()); }
  void reference() override { count_by_hand(n_, data_.host(), bins_.host()); }
  double difference() override { return bins_.difference(); }
  OpenClTwin opencl() const override {
    return {{{"clear", {kBins}, {kBins}, {&bins_}},
             {"histogram", {240 * 256}, {256}, {n_, &data_, &bins_}}},
            {&bins_}};
  }
  Work work() const override { return {double(data_.bytes()), double(n_)}; }

 private:
  int n_;
  Buffer<std::uint8_t> data_;
  Buffer<std::uint32_t> bins_;
};

}  // namespace

std::unique_ptr<Problem> make_histogram(std::int64_t size) {
  return std::make_unique<Histogram>(int(size));
}

}  // namespace bench
