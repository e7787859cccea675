// What headers offer from compute capability 9.0 on: bulk copies behind cuda::barrier, cuda::ptx's
// functions, clusters (of one block), reductions of matching lanes.

#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>

#include <cuda/barrier>
#include <cuda/pipeline>
#include <cuda/ptx>
#include <numeric>
#include <utility>

#include "check.h"

namespace cg = cooperative_groups;
namespace ptx = cuda::ptx;
using namespace toolkit;

namespace {

using Barrier = cuda::barrier<cuda::thread_scope_block>;

constexpr int kThreads = 64, kTile = 256;

/// Tiles come by bulk copies that the barrier counts in bytes, and leave by bulk copies.
__global__ void bulk_tiles(const int* from, int* to, int tiles) {
  __shared__ alignas(128) int in[2][kTile], out[kTile];
  __shared__ Barrier ready[2];
  if (threadIdx.x == 0) {
    init(&ready[0], blockDim.x);
    init(&ready[1], blockDim.x);
    cuda::device::experimental::fence_proxy_async_shared_cta();
  }
  __syncthreads();
  const auto fetch = [&](int tile) {
    Barrier& barrier = ready[tile % 2];
    if (threadIdx.x != 0) return barrier.arrive();
    if (tile % 3 == 0) {  // either spelling
      cuda::memcpy_async(in[tile % 2], from + tile * kTile, cuda::aligned_size_t<16>(sizeof in[0]),
                         barrier);
      return barrier.arrive();
    }
    cuda::device::memcpy_async_tx(in[tile % 2], from + tile * kTile,
                                  cuda::aligned_size_t<16>(sizeof in[0]), barrier);
    return cuda::device::barrier_arrive_tx(barrier, 1, sizeof in[0]);
  };
  Barrier::arrival_token token = fetch(0);
  for (int tile = 0; tile < tiles; ++tile) {
    Barrier& barrier = ready[tile % 2];
    barrier.wait(std::move(token));
    if (tile + 1 < tiles) token = fetch(tile + 1);
    for (int i = threadIdx.x; i < kTile; i += blockDim.x) out[i] = in[tile % 2][kTile - 1 - i] * 2;
    ptx::fence_proxy_async(ptx::space_shared);
    __syncthreads();
    if (threadIdx.x == 0) {
      ptx::cp_async_bulk(ptx::space_global, ptx::space_shared, to + tile * kTile, out, sizeof out);
      ptx::cp_async_bulk_commit_group();
      ptx::cp_async_bulk_wait_group_read(ptx::n32_t<0>());
    }
    __syncthreads();
  }
  if (threadIdx.x == 0) ptx::cp_async_bulk_wait_group(ptx::n32_t<0>());
}

void bulk_copies() {
  constexpr int kTiles = 7;
  std::vector<int> values(kTiles * kTile), expected(values.size());
  std::iota(values.begin(), values.end(), 1);
  for (int i = 0; i < kTiles * kTile; ++i)
    expected[i] = 2 * values[i / kTile * kTile + kTile - 1 - i % kTile];
  const Array<int> from(values), to(values.size());
  bulk_tiles<<<1, kThreads>>>(from, to, kTiles);
  expect_same("tiles", to, expected);
}

/// The barrier as the instructions see it.
__global__ void raw_barrier(int* results, const int* from) {
  __shared__ std::uint64_t barrier;
  __shared__ alignas(16) int tile[32];
  const int i = threadIdx.x;
  if (i == 0) {
    ptx::mbarrier_init(&barrier, 32);
    ptx::fence_mbarrier_init(ptx::sem_release, ptx::scope_cluster);
  }
  __syncwarp();
  std::uint64_t state;
  if (i == 5) {
    state = ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared,
                                           &barrier, sizeof tile);
    ptx::cp_async_bulk(ptx::space_cluster, ptx::space_global, tile, from, sizeof tile, &barrier);
  } else {
    state = ptx::mbarrier_arrive(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &barrier);
  }
  while (!ptx::mbarrier_try_wait(ptx::sem_acquire, ptx::scope_cta, &barrier, state)) {
  }
  results[i] = tile[i] + ptx::mbarrier_test_wait_parity(&barrier, 0) * 1000;
  __syncwarp();
  if (i < 16) {
    ptx::mbarrier_arrive(&barrier, 2);
    while (!ptx::mbarrier_try_wait_parity(&barrier, 1, 20)) {
    }
    results[i] += 10000;
  }
}

