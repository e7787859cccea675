// CUB's parts for writing kernels: loads and stores, reductions, scans, sorts, exchanges and
// histograms of a block, and reductions and scans of (parts of) a warp.

#include <algorithm>
#include <cub/block/block_adjacent_difference.cuh>
#include <cub/block/block_discontinuity.cuh>
#include <cub/block/block_exchange.cuh>
#include <cub/block/block_histogram.cuh>
#include <cub/block/block_load.cuh>
#include <cub/block/block_merge_sort.cuh>
#include <cub/block/block_radix_sort.cuh>
#include <cub/block/block_reduce.cuh>
#include <cub/block/block_scan.cuh>
#include <cub/block/block_store.cuh>
#include <cub/warp/warp_exchange.cuh>
#include <cub/warp/warp_merge_sort.cuh>
#include <cub/warp/warp_reduce.cuh>
#include <cub/warp/warp_scan.cuh>
#include <numeric>

#include "check.h"

using namespace toolkit;

namespace {

constexpr int kThreads = 96;  // no power of two
constexpr int kItems = 5;
constexpr int kTile = kThreads * kItems;

std::vector<int> numbers(int count, int limit) {
  Random random(count * 31 + limit);
  std::vector<int> result(count);
  for (int& number : result) number = static_cast<int>(random() % limit);
  return result;
}

struct Larger {
  __host__ __device__ int operator()(int a, int b) const { return a < b ? b : a; }
};

struct Smaller {
  __host__ __device__ bool operator()(int a, int b) const { return a < b; }
};

/// Copies a tile of which the last thread's items are missing.
template <cub::BlockLoadAlgorithm kLoad, cub::BlockStoreAlgorithm kStore>
__global__ void copy(const int* from, int* to, int valid) {
  using Load = cub::BlockLoad<int, kThreads, kItems, kLoad>;
  using Store = cub::BlockStore<int, kThreads, kItems, kStore>;
  __shared__ union {
    typename Load::TempStorage load;
    typename Store::TempStorage store;
  } shared;
  int items[kItems];
  Load(shared.load).Load(from, items, valid, -1);
  for (int& item : items) item += 100;
  __syncthreads();
  Store(shared.store).Store(to, items, valid);
}

template <cub::BlockLoadAlgorithm kLoad, cub::BlockStoreAlgorithm kStore>
void copy_tile(const char* what) {
  std::vector<int> values = numbers(kTile, 1000);
  constexpr int kValid = kTile - kItems - 2;
  const Array<int> from(values), to(kTile);
  copy<kLoad, kStore><<<1, kThreads>>>(from, to, kValid);
  for (int i = 0; i < kTile; ++i) values[i] = i < kValid ? values[i] + 100 : 0;
  expect_same(what, to, values);
}

void load_and_store() {
  copy_tile<cub::BLOCK_LOAD_DIRECT, cub::BLOCK_STORE_DIRECT>("direct");
  copy_tile<cub::BLOCK_LOAD_STRIPED, cub::BLOCK_STORE_STRIPED>("striped");
  copy_tile<cub::BLOCK_LOAD_VECTORIZE, cub::BLOCK_STORE_VECTORIZE>("vectorize");
  copy_tile<cub::BLOCK_LOAD_TRANSPOSE, cub::BLOCK_STORE_TRANSPOSE>("transpose");
  copy_tile<cub::BLOCK_LOAD_WARP_TRANSPOSE, cub::BLOCK_STORE_WARP_TRANSPOSE>("warp transpose");
}

template <cub::BlockReduceAlgorithm kAlgorithm>
__global__ void reduce_block(const int* from, int* to) {
  using Reduce = cub::BlockReduce<int, kThreads, kAlgorithm>;
  __shared__ typename Reduce::TempStorage shared[3];
  int items[kItems];
  cub::LoadDirectBlocked(threadIdx.x, from, items);
  const int sum = Reduce(shared[0]).Sum(items);
  const int largest = Reduce(shared[1]).Reduce(items, Larger());
  const int part = Reduce(shared[2]).Sum(items[0], 50);  // of the first 50 threads
  if (threadIdx.x > 0) return;
  to[0] = sum;
  to[1] = largest;
  to[2] = part;
}

void reduce() {
  const std::vector<int> values = numbers(kTile, 100000);
  int part = 0;
  for (int i = 0; i < 50; ++i) part += values[i * kItems];
  const std::vector<int> expected{std::accumulate(values.begin(), values.end(), 0),
                                  *std::max_element(values.begin(), values.end()), part};
  const Array<int> from(values), to(3);
  reduce_block<cub::BLOCK_REDUCE_RAKING><<<1, kThreads>>>(from, to);
  expect_same("raking", to, expected);
  reduce_block<cub::BLOCK_REDUCE_RAKING_COMMUTATIVE_ONLY><<<1, kThreads>>>(from, to);
  expect_same("raking, commutative", to, expected);
  reduce_block<cub::BLOCK_REDUCE_WARP_REDUCTIONS><<<1, kThreads>>>(from, to);
  expect_same("warps", to, expected);
}

/// A running total that the block carries from tile to tile.
struct Total {
  int value;
  __device__ int operator()(int tile) {
    const int before = value;
    value += tile;
    return before;
  }
};

template <cub::BlockScanAlgorithm kAlgorithm>
__global__ void scan_block(const int* from, int* sums, int* maxima, int tiles) {
  using Scan = cub::BlockScan<int, kThreads, kAlgorithm>;
  __shared__ typename Scan::TempStorage shared;
  Total total{1000};
  for (int tile = 0; tile < tiles; ++tile, from += kTile, sums += kTile, maxima += kTile) {
    int items[kItems], results[kItems];
    cub::LoadDirectBlocked(threadIdx.x, from, items);
    Scan(shared).ExclusiveSum(items, results, total);
    cub::StoreDirectBlocked(threadIdx.x, sums, results);
    __syncthreads();
    Scan(shared).InclusiveScan(items, results, Larger());
    cub::StoreDirectBlocked(threadIdx.x, maxima, results);
    __syncthreads();
  }
}

void scan() {
  constexpr int kTiles = 3;
  const std::vector<int> values = numbers(kTile * kTiles, 1000);
  std::vector<int> expected_sums, expected_maxima;
  int sum = 1000, most = 0;
  for (int i = 0; i < kTile * kTiles; ++i) {
    if (i % kTile == 0) most = 0;
    expected_sums.push_back(sum);
    expected_maxima.push_back(most = std::max(most, values[i]));
    sum += values[i];
  }
  const Array<int> from(values), sums(values.size()), maxima(values.size());
  scan_block<cub::BLOCK_SCAN_RAKING><<<1, kThreads>>>(from, sums, maxima, kTiles);
  expect_same("raking: sums", sums, expected_sums);
  expect_same("raking: maxima", maxima, expected_maxima);
  scan_block<cub::BLOCK_SCAN_WARP_SCANS><<<1, kThreads>>>(from, sums, maxima, kTiles);
  expect_same("warps: sums", sums, expected_sums);
  expect_same("warps: maxima", maxima, expected_maxima);
}

__global__ void radix_sort_block(const int* from, int* sorted, int* places) {
  using Sort = cub::BlockRadixSort<int, kThreads, kItems, int>;
  __shared__ typename Sort::TempStorage shared;
  int keys[kItems], values[kItems];
  cub::LoadDirectBlocked(threadIdx.x, from, keys);
  for (int i = 0; i < kItems; ++i) values[i] = threadIdx.x * kItems + i;
  Sort(shared).SortDescendingBlockedToStriped(keys, values);
  cub::StoreDirectStriped<kThreads>(threadIdx.x, sorted, keys);
  cub::StoreDirectStriped<kThreads>(threadIdx.x, places, values);
}

constexpr int kMergeThreads = 64;  // a merge sort wants a power of two

__global__ void merge_sort_block(const int* from, int* sorted) {
  using Sort = cub::BlockMergeSort<int, kMergeThreads, kItems>;
  __shared__ typename Sort::TempStorage shared;
  int keys[kItems];
  cub::LoadDirectBlocked(threadIdx.x, from, keys);
  Sort(shared).Sort(keys, Smaller());
  cub::StoreDirectBlocked(threadIdx.x, sorted, keys);
}

void sort() {
  std::vector<int> values = numbers(kTile, 200), order(kTile);
  for (int i = 0; i < kTile; ++i) values[i] -= 100;
  const Array<int> from(values), by_radix(kTile), places(kTile), by_merge(kMergeThreads * kItems);
  radix_sort_block<<<1, kThreads>>>(from, by_radix, places);
  merge_sort_block<<<1, kMergeThreads>>>(from, by_merge);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return values[a] > values[b]; });
  expect_same("places by radix", places, order);
  std::vector<int> first(values.begin(), values.begin() + kMergeThreads * kItems);
  std::sort(first.begin(), first.end());
  expect_same("by merge", by_merge, first);
  std::sort(values.rbegin(), values.rend());
  expect_same("by radix", by_radix, values);
}

