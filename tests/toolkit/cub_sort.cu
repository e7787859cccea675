// CUB's device-wide sorts: radix sort of keys and pairs of several types, up, down and by some bits
// only; merge sort by a comparison; sorts of segments.

#include <algorithm>
#include <cmath>
#include <cub/device/device_merge_sort.cuh>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_segmented_radix_sort.cuh>
#include <cub/device/device_segmented_sort.cuh>
#include <numeric>

#include "check.h"
#include "cub_workspace.h"

using namespace toolkit;

namespace {

template <class T>
std::vector<T> random_keys(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<T> keys(count);
  for (T& key : keys) key = static_cast<T>(random.wide());
  return keys;
}

template <>
std::vector<float> random_keys(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> keys(count);
  for (float& key : keys) key = std::ldexp(static_cast<int>(random()), random() % 64 - 60);
  keys[1] = INFINITY;
  keys[2] = -INFINITY;
  return keys;
}

template <class T>
void sort_keys(const char* what, std::size_t count) {
  std::vector<T> keys = random_keys<T>(count, count + sizeof(T));
  const Array<T> from(keys), to(count);
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(workspace, bytes, static_cast<const T*>(from),
                                          static_cast<T*>(to), static_cast<int>(count));
  });
  std::sort(keys.begin(), keys.end());
  expect_same(what, to, keys);
}

void radix_keys() {
  sort_keys<std::uint32_t>("a few unsigned int", 100);
  sort_keys<std::uint32_t>("unsigned int", 20000);
  sort_keys<std::int64_t>("long long", 5000);
  sort_keys<float>("float", 5000);
  sort_keys<std::int8_t>("signed char", 5000);
}

void radix_pairs_descending() {
  constexpr int kCount = 6000;
  std::vector<std::uint16_t> keys = random_keys<std::uint16_t>(kCount, 5);
  for (auto& key : keys) key %= 500;  // equal ones show whether the order stays
  std::vector<int> order(kCount);
  std::iota(order.begin(), order.end(), 0);
  const Array<std::uint16_t> keys_from(keys), keys_to(kCount);
  const Array<int> values_from(order), values_to(kCount);
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortPairsDescending(
        workspace, bytes, static_cast<const std::uint16_t*>(keys_from),
        static_cast<std::uint16_t*>(keys_to), static_cast<const int*>(values_from),
        static_cast<int*>(values_to), kCount);
  });
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return keys[a] > keys[b]; });
  expect_same("values", values_to, order);
}

void radix_some_bits() {
  constexpr int kCount = 3000;
  std::vector<std::uint32_t> keys = random_keys<std::uint32_t>(kCount, 8);
  std::vector<std::uint32_t> expected = keys;
  const Array<std::uint32_t> front(keys), back(kCount);
  cub::DoubleBuffer<std::uint32_t> buffer(front, back);
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(workspace, bytes, buffer, kCount, 5, 17);
  });
  const auto digit = [](std::uint32_t key) { return key >> 5 & 0xfff; };
  std::stable_sort(expected.begin(), expected.end(),
                   [&](auto a, auto b) { return digit(a) < digit(b); });
  expect_same("keys", buffer.Current() == front ? front : back, expected);
}

struct Point {
  double x;
  int y;
  __host__ __device__ bool operator==(const Point& other) const {
    return x == other.x && y == other.y;
  }
};

struct ByYThenX {
  __host__ __device__ bool operator()(const Point& a, const Point& b) const {
    return a.y != b.y ? a.y < b.y : a.x < b.x;
  }
};

void merge_sort() {
  constexpr int kCount = 5000;
  Random random(3);
  std::vector<Point> points(kCount);
  for (Point& point : points) point = {random() % 1000 / 8.0, static_cast<int>(random() % 50)};
  const Array<Point> keys(points);
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return cub::DeviceMergeSort::SortKeys(workspace, bytes, static_cast<Point*>(keys), kCount,
                                          ByYThenX());
  });
  std::sort(points.begin(), points.end(), ByYThenX());
  expect_same("points", keys, points);
}

/// Segments of very different lengths: each length class has its own kernel.
std::vector<int> segment_offsets() {
  std::vector<int> offsets{0, 0, 1, 3, 10};
  for (int length : {31, 32, 33, 100, 0, 500, 2000, 7}) offsets.push_back(offsets.back() + length);
  return offsets;
}

template <class Sort>
void sort_segments(const char* what, Sort sort) {
  const std::vector<int> offsets = segment_offsets();
  const int count = offsets.back(), segments = static_cast<int>(offsets.size()) - 1;
  std::vector<int> keys = random_keys<int>(count, 12);
  const Array<int> from(keys), to(count), bounds(offsets);
  with_workspace([&](void* workspace, std::size_t& bytes) {
    return sort(workspace, bytes, static_cast<const int*>(from), static_cast<int*>(to), count,
                segments, static_cast<const int*>(bounds));
  });
  for (int i = 0; i < segments; ++i)
    std::sort(keys.begin() + offsets[i], keys.begin() + offsets[i + 1]);
  expect_same(what, to, keys);
}

void segments() {
  sort_segments("by length", [](void* workspace, std::size_t& bytes, const int* from, int* to,
                                int count, int segments, const int* bounds) {
    return cub::DeviceSegmentedSort::SortKeys(workspace, bytes, from, to, count, segments, bounds,
                                              bounds + 1);
  });
  sort_segments("by radix", [](void* workspace, std::size_t& bytes, const int* from, int* to,
                               int count, int segments, const int* bounds) {
    return cub::DeviceSegmentedRadixSort::SortKeys(workspace, bytes, from, to, count, segments,
                                                   bounds, bounds + 1);
  });
}

}  // namespace

int main(int argc, char** argv) {
  return run_sections(argc, argv,
                      {{"radix_keys", radix_keys},
                       {"radix_pairs_descending", radix_pairs_descending},
                       {"radix_some_bits", radix_some_bits},
                       {"merge_sort", merge_sort},
                       {"segments", segments}});
}
