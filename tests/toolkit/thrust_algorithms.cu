// Thrust: sorts, reductions, scans, selection, sets, gathering and scattering on device vectors,
// with iterators that compute their elements, on the default stream and on others.

#include <thrust/adjacent_difference.h>
#include <thrust/binary_search.h>
#include <thrust/copy.h>
#include <thrust/count.h>
#include <thrust/device_vector.h>
#include <thrust/execution_policy.h>
#include <thrust/extrema.h>
#include <thrust/fill.h>
#include <thrust/gather.h>
#include <thrust/host_vector.h>
#include <thrust/inner_product.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/permutation_iterator.h>
#include <thrust/iterator/transform_iterator.h>
#include <thrust/iterator/zip_iterator.h>
#include <thrust/reduce.h>
#include <thrust/remove.h>
#include <thrust/scan.h>
#include <thrust/scatter.h>
#include <thrust/sequence.h>
#include <thrust/set_operations.h>
#include <thrust/sort.h>
#include <thrust/transform.h>
#include <thrust/transform_reduce.h>
#include <thrust/unique.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "check.h"

using namespace toolkit;

namespace {

constexpr int kCount = 5000;

std::vector<int> numbers(int limit, int seed = 1) {
  Random random(limit + seed * 1000);
  std::vector<int> result(kCount);
  for (int& number : result) number = static_cast<int>(random() % limit);
  return result;
}

template <class T>
std::vector<T> host(const thrust::device_vector<T>& vector) {
  std::vector<T> result(vector.size());
  thrust::copy(vector.begin(), vector.end(), result.begin());
  return result;
}

struct Square {
  __host__ __device__ int operator()(int x) const { return x * x; }
};

struct Odd {
  __host__ __device__ bool operator()(int x) const { return x % 2 != 0; }
};

struct Less {
  __host__ __device__ bool operator()(int a, int b) const { return a % 100 < b % 100; }
};

void sorts() {
  std::vector<int> values = numbers(1000000);
  thrust::device_vector<int> device = values;
  thrust::sort(device.begin(), device.end());
  std::sort(values.begin(), values.end());
  expect_same("sort", host(device), values);

  values = numbers(5000, 2);
  device = values;
  thrust::stable_sort(device.begin(), device.end(), Less());
  std::stable_sort(values.begin(), values.end(), Less());
  expect_same("stable sort by a comparison", host(device), values);
}

void sort_by_key() {
  const std::vector<int> keys = numbers(300);
  std::vector<int> order(kCount);
  thrust::device_vector<int> device_keys = keys, places(kCount);
  thrust::sequence(places.begin(), places.end());
  thrust::stable_sort_by_key(device_keys.begin(), device_keys.end(), places.begin());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return keys[a] < keys[b]; });
  expect_same("places", host(places), order);
}

void reductions() {
  const std::vector<int> values = numbers(400);
  const thrust::device_vector<int> device = values;
  expect_equal("sum", thrust::reduce(device.begin(), device.end()),
               std::accumulate(values.begin(), values.end(), 0));
  int squares = 0;
  for (int value : values) squares += value * value;
  expect_equal(
      "sum of squares",
      thrust::transform_reduce(device.begin(), device.end(), Square(), 0, thrust::plus<int>()),
      squares);
  expect_equal("inner product",
               thrust::inner_product(device.begin(), device.end(), device.begin(), 0), squares);
  expect_equal("odd ones", thrust::count_if(device.begin(), device.end(), Odd()),
               std::count_if(values.begin(), values.end(), Odd()));
  expect_equal("place of the largest",
               thrust::max_element(device.begin(), device.end()) - device.begin(),
               std::max_element(values.begin(), values.end()) - values.begin());
}

void reduce_by_key() {
  std::vector<int> keys = numbers(700);
  std::sort(keys.begin(), keys.end());
  thrust::device_vector<int> device = keys, found(kCount), counts(kCount);
  const auto ends =
      thrust::reduce_by_key(device.begin(), device.end(), thrust::make_constant_iterator(1),
                            found.begin(), counts.begin());
  found.resize(ends.first - found.begin());
  counts.resize(ends.second - counts.begin());
  std::vector<int> expected_keys, expected_counts;
  for (int key : keys) {
    if (expected_keys.empty() || expected_keys.back() != key) {
      expected_keys.push_back(key);
      expected_counts.push_back(0);
    }
    ++expected_counts.back();
  }
  expect_same("keys", host(found), expected_keys);
  expect_same("counts", host(counts), expected_counts);
}

void scans() {
  const std::vector<int> values = numbers(1000);
  const thrust::device_vector<int> device = values;
  thrust::device_vector<int> result(kCount);
  std::vector<int> expected(kCount);
  thrust::inclusive_scan(device.begin(), device.end(), result.begin());
  std::partial_sum(values.begin(), values.end(), expected.begin());
  expect_same("inclusive", host(result), expected);
  thrust::exclusive_scan(device.begin(), device.end(), result.begin(), 4, thrust::maximum<int>());
  int most = 4;
  for (int i = 0; i < kCount; ++i) {
    expected[i] = most;
    most = std::max(most, values[i]);
  }
  expect_same("exclusive maximum", host(result), expected);
  thrust::adjacent_difference(device.begin(), device.end(), result.begin());
  std::adjacent_difference(values.begin(), values.end(), expected.begin());
  expect_same("differences", host(result), expected);
}