__global__ void rearrange(const int* from, int* striped, int* heads, int* differences, int* bins) {
  using Exchange = cub::BlockExchange<int, kThreads, kItems>;
  using Discontinuity = cub::BlockDiscontinuity<int, kThreads>;
  using Difference = cub::BlockAdjacentDifference<int, kThreads>;
  using Histogram = cub::BlockHistogram<int, kThreads, kItems, 16, cub::BLOCK_HISTO_ATOMIC>;
  using HistogramBySort = cub::BlockHistogram<int, kThreads, kItems, 16, cub::BLOCK_HISTO_SORT>;
  __shared__ union {
    typename Exchange::TempStorage exchange;
    typename Discontinuity::TempStorage discontinuity;
    typename Difference::TempStorage difference;
    typename Histogram::TempStorage histogram;
    typename HistogramBySort::TempStorage histogram_by_sort;
  } shared;
  __shared__ int counts[2][16];
  int items[kItems], results[kItems];
  cub::LoadDirectBlocked(threadIdx.x, from, items);
  Exchange(shared.exchange).BlockedToStriped(items, results);
  cub::StoreDirectBlocked(threadIdx.x, striped, results);
  __syncthreads();
  Discontinuity(shared.discontinuity).FlagHeads(results, items, cuda::std::not_equal_to<>());
  cub::StoreDirectBlocked(threadIdx.x, heads, results);
  __syncthreads();
  Difference(shared.difference).SubtractLeft(items, results, cuda::std::minus<>());
  cub::StoreDirectBlocked(threadIdx.x, differences, results);
  __syncthreads();
  Histogram(shared.histogram).Histogram(items, counts[0]);
  __syncthreads();
  HistogramBySort(shared.histogram_by_sort).Histogram(items, counts[1]);
  __syncthreads();
  if (threadIdx.x < 32) bins[threadIdx.x] = counts[threadIdx.x / 16][threadIdx.x % 16];
}

