// Cooperative groups up to the grid: tiles of every size, coalesced groups, partitions by label and
// by predicate, reductions and scans, copies to shared memory, one thread of a group, the whole
// grid.

#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "check.h"

namespace cg = cooperative_groups;
using namespace toolkit;

namespace {

/// What each thread sees of a tile: rank, number of the tile, sum, ballot, the neighbour's value,
/// and whether an exclusive scan is right.
struct Seen {
  int rank, tile, size, sum, largest, neighbour, before;
  unsigned odd, like_me;
  bool operator==(const Seen& other) const { return std::memcmp(this, &other, sizeof(Seen)) == 0; }
};

__host__ __device__ int value_of(int thread) {
  return (thread * 7 + 3) % 11;
}

template <class Tile>
__device__ void look(const Tile& tile, Seen& seen) {
  const int value = value_of(threadIdx.x);
  seen.rank = tile.thread_rank();
  seen.tile = tile.meta_group_rank();
  seen.size = tile.num_threads();
  seen.sum = cg::reduce(tile, value, cg::plus<int>());
  seen.largest = cg::reduce(tile, value, cg::greater<int>());
  seen.neighbour = tile.shfl_xor(value, tile.num_threads() > 1 ? 1 : 0);
  seen.before = cg::exclusive_scan(tile, value);
  seen.odd = tile.ballot(value % 2);
  seen.like_me = tile.match_any(value);
}

template <int kSize>
__global__ void static_tile(Seen* seen) {
  look(cg::tiled_partition<kSize>(cg::this_thread_block()), seen[threadIdx.x]);
}

std::vector<Seen> expected_tiles(int threads, int size) {
  std::vector<Seen> seen(threads);
  std::memset(static_cast<void*>(seen.data()), 0, threads * sizeof(Seen));
  for (int i = 0; i < threads; ++i) {
    Seen& s = seen[i];
    const int first = i / size * size;
    s.rank = i - first;
    s.tile = i / size;
    s.size = size;
    s.neighbour = value_of(size > 1 ? i ^ 1 : i);
    s.largest = value_of(first);
    for (int j = first; j < first + size; ++j) {
      s.sum += value_of(j);
      s.largest = std::max(s.largest, value_of(j));
      if (j < i) s.before += value_of(j);
      s.odd |= (value_of(j) % 2 << (j - first));
      s.like_me |= unsigned{value_of(j) == value_of(i)} << (j - first);
    }
  }
  return seen;
}

template <int kSize>
void tile(const char* what) {
  const Array<Seen> seen(128);
  static_tile<kSize><<<1, 128>>>(seen);
  expect_same(what, seen, expected_tiles(128, kSize));
}

void tiles() {
  tile<1>("1 thread");
  tile<2>("2 threads");
  tile<4>("4 threads");
  tile<8>("8 threads");
  tile<16>("16 threads");
  tile<32>("32 threads");
}

/// Tiles of more than one warp meet through memory of the block.
template <int kSize>
__global__ void large_tile(int* sums, int* before, int* first) {
  __shared__ cg::block_tile_memory<256> memory;
  const auto tile = cg::tiled_partition<kSize>(cg::this_thread_block(memory));
  const int value = value_of(threadIdx.x);
  sums[threadIdx.x] = cg::reduce(tile, value, cg::plus<int>());
  before[threadIdx.x] = cg::exclusive_scan(tile, value);
  first[threadIdx.x] = tile.shfl(threadIdx.x, 40) + tile.any(threadIdx.x == 200);
}

template <int kSize>
void large(const char* what) {
  const Array<int> sums(256), before(256), first(256);
  large_tile<kSize><<<1, 256>>>(sums, before, first);
  std::vector<int> expected_sums(256), expected_before(256), expected_first(256);
  for (int i = 0; i < 256; ++i) {
    const int start = i / kSize * kSize;
    for (int j = start; j < start + kSize; ++j) {
      expected_sums[i] += value_of(j);
      if (j < i) expected_before[i] += value_of(j);
    }
    expected_first[i] = start + 40 + (200 / kSize * kSize == start);
  }
  expect_same(what, sums, expected_sums);
  expect_same(what, before, expected_before);
  expect_same(what, first, expected_first);
}

void large_tiles() {
  large<64>("64 threads");
  large<128>("128 threads");
  large<256>("256 threads");
}

/// Sizes known at run time, threads that met by chance, and groups by a label or a predicate: each
/// thread tells its group's size, its rank there and the sum of the ranks in the warp.
struct Place {
  int size, rank, sum;
  bool operator==(const Place& other) const {
    return size == other.size && rank == other.rank && sum == other.sum;
  }
};

__device__ Place place_in(const cg::coalesced_group& group, int value) {
  return {static_cast<int>(group.num_threads()), static_cast<int>(group.thread_rank()),
          cg::reduce(group, value, cg::plus<int>())};
}

__host__ __device__ int label_of(int lane) {
  return lane * lane % 5;
}

__global__ void grouped(Place* coalesced, Place* labelled, Place* binary, Place* tiled) {
  const int lane = threadIdx.x;
  const auto warp = cg::tiled_partition<32>(cg::this_thread_block());
  if (lane % 3 != 0) coalesced[lane] = place_in(cg::coalesced_threads(), lane);
  warp.sync();
  labelled[lane] = place_in(cg::labeled_partition(warp, label_of(lane)), lane);
  binary[lane] = place_in(cg::binary_partition(warp, lane > 11), lane);
  const cg::thread_group part = cg::tiled_partition(cg::this_thread_block(), 8);
  part.sync();
  tiled[lane] = {static_cast<int>(part.size()), static_cast<int>(part.thread_rank()), 0};
}

template <class Same>
std::vector<Place> places(Same same) {
  std::vector<Place> expected(32, Place{0, 0, 0});
  for (int i = 0; i < 32; ++i)
    for (int j = 0; j < 32; ++j) {
      if (!same(i, j)) continue;
      ++expected[i].size;
      expected[i].rank += j < i;
      expected[i].sum += j;
    }
  return expected;
}

void partitions() {
  const Array<Place> coalesced(32), labelled(32), binary(32), tiled(32);
  grouped<<<1, 32>>>(coalesced, labelled, binary, tiled);
  expect_same("coalesced", coalesced, places([](int a, int b) { return a % 3 && b % 3; }));
  expect_same("labelled", labelled,
              places([](int a, int b) { return label_of(a) == label_of(b); }));
  expect_same("binary", binary, places([](int a, int b) { return (a > 11) == (b > 11); }));
  std::vector<Place> expected = places([](int a, int b) { return a / 8 == b / 8; });
  for (Place& place : expected) place.sum = 0;
  expect_same("tiles of a size known late", tiled, expected);
}

struct Pair {
  double first;
  int second;
  bool operator==(const Pair& other) const {
    return first == other.first && second == other.second;
  }
};

struct AddPairs {
  __device__ Pair operator()(const Pair& a, const Pair& b) const {
    return {a.first + b.first, a.second > b.second ? a.second : b.second};
  }
};

template <class T>
struct Results {
  T sum, smallest, all_bits, any_bit, odd_bits;
  bool operator==(const Results& o) const {
    return sum == o.sum && smallest == o.smallest && all_bits == o.all_bits &&
           any_bit == o.any_bit && odd_bits == o.odd_bits;
  }
};

/// Every operator, on types with an instruction of their own and on others.
template <class T>
__device__ Results<T> reduce_all(const cg::thread_block_tile<16>& tile, T value) {
  return {cg::reduce(tile, value, cg::plus<T>()), cg::reduce(tile, value, cg::less<T>()),
          cg::reduce(tile, value, cg::bit_and<T>()), cg::reduce(tile, value, cg::bit_or<T>()),
          cg::reduce(tile, value, cg::bit_xor<T>())};
}

__global__ void operators(Results<unsigned>* narrow, Results<long long>* wide, Pair* pairs,
                          int* atomic_sum, float* scans) {
  const auto tile = cg::tiled_partition<16>(cg::this_thread_block());
  const int i = threadIdx.x;
  narrow[i] = reduce_all<unsigned>(tile, value_of(i) * 77u | 64);
  wide[i] = reduce_all<long long>(tile, (value_of(i) - 5ll) << 33);
  pairs[i] = cg::reduce(tile, Pair{i * 0.5, value_of(i)}, AddPairs());
  cuda::atomic_ref<int, cuda::thread_scope_device> sum(*atomic_sum);
  cg::reduce_update_async(tile, sum, value_of(i), cg::plus<int>());
  scans[i] = cg::inclusive_scan(tile, i * 0.25f, cg::plus<float>());
}

template <class T, class Value>
Results<T> expected_results(int thread, Value value) {
  const int first = thread / 16 * 16;
  Results<T> r{0, value(first), value(first), 0, 0};
  for (int j = first; j < first + 16; ++j) {
    r.sum += value(j);
    r.smallest = std::min(r.smallest, value(j));
    r.all_bits &= value(j);
    r.any_bit |= value(j);
    r.odd_bits ^= value(j);
  }
  return r;
}

void reductions() {
  const Array<Results<unsigned>> narrow(32);
  const Array<Results<long long>> wide(32);
  const Array<Pair> pairs(32);
  const Array<int> atomic_sum(1);
  const Array<float> scans(32);
  operators<<<1, 32>>>(narrow, wide, pairs, atomic_sum, scans);
  std::vector<Results<unsigned>> expected_narrow;
  std::vector<Results<long long>> expected_wide;
  std::vector<Pair> expected_pairs;
  std::vector<float> expected_scans;
  int sum = 0;
  for (int i = 0; i < 32; ++i) {
    expected_narrow.push_back(
        expected_results<unsigned>(i, [](int j) { return value_of(j) * 77u | 64; }));
    expected_wide.push_back(
        expected_results<long long>(i, [](int j) { return (value_of(j) - 5ll) * (1ll << 33); }));
    Pair pair{0, 0};
    for (int j = i / 16 * 16; j < i / 16 * 16 + 16; ++j)
      pair = {pair.first + j * 0.5, std::max(pair.second, value_of(j))};
    expected_pairs.push_back(pair);
    expected_scans.push_back(i % 16 == 0 ? i * 0.25f : expected_scans.back() + i * 0.25f);
    sum += value_of(i);
  }
  expect_same("unsigned int", narrow, expected_narrow);
  expect_same("long long", wide, expected_wide);
  expect_same("a type of the program", pairs, expected_pairs);
  expect_same("inclusive scan", scans, expected_scans);
  expect_same("reduction into an atomic", atomic_sum, {sum});
}

__global__ void staged(const int* from, int* to, int count) {
  constexpr int kStage = 192;
  __shared__ alignas(16) int stages[2][kStage];
  const auto block = cg::this_thread_block();
  const int tiles = (count + kStage - 1) / kStage;
  const auto fetch = [&](int tile) {
    const int length = min(kStage, count - tile * kStage);
    cg::memcpy_async(block, stages[tile % 2], from + tile * kStage, sizeof(int) * length);
  };
  fetch(0);
  for (int tile = 0; tile < tiles; ++tile) {
    if (tile + 1 < tiles) {
      fetch(tile + 1);
      cg::wait_prior<1>(block);
    } else {
      cg::wait(block);
    }
    const int length = min(kStage, count - tile * kStage);
    for (int i = block.thread_rank(); i < length; i += block.num_threads())
      to[tile * kStage + i] = stages[tile % 2][length - 1 - i];
    block.sync();
  }
}

void memcpy_async() {
  constexpr int kCount = 1000;
  std::vector<int> values(kCount), expected(kCount);
  std::iota(values.begin(), values.end(), 5);
  for (int i = 0; i < kCount; ++i) {
    const int start = i / 192 * 192, length = std::min(192, kCount - start);
    expected[i] = values[start + length - 1 - (i - start)];
  }
  const Array<int> from(values), to(kCount);
  staged<<<1, 64>>>(from, to, kCount);
  expect_same("in stages", to, expected);
}

__global__ void once(int* counts) {
  const auto block = cg::this_thread_block();
  const auto tile = cg::tiled_partition<8>(block);
  cg::invoke_one(block, [&] { atomicAdd(counts + 0, 1); });
  cg::invoke_one(tile, [&] { atomicAdd(counts + 1, 1); });
  const int rank =
      cg::invoke_one_broadcast(tile, [&] { return 100 + (int)tile.meta_group_rank(); });
  if (rank == 100 + static_cast<int>(threadIdx.x) / 8) atomicAdd(counts + 2, 1);
}

void invoke_one() {
  const Array<int> counts(3);
  once<<<2, 64>>>(counts);
  expect_same("times", counts, {2, 16, 128});
}

/// Each round every block adds what all blocks had in the round before.
__global__ void rounds(int* values, int* sums, int count) {
  const auto grid = cg::this_grid();
  for (int round = 0; round < count; ++round) {
    if (cg::this_thread_block().thread_rank() == 0) {
      int sum = 0;
      for (unsigned i = 0; i < grid.num_blocks(); ++i) sum += values[i];
      sums[grid.block_rank()] = sum;
    }
    grid.sync();
    if (cg::this_thread_block().thread_rank() == 0)
      values[grid.block_rank()] = sums[grid.block_rank()] % 1000 + grid.block_rank();
    auto token = grid.barrier_arrive();
    grid.barrier_wait(std::move(token));
  }
}

void grid() {
  constexpr int kBlocks = 7, kRounds = 20;
  std::vector<int> expected(kBlocks, 1);
  const Array<int> values(expected), sums(kBlocks);
  for (int round = 0; round < kRounds; ++round) {
    const int sum = std::accumulate(expected.begin(), expected.end(), 0);
    for (int i = 0; i < kBlocks; ++i) expected[i] = sum % 1000 + i;
  }
  int *value = values, *sum = sums, count = kRounds;
  void* parameters[] = {&value, &sum, &count};
  CHECK(cudaLaunchCooperativeKernel(reinterpret_cast<void*>(rounds), kBlocks, 64, parameters));
  expect_same("values", values, expected);
}

}  // namespace

int main(int argc, char** argv) {
  return run_sections(argc, argv,
                      {{"tiles", tiles},
                       {"large_tiles", large_tiles},
                       {"partitions", partitions},
                       {"reductions", reductions},
                       {"memcpy_async", memcpy_async},
                       {"invoke_one", invoke_one},
                       {"grid", grid}});
}