void selection() {
  std::vector<int> values = numbers(12), odd;
  thrust::device_vector<int> device = values, result(kCount);
  result.resize(thrust::copy_if(device.begin(), device.end(), result.begin(), Odd()) -
                result.begin());
  std::copy_if(values.begin(), values.end(), std::back_inserter(odd), Odd());
  expect_same("copy_if", host(result), odd);
  device.resize(thrust::unique(device.begin(), device.end()) - device.begin());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  expect_same("unique", host(device), values);
  device.resize(thrust::remove_if(device.begin(), device.end(), Odd()) - device.begin());
  values.erase(std::remove_if(values.begin(), values.end(), Odd()), values.end());
  expect_same("remove_if", host(device), values);
}

void sets() {
  std::vector<int> a = numbers(6000, 3), b = numbers(6000, 4), expected;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  const thrust::device_vector<int> device_a = a, device_b = b;
  thrust::device_vector<int> result(2 * kCount);
  auto end = thrust::set_intersection(device_a.begin(), device_a.end(), device_b.begin(),
                                      device_b.end(), result.begin());
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(expected));
  expect_same("intersection", host(thrust::device_vector<int>(result.begin(), end)), expected);
  expected.clear();
  end = thrust::set_union(device_a.begin(), device_a.end(), device_b.begin(), device_b.end(),
                          result.begin());
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(expected));
  expect_same("union", host(thrust::device_vector<int>(result.begin(), end)), expected);
  expected.clear();
  end = thrust::set_difference(device_a.begin(), device_a.end(), device_b.begin(), device_b.end(),
                               result.begin());
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(expected));
  expect_same("difference", host(thrust::device_vector<int>(result.begin(), end)), expected);
}

void searches() {
  std::vector<int> sorted = numbers(9000, 5), wanted = numbers(9000, 6), expected(kCount);
  std::sort(sorted.begin(), sorted.end());
  const thrust::device_vector<int> device = sorted, keys = wanted;
  thrust::device_vector<int> result(kCount);
  thrust::lower_bound(device.begin(), device.end(), keys.begin(), keys.end(), result.begin());
  for (int i = 0; i < kCount; ++i)
    expected[i] = std::lower_bound(sorted.begin(), sorted.end(), wanted[i]) - sorted.begin();
  expect_same("lower bounds", host(result), expected);
}

void moves() {
  std::vector<int> order(kCount), expected(kCount);
  for (int i = 0; i < kCount; ++i) order[i] = static_cast<int>(i * 3571ll % kCount);
  const std::vector<int> values = numbers(100000);
  const thrust::device_vector<int> device = values, map = order;
  thrust::device_vector<int> result(kCount);
  thrust::gather(map.begin(), map.end(), device.begin(), result.begin());
  for (int i = 0; i < kCount; ++i) expected[i] = values[order[i]];
  expect_same("gather", host(result), expected);
  thrust::scatter(device.begin(), device.end(), map.begin(), result.begin());
  for (int i = 0; i < kCount; ++i) expected[order[i]] = values[i];
  expect_same("scatter", host(result), expected);
}

struct MultiplyAdd {
  __host__ __device__ long long operator()(const thrust::tuple<int, int, int>& t) const {
    return static_cast<long long>(thrust::get<0>(t)) * thrust::get<1>(t) + thrust::get<2>(t);
  }
};

void iterators() {
  const std::vector<int> values = numbers(40000);
  const thrust::device_vector<int> device = values;
  const auto squares = thrust::make_transform_iterator(device.begin(), Square());
  const auto first = thrust::make_zip_iterator(
      thrust::make_tuple(device.begin(), thrust::counting_iterator<int>(1), squares));
  thrust::device_vector<long long> result(kCount);
  thrust::transform(first, first + kCount, result.begin(), MultiplyAdd());
  std::vector<long long> expected(kCount);
  for (int i = 0; i < kCount; ++i)
    expected[i] = static_cast<long long>(values[i]) * (i + 1) + values[i] * values[i];
  expect_same("zip, count and transform", host(result), expected);
}

void streams() {
  cudaStream_t stream[2];
  for (cudaStream_t& each : stream) CHECK(cudaStreamCreate(&each));
  thrust::device_vector<int> device[2] = {numbers(1000, 7), numbers(1000, 8)};
  for (int i = 0; i < 2; ++i) {
    const auto policy = thrust::cuda::par_nosync.on(stream[i]);
    thrust::fill(policy, device[i].begin(), device[i].begin() + 10, 2000);
    thrust::sort(policy, device[i].begin(), device[i].end(), thrust::greater<int>());
  }
  for (int i = 0; i < 2; ++i) {
    expect_equal(
        "sum on a stream",
        thrust::reduce(thrust::cuda::par.on(stream[i]), device[i].begin(), device[i].begin() + 10),
        20000);
    std::vector<int> expected = numbers(1000, 7 + i);
    std::fill(expected.begin(), expected.begin() + 10, 2000);
    std::sort(expected.rbegin(), expected.rend());
    expect_same("sort on a stream", host(device[i]), expected);
  }
  for (cudaStream_t each : stream) CHECK(cudaStreamDestroy(each));
}

}  // namespace

int main(int argc, char** argv) {
  return run_sections(argc, argv,
                      {{"sorts", sorts},
                       {"sort_by_key", sort_by_key},
                       {"reductions", reductions},
                       {"reduce_by_key", reduce_by_key},
                       {"scans", scans},
                       {"selection", selection},
                       {"sets", sets},
                       {"searches", searches},
                       {"moves", moves},
                       {"iterators", iterators},
                       {"streams", streams}});
}