void rearranged() {
  const std::vector<int> values = numbers(kTile, 16);
  std::vector<int> striped(kTile), heads(kTile, 1), differences = values, bins(32);
  for (int i = 0; i < kTile; ++i) {
    striped[i % kThreads * kItems + i / kThreads] = values[i];
    if (i > 0) heads[i] = values[i] != values[i - 1];
    if (i > 0) differences[i] = values[i] - values[i - 1];
    ++bins[values[i]];
    ++bins[16 + values[i]];
  }
  const Array<int> from(values), got_striped(kTile), got_heads(kTile), got_differences(kTile),
      got_bins(32);
  rearrange<<<1, kThreads>>>(from, got_striped, got_heads, got_differences, got_bins);
  expect_same("blocked to striped", got_striped, striped);
  expect_same("heads", got_heads, heads);
  expect_same("differences", got_differences, differences);
  expect_same("histograms", got_bins, bins);
}

/// Each group of kLanes lanes works alone.
template <int kLanes>
__global__ void warp_parts(const int* from, int* sums, int* scans, int* sorted) {
  using Reduce = cub::WarpReduce<int, kLanes>;
  using Scan = cub::WarpScan<int, kLanes>;
  using Sort = cub::WarpMergeSort<int, 2, kLanes>;
  constexpr int kGroups = 64 / kLanes;
  __shared__ typename Reduce::TempStorage reduce[kGroups];
  __shared__ typename Scan::TempStorage scan[kGroups];
  __shared__ typename Sort::TempStorage sort[kGroups];
  const int group = threadIdx.x / kLanes;
  const int value = from[threadIdx.x];
  const int sum = Reduce(reduce[group]).Sum(value);
  if (threadIdx.x % kLanes == 0) sums[group] = sum;
  int before;
  Scan(scan[group]).ExclusiveScan(value, before, 7, cuda::std::plus<>());
  scans[threadIdx.x] = before;
  int pair[2] = {value, value ^ 5};
  Sort(sort[group]).Sort(pair, Smaller());
  sorted[2 * threadIdx.x] = pair[0];
  sorted[2 * threadIdx.x + 1] = pair[1];
}

