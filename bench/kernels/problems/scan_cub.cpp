// The running sum of an array by CUB: shuffles within warps, and blocks that look back at their
// predecessors' sums.
//
// By hand: pieces that fit the second-level cache, one for each thread. Every thread adds up its
// piece, then runs over it once more, in the cache, with the sum of all that comes before.
#include <omp.h>

#include "../cub_problem.h"
#include "../simd.h"

void launch_scan_cub(void* scratch, std::size_t& scratch_bytes, const std::uint32_t* in,
                     std::uint32_t* out, int n);

namespace bench {
namespace {

using Words = Vector<std::uint32_t>;

constexpr int kWidth = kLanes<std::uint32_t>;
constexpr int kPiece = 1 << 15;
constexpr int kMostThreads = 256;

/// Running sums within a register: each step adds what is `kApart` lanes below.
template <int kApart = 1>
[[gnu::always_inline]] inline Words running_sum(Words value) {
  value += shuffle<[](int lane) { return lane < kApart ? lane : kWidth + lane - kApart; },
                   std::uint32_t>(Words{}, value);
  if constexpr (kApart * 2 < kWidth) return running_sum<kApart * 2>(value);
  return value;
}

std::uint32_t sum_of(const std::uint32_t* in, int count) {
  std::uint32_t sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int i = 0; i < count; ++i) sum += in[i];
  return sum;
}

void scan_piece(const std::uint32_t* in, std::uint32_t* out, int count, std::uint32_t before) {
  Words carry = broadcast(before);
  int i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    const Words sums = running_sum(load(in + i));
    stream(reinterpret_cast<float*>(out + i), (Vector<float>)(sums + carry));
    carry += shuffle<[](int) { return kWidth - 1; }, std::uint32_t>(sums, sums);
  }
  for (std::uint32_t total = carry[0]; i < count; ++i) out[i] = total += in[i];
}

void scan_by_hand(const std::uint32_t* in, std::uint32_t* out, int n) {
  std::uint32_t sums[2][kMostThreads] = {};
#pragma omp parallel
  {
    const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
    std::uint32_t before = 0;
    for (int start = 0, round = 0; start < n; start += threads * kPiece, round ^= 1) {
      const int first = std::min(n, start + thread * kPiece), count = std::min(kPiece, n - first);
      sums[round][thread] = sum_of(in + first, count);
#pragma omp barrier
      std::uint32_t all = before, below = before;
      for (int other = 0; other < threads; ++other) {
        if (other == thread) below = all;
        all += sums[round][other];
      }
      scan_piece(in + first, out + first, count, below);
      before = all;
    }
    stream_fence();
  }
}

class Scan final : public CubProblem {
 public:
  explicit Scan(int n) : CubProblem(n, 0xff, launch_scan_cub), opencl_sums_(opencl_groups(n)) {}
  void reference() override { scan_by_hand(in_.host(), out_.host(), int(in_.count())); }
  OpenClTwin opencl() const override {
    const int n = int(in_.count()), groups = opencl_groups(n);
    const OpenClItems all = {std::size_t(groups) * kOpenClGroup}, group = {kOpenClGroup};
    return {{{"sum_parts", all, group, {n, &in_, &opencl_sums_}},
             {"scan_sums", group, group, {groups, &opencl_sums_}},
             {"scan_parts", all, group, {n, &in_, &opencl_sums_, &out_}}},
            {&out_}};
  }
  Work work() const override { return {2.0 * in_.bytes(), double(in_.count())}; }

 private:
  Buffer<std::uint32_t> opencl_sums_;
};

}  // namespace

std::unique_ptr<Problem> make_scan_cub(std::int64_t size) {
  return std::make_unique<Scan>(int(size));
}

}  // namespace bench