/// A reduction in memory by a bulk copy, and an asynchronous store to the own block.
__global__ void reductions_in_memory(int* sums, unsigned* stored) {
  __shared__ alignas(16) int mine[32];
  __shared__ alignas(8) unsigned cells[32];
  __shared__ std::uint64_t barrier;
  const int i = threadIdx.x;
  mine[i] = i * (blockIdx.x + 1);
  cells[i] = 100;
  if (i == 0) ptx::mbarrier_init(&barrier, 1);
  ptx::fence_proxy_async();
  __syncwarp();
  if (i == 0) {
    ptx::cp_reduce_async_bulk(ptx::space_global, ptx::space_shared, ptx::op_add, sums, mine,
                              sizeof mine);
    ptx::cp_async_bulk_commit_group();
    ptx::cp_async_bulk_wait_group(ptx::n32_t<0>());
    ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &barrier,
                                   16 * 4 + 16 * 4);
  }
  __syncwarp();
  if (i < 16)
    ptx::st_async(&cells[i], i * 3u, &barrier);
  else
    ptx::red_async(ptx::op_add, &cells[i], static_cast<std::uint32_t>(i), &barrier);
  while (!ptx::mbarrier_try_wait_parity(ptx::sem_acquire, ptx::scope_cluster, &barrier, 0)) {
  }
  stored[i] = cells[i];
}

void instructions() {
  std::vector<int> values(32), expected(32), sums(32);
  std::vector<unsigned> cells(32);
  for (int i = 0; i < 32; ++i) {
    values[i] = i * 7;
    expected[i] = i * 7 + 1000 + (i < 16 ? 10000 : 0);
    sums[i] = i * (1 + 2 + 3);
    cells[i] = i < 16 ? i * 3 : 100 + i;
  }
  const Array<int> from(values), results(32), reduced(32);
  const Array<unsigned> stored(32);
  raw_barrier<<<1, 32>>>(results, from);
  expect_same("barrier", results, expected);
  reductions_in_memory<<<3, 32>>>(reduced, stored);
  expect_same("reduced in memory", reduced, sums);
  expect_same("stored asynchronously", stored, cells);
}

struct Registers {
  unsigned lane, warp, x, threads, rank, blocks, lower, shared, clock_runs, timer_runs;
};

__global__ void registers(Registers* seen, int* leaders) {
  const unsigned clock = ptx::get_sreg_clock();
  const unsigned long long timer = ptx::get_sreg_globaltimer();
  Registers& r = seen[threadIdx.x];
  r.lane = ptx::get_sreg_laneid();
  r.warp = ptx::get_sreg_warpid();
  r.x = ptx::get_sreg_tid_x();
  r.threads = ptx::get_sreg_ntid_x();
  r.rank = ptx::get_sreg_cluster_ctarank();
  r.blocks = ptx::get_sreg_cluster_nctarank();
  r.lower = ptx::get_sreg_lanemask_lt();
  r.shared = ptx::get_sreg_total_smem_size();
  r.clock_runs = ptx::get_sreg_clock() != clock;
  r.timer_runs = ptx::get_sreg_globaltimer() >= timer;
  ptx::fence(ptx::sem_sc, ptx::scope_gpu);
  ptx::fence(ptx::sem_acq_rel, ptx::scope_cluster);
  cg::invoke_one(cg::coalesced_threads(), [&] { atomicAdd(leaders, 1); });
}