template <int kLanes>
void warp(const char* what) {
  const std::vector<int> values = numbers(64, 500);
  std::vector<int> sums(64 / kLanes), scans(64), sorted(128);
  for (int i = 0; i < 64; ++i) {
    scans[i] = 7 + (sums[i / kLanes]);
    sums[i / kLanes] += values[i];
    sorted[2 * i] = values[i];
    sorted[2 * i + 1] = values[i] ^ 5;
  }
  for (int i = 0; i < 128; i += 2 * kLanes)
    std::sort(sorted.begin() + i, sorted.begin() + i + 2 * kLanes);
  const Array<int> from(values), got_sums(sums.size()), got_scans(64), got_sorted(128);
  warp_parts<kLanes><<<1, 64>>>(from, got_sums, got_scans, got_sorted);
  expect_same((what + std::string(": sums")).c_str(), got_sums, sums);
  expect_same((what + std::string(": scans")).c_str(), got_scans, scans);
  expect_same((what + std::string(": sorted")).c_str(), got_sorted, sorted);
}

void warps() {
  warp<32>("32 lanes");
  warp<16>("16 lanes");
  warp<4>("4 lanes");
  warp<2>("2 lanes");
}

/// Segments that begin where a flag is set, and a warp that is not full.
__global__ void segmented(const int* from, const int* flags, int* sums, int* part) {
  using Reduce = cub::WarpReduce<int>;
  __shared__ typename Reduce::TempStorage shared;
  sums[threadIdx.x] = Reduce(shared).HeadSegmentedSum(from[threadIdx.x], flags[threadIdx.x]);
  __syncwarp();
  const int sum = Reduce(shared).Sum(from[threadIdx.x], 21);
  if (threadIdx.x == 0) *part = sum;
}

void warp_segments() {
  const std::vector<int> values = numbers(32, 500);
  std::vector<int> flags(32), sums(32);
  for (int head : {0, 3, 4, 20, 31}) flags[head] = 1;
  int head = 0;
  for (int i = 0; i < 32; ++i) {
    if (flags[i]) head = i;
    sums[head] += values[i];
  }
  const Array<int> from(values), heads(flags), got(32), part(1);
  segmented<<<1, 32>>>(from, heads, got, part);
  std::vector<int> at_heads = got.host();
  for (int i = 0; i < 32; ++i) at_heads[i] *= flags[i];  // only a head's result is defined
  expect_same("sums", at_heads, sums);
  expect_same("21 lanes", part, {std::accumulate(values.begin(), values.begin() + 21, 0)});
}

}  // namespace

int main(int argc, char** argv) {
  return run_sections(argc, argv,
                      {{"load_and_store", load_and_store},
                       {"reduce", reduce},
                       {"scan", scan},
                       {"sort", sort},
                       {"rearranged", rearranged},
                       {"warps", warps},
                       {"warp_segments", warp_segments}});
}
