// Numbers of 32 bits sorted by CUB: passes over digits of 8 bits, ranked in shared memory.
//
// By hand: four passes over digits of 8 bits. Each thread has a part of the array and a count of
// each digit in it; the counts say where in the result each thread may write each digit.
#include <omp.h>

#include <algorithm>
#include <vector>

#include "../cub_problem.h"
#include "../simd.h"

void launch_radix_sort_cub(void* scratch, std::size_t& scratch_bytes, const std::uint32_t* in,
                           std::uint32_t* out, int n);

namespace bench {
namespace {

constexpr int kDigitBits = 8, kDigits = 1 << kDigitBits;

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

constexpr std::uint32_t kLine = 16;

/// One thread's way of writing one digit after another's.
class Scatter {
 public:
  Scatter(std::uint32_t* out, Counts& places) : out_(out), next_(places), first_(places) {}

  [[gnu::always_inline]] void write(std::uint32_t digit, std::uint32_t value) {
    const std::uint32_t place = next_[digit]++;
    lines_[digit * kLine + place % kLine] = value;
    if (place % kLine == kLine - 1) write_line(digit, place + 1 - kLine, kLine);
  }

  /// The lines that are not full.
  void finish() {
    for (int digit = 0; digit < kDigits; ++digit)
      write_line(digit, next_[digit] / kLine * kLine, next_[digit] % kLine);
    stream_fence();
  }

 private:
  /// The digit's first line may begin with elements of others.
  void write_line(std::uint32_t digit, std::uint32_t place, std::uint32_t count) {
    const std::uint32_t* line = lines_ + digit * kLine;
    if (count == kLine && place >= first_[digit])
      for (int i = 0; i < int(kLine); i += kLanes<float>)
        stream(reinterpret_cast<float*>(out_ + place + i), (Vector<float>)load(line + i));
    else
      for (std::uint32_t i = place < first_[digit] ? first_[digit] - place : 0; i < count; ++i)
        out_[place + i] = line[i];
  }

  std::uint32_t* out_;
  Counts& next_;
  const Counts first_;
  alignas(64) std::uint32_t lines_[kDigits * kLine];
};

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
    Scatter scatter(out, counts[thread]);
    for (int i = from; i < to; ++i) scatter.write(in[i] >> shift & (kDigits - 1), in[i]);
    scatter.finish();
  }
}

class RadixSort final : public CubProblem {
 public:
  explicit RadixSort(int n)
      : CubProblem(n, 0xffffffff, launch_radix_sort_cub),
        other_(n),
        opencl_counts_((1 << kOpenClBits) * opencl_groups(n)) {}

  void reference() override {
    const int n = int(in_.count());
    sort_by_digit(in_.host(), other_.host(), n, 0);
    sort_by_digit(other_.host(), out_.host(), n, kDigitBits);
    sort_by_digit(out_.host(), other_.host(), n, 2 * kDigitBits);
    sort_by_digit(other_.host(), out_.host(), n, 3 * kDigitBits);
  }
  OpenClTwin opencl() const override {
    OpenClTwin twin = {{}, {&out_}};
    const BufferBase* from = &in_;
    for (int shift = 0; shift < 32; shift += kOpenClBits) {
      const BufferBase* to = from == &other_ ? &out_ : &other_;
      add_opencl_pass(shift, from, to, twin.steps);
      from = to;
    }
    return twin;
  }
  Work work() const override { return {2.0 * in_.bytes(), double(in_.count())}; }

 private:
  static constexpr int kOpenClBits = 4;

  void add_opencl_pass(int shift, const BufferBase* from, const BufferBase* to,
                       std::vector<OpenClStep>& steps) const {
    const int n = int(in_.count()), groups = opencl_groups(n);
    const OpenClItems all = {std::size_t(groups) * kOpenClGroup}, group = {kOpenClGroup};
    steps.push_back({"count_digits", all, group, {n, shift, from, &opencl_counts_}});
    steps.push_back({"scan_sums", group, group, {int(opencl_counts_.count()), &opencl_counts_}});
    steps.push_back({"scatter", all, group, {n, shift, from, &opencl_counts_, to}});
  }

  Buffer<std::uint32_t> other_, opencl_counts_;
};

}  // namespace

std::unique_ptr<Problem> make_radix_sort_cub(std::int64_t size) {
  return std::make_unique<RadixSort>(int(size));
}

}  // namespace bench
