// CUB's other device-wide algorithms: reductions, scans, selection, partition, run lengths,
// histograms, and reductions of segments.

#include <algorithm>
#include <cub/device/device_histogram.cuh>
#include <cub/device/device_partition.cuh>
#include <cub/device/device_reduce.cuh>
#include <cub/device/device_run_length_encode.cuh>
#include <cub/device/device_scan.cuh>
#include <cub/device/device_segmented_reduce.cuh>
#include <cub/device/device_select.cuh>
#include <numeric>

#include "check.h"
#include "cub_workspace.h"

using namespace toolkit;

namespace {

constexpr int kCount = 30011;

std::vector<int> small_numbers(int count, int limit) {
  Random random(count + limit);
  std::vector<int> numbers(count);
  for (int& number : numbers) number = static_cast<int>(random() % limit);
  return numbers;
}

struct Even {
  __host__ __device__ bool operator()(int value) const { return value % 2 == 0; }
};

struct Squared {
  __host__ __device__ double operator()(int value) const { return double(value) * value; }
};

struct Larger {
  template <class T>
  __host__ __device__ T operator()(const T& a, const T& b) const {
    return a < b ? b : a;
  }
};

void reduce() {
  std::vector<int> numbers = small_numbers(kCount, 100000);
  numbers[777] = -5;
  const Array<int> from(numbers);
  const Array<int> sum(1), largest(1);
  const Array<double> squares(1);
  const Array<int> smallest(1), place(1);
  const int* in = from;
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceReduce::Sum(workspace, bytes, in, static_cast<int*>(sum), kCount);
  });
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceReduce::Reduce(workspace, bytes, in, static_cast<int*>(largest), kCount,
                                     Larger(), 0);
  });
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceReduce::TransformReduce(workspace, bytes, in, static_cast<double*>(squares),
                                              kCount, cuda::std::plus<>(), Squared(), 0.0);
  });
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceReduce::ArgMin(workspace, bytes, in, static_cast<int*>(smallest),
                                     static_cast<int*>(place), kCount);
  });
  unsigned total = 0;
  double total_squares = 0;
  for (int number : numbers) {
    total += number;
    total_squares += double(number) * number;  // below 2^53: exact in every order
  }
  expect_equal("sum", sum.host()[0], static_cast<int>(total));
  expect_equal("largest", largest.host()[0], *std::max_element(numbers.begin(), numbers.end()));
  expect_equal("sum of squares", squares.host()[0], total_squares);
  expect_equal("smallest", smallest.host()[0], -5);
  expect_equal("place of the smallest", place.host()[0], 777);
}

void reduce_by_key() {
  std::vector<int> keys = small_numbers(kCount, 3), values = small_numbers(kCount, 100);
  std::vector<int> expected_keys, expected_sums;
  for (int i = 0; i < kCount; ++i) {
    if (i == 0 || keys[i] != keys[i - 1]) {
      expected_keys.push_back(keys[i]);
      expected_sums.push_back(0);
    }
    expected_sums.back() += values[i];
  }
  const Array<int> in_keys(keys), in_values(values), out_keys(kCount), out_sums(kCount), runs(1);
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceReduce::ReduceByKey(workspace, bytes, static_cast<int*>(in_keys),
                                          static_cast<int*>(out_keys), static_cast<int*>(in_values),
                                          static_cast<int*>(out_sums), static_cast<int*>(runs),
                                          cuda::std::plus<>(), kCount);
  });
  std::vector<int> got_keys = out_keys.host(), got_sums = out_sums.host();
  got_keys.resize(runs.host()[0]);
  got_sums.resize(runs.host()[0]);
  expect_same("keys", got_keys, expected_keys);
  expect_same("sums", got_sums, expected_sums);
}

void scan() {
  const std::vector<int> numbers = small_numbers(kCount, 1000);
  const Array<int> from(numbers), inclusive(kCount), exclusive(kCount), maxima(kCount);
  const int* in = from;
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceScan::InclusiveSum(workspace, bytes, in, static_cast<int*>(inclusive),
                                         kCount);
  });
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceScan::ExclusiveSum(workspace, bytes, in, static_cast<int*>(exclusive),
                                         kCount);
  });
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceScan::InclusiveScan(workspace, bytes, in, static_cast<int*>(maxima), Larger(),
                                          kCount);
  });
  std::vector<int> sums(kCount), before(kCount), largest(kCount);
  int sum = 0, most = 0;
  for (int i = 0; i < kCount; ++i) {
    before[i] = sum;
    sums[i] = sum += numbers[i];
    largest[i] = most = std::max(most, numbers[i]);
  }
  expect_same("inclusive sum", inclusive, sums);
  expect_same("exclusive sum", exclusive, before);
  expect_same("inclusive maximum", maxima, largest);
}