void special_registers() {
  const Array<Registers> seen(kThreads);
  const Array<int> leaders(1);
  registers<<<1, kThreads>>>(seen, leaders);
  const std::vector<Registers> got = seen.host();
  for (unsigned i = 0; i < kThreads; ++i) {
    const Registers& r = got[i];
    expect(r.lane == i % 32 && r.warp == i / 32 && r.x == i && r.threads == kThreads, "places");
    expect(r.rank == 0 && r.blocks == 1, "a cluster of one block");
    expect(r.lower == (1u << i % 32) - 1, "mask of the lower lanes");
    expect(r.clock_runs && r.timer_runs, "clocks");
  }
  expect_same("one leader for each warp", leaders, {kThreads / 32});
}

/// Blocks of a cluster read each other's shared memory; the last block of each cluster sums up.
__global__ void clustered(int* sums, unsigned* ranks) {
  __shared__ int own[kThreads];
  const auto cluster = cg::this_cluster();
  own[threadIdx.x] = blockIdx.x * 100 + threadIdx.x;
  cluster.sync();
  int sum = 0;
  for (unsigned block = 0; block < cluster.num_blocks(); ++block)
    sum += *cluster.map_shared_rank(&own[kThreads - 1 - threadIdx.x], block);
  sums[blockIdx.x * kThreads + threadIdx.x] = sum;
  auto token = cluster.barrier_arrive();
  if (threadIdx.x == 0)
    ranks[blockIdx.x] = cluster.block_rank() * 100 + cluster.query_shared_rank(own) * 10 +
                        ptx::getctarank(ptx::space_cluster, own);
  cluster.barrier_wait(std::move(token));
}

void clusters() {
  constexpr int kBlocks = 4;
  const Array<int> sums(kBlocks * kThreads);
  const Array<unsigned> ranks(kBlocks);
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim = {1, 1, 1};
  cudaLaunchConfig_t config{};
  config.gridDim = kBlocks;
  config.blockDim = kThreads;
  config.attrs = &attribute;
  config.numAttrs = 1;
  CHECK(cudaLaunchKernelEx(&config, clustered, (int*)sums, (unsigned*)ranks));
  std::vector<int> expected(kBlocks * kThreads);
  for (int i = 0; i < kBlocks * kThreads; ++i)
    expected[i] = i / kThreads * 100 + kThreads - 1 - i % kThreads;
  expect_same("sums", sums, expected);
  expect_same("ranks", ranks, std::vector<unsigned>(kBlocks, 0));
}

__global__ void warps(unsigned* sums, int* smallest, unsigned long long* matched) {
  const auto warp = cg::tiled_partition<32>(cg::this_thread_block());
  const auto even = cg::binary_partition(warp, threadIdx.x % 2 == 0);
  sums[threadIdx.x] = cg::reduce(even, threadIdx.x, cg::plus<unsigned>());
  smallest[threadIdx.x] = __reduce_min_sync(~0u, 50 - static_cast<int>(threadIdx.x * 3));
  int all = 0;
  matched[threadIdx.x] = __match_any_sync(~0u, threadIdx.x / 5ull) |
                         static_cast<unsigned long long>(__match_all_sync(~0u, 9, &all)) << 32;
}

void warp_instructions() {
  const Array<unsigned> sums(32);
  const Array<int> smallest(32);
  const Array<unsigned long long> matched(32);
  warps<<<1, 32>>>(sums, smallest, matched);
  std::vector<unsigned> expected_sums(32);
  std::vector<unsigned long long> expected(32, 0xffffffffull << 32);
  for (int i = 0; i < 32; ++i) {
    expected_sums[i] = i % 2 ? 256 : 240;
    for (int j = 0; j < 32; ++j) expected[i] |= static_cast<unsigned>(j / 5 == i / 5) << j;
  }
  expect_same("sums", sums, expected_sums);
  expect_same("smallest", smallest, std::vector<int>(32, 50 - 93));
  expect_same("matched", matched, expected);
}

}  // namespace

int main(int argc, char** argv) {
  return run_sections(argc, argv,
                      {{"bulk_copies", bulk_copies},
                       {"instructions", instructions},
                       {"special_registers", special_registers},
                       {"clusters", clusters},
                       {"warp_instructions", warp_instructions}});
}
