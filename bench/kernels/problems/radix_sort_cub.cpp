// Numbers of 32 bits sorted by CUB: passes over digits of 8 bits, ranked in shared memory.
//
// By hand: three passes over digits of 11 bits. Each thread has a part of the array and a count of
// each digit in it; the counts say where in the result each thread may write each digit.
#include <omp.h>

#include <algorithm>
#include <vector>

#include "../cub_problem.h"

void launch_radix_sort_cub(void* scratch, std::size_t& scratch_bytes, const std::uint32_t* in,
                           std::uint32_t* out, int n);

namespace bench {
namespace {

constexpr int kDigitBits = 11, kDigits = 1 << kDigitBits;

using Counts = std::vector<std::uint32_t>;

/// For each thread and digit the first place in the result, instead of the count.
void places_from_counts(std::vector<Counts>& counts) {
  std::uint32_t place = 0;
  for (int digit = 0; digit < kDigits; ++digit)
    for (Counts& of_thread : counts) {
      const std::uint32_t count = of_thread[digit];
      of_thread[digit] = place;
      place += count;
    }
}

void sort_by_digit(const std::uint32_t* in, std::uint32_t* out, int n, int shift) {
  std::vector<Counts> counts;
#pragma omp parallel
  {
    const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
#pragma omp single
    counts.assign(threads, Counts(kDigits));
    const int from = std::int64_t(n) * thread / threads,
              to = std::int64_t(n) * (thread + 1) / threads;
    std::uint32_t* mine = counts[thread].data();
    for (int i = from; i < to; ++i) ++mine[in[i] >> shift & (kDigits - 1)];
#pragma omp barrier
#pragma omp single
    places_from_counts(counts);
    for (int i = from; i < to; ++i) out[mine[in[i] >> shift & (kDigits - 1)]++] = in[i];
  }
}

class RadixSort final : public CubProblem {
 public:
  explicit RadixSort(int n)
      : CubProblem(n, 0xffffffff, launch_radix_sort_cub), other_(allocate_host<std::uint32_t>(n)) {}

  void reference() override {
    const int n = int(in_.count());
    sort_by_digit(in_.host(), out_.host(), n, 0);
    sort_by_digit(out_.host(), other_.get(), n, kDigitBits);
    sort_by_digit(other_.get(), out_.host(), n, 2 * kDigitBits);
  }
  Work work() const override { return {2.0 * in_.bytes(), double(in_.count())}; }

 private:
  std::unique_ptr<std::uint32_t[], Free> other_;
};

}  // namespace

std::unique_ptr<Problem> make_radix_sort_cub(std::int64_t size) {
  return std::make_unique<RadixSort>(int(size));
}

}  // namespace bench