void select_and_partition() {
  const std::vector<int> numbers = small_numbers(kCount, 20);
  const Array<int> from(numbers), selected(kCount), parted(kCount), unique(kCount), counts(3);
  const int* in = from;
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceSelect::If(workspace, bytes, in, static_cast<int*>(selected), counts + 0,
                                 kCount, Even());
  });
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DevicePartition::If(workspace, bytes, in, static_cast<int*>(parted), counts + 1,
                                    kCount, Even());
  });
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceSelect::Unique(workspace, bytes, in, static_cast<int*>(unique), counts + 2,
                                     kCount);
  });
  std::vector<int> even, odd, runs;
  for (int number : numbers) (Even()(number) ? even : odd).push_back(number);
  std::unique_copy(numbers.begin(), numbers.end(), std::back_inserter(runs));
  const std::vector<int> found = counts.host();
  expect_same("counts", found,
              {static_cast<int>(even.size()), static_cast<int>(even.size()),
               static_cast<int>(runs.size())});
  std::vector<int> got = selected.host(), got_runs = unique.host();
  got.resize(even.size());
  got_runs.resize(runs.size());
  expect_same("selected", got, even);
  expect_same("unique", got_runs, runs);
  even.insert(even.end(), odd.rbegin(), odd.rend());
  expect_same("partition", parted, even);
}

void run_lengths() {
  const std::vector<int> numbers = small_numbers(kCount, 3);
  const Array<int> from(numbers), values(kCount), lengths(kCount), runs(1);
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceRunLengthEncode::Encode(workspace, bytes, static_cast<const int*>(from),
                                              static_cast<int*>(values), static_cast<int*>(lengths),
                                              static_cast<int*>(runs), kCount);
  });
  std::vector<int> expected_values, expected_lengths;
  for (int i = 0; i < kCount; ++i) {
    if (i == 0 || numbers[i] != numbers[i - 1]) {
      expected_values.push_back(numbers[i]);
      expected_lengths.push_back(0);
    }
    ++expected_lengths.back();
  }
  std::vector<int> got_values = values.host(), got_lengths = lengths.host();
  got_values.resize(runs.host()[0]);
  got_lengths.resize(runs.host()[0]);
  expect_same("values", got_values, expected_values);
  expect_same("lengths", got_lengths, expected_lengths);
}

void histogram() {
  constexpr int kLevels = 33;
  std::vector<float> samples(kCount);
  std::vector<int> expected(kLevels - 1), expected_ranges(4);
  const std::vector<float> bounds{-3, 0.5, 7, 20, 31.25};
  Random random(6);
  for (float& sample : samples) {
    sample = random() % 4096 / 64.0f - 16;
    if (sample >= 0 && sample < 32) ++expected[static_cast<int>(sample)];
    for (int i = 0; i < 4; ++i) expected_ranges[i] += sample >= bounds[i] && sample < bounds[i + 1];
  }
  const Array<float> from(samples), levels(bounds);
  const Array<int> counts(kLevels - 1), ranges(4);
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceHistogram::HistogramEven(workspace, bytes, static_cast<const float*>(from),
                                               static_cast<int*>(counts), kLevels, 0.0f, 32.0f,
                                               kCount);
  });
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceHistogram::HistogramRange(workspace, bytes, static_cast<const float*>(from),
                                                static_cast<int*>(ranges), 5,
                                                static_cast<const float*>(levels), kCount);
  });
  expect_same("even", counts, expected);
  expect_same("ranges", ranges, expected_ranges);
}

void segmented_reduce() {
  const std::vector<int> offsets{0, 0, 1, 40, 41, 5000, 29999, kCount};
  const int segments = static_cast<int>(offsets.size()) - 1;
  const std::vector<int> numbers = small_numbers(kCount, 1000);
  const Array<int> from(numbers), bounds(offsets), sums(segments);
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceSegmentedReduce::Sum(workspace, bytes, static_cast<const int*>(from),
                                           static_cast<int*>(sums), segments,
                                           static_cast<const int*>(bounds), bounds + 1);
  });
  std::vector<int> expected;
  for (int i = 0; i < segments; ++i)
    expected.push_back(
        std::accumulate(numbers.begin() + offsets[i], numbers.begin() + offsets[i + 1], 0));
  expect_same("sums", sums, expected);
}

}  // namespace

int main(int argc, char** argv) {
  return run_sections(argc, argv,
                      {{"reduce", reduce},
                       {"reduce_by_key", reduce_by_key},
                       {"scan", scan},
                       {"select_and_partition", select_and_partition},
                       {"run_lengths", run_lengths},
                       {"histogram", histogram},
                       {"segmented_reduce", segmented_reduce}});
}
