#include "devices/cpu/launch.h"

#include <time.h>

#include <algorithm>
#include <memory>

#include "devices/cpu/grid.h"
#include "devices/cpu/scheduler.h"
#include "devices/cpu/thread_pool.h"

namespace cuda_shim::devices::cpu {
namespace {

// Waking a sleeping worker takes longer than this much work does.
constexpr std::uint64_t kWorthSharing = 5'000;  // ns
// A worker takes about this much work at a time, so that the shared counter is touched rarely.
constexpr std::uint64_t kChunkNanoseconds = 20'000;
// Chunks of a grid that is dealt out, for each worker.
constexpr std::uint64_t kChunksOfWorker = 8;
// A row of the grid, in threads, whose blocks all run abreast; and, of a longer one, how many do.
constexpr std::uint64_t kShortRow = 1024;
constexpr std::uint32_t kThreadsAbreast = 64;
// Beyond what the translator says a thread needs: calls into this library, and a signal's frame
// before its stack is switched.
constexpr std::size_t kStackReserve = 16 << 10;

std::uint64_t now_nanoseconds() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint64_t block_count(const cuda_shim_launch_config& config) {
  return std::uint64_t{config.grid.x} * config.grid.y * config.grid.z;
}

std::uint64_t strip_count(const cuda_shim_dim3& grid, std::uint32_t abreast) {
  return std::uint64_t{strips_of_row(grid, abreast)} * grid.y * grid.z;
}

// Whole rows of the grid where such a row of threads is short, so that what lies in memory between
// two rows of a block is read soon; else as many blocks as fill some cache lines.
std::uint32_t blocks_abreast(const cuda_shim_launch_config& config, std::uint32_t traits,
                             std::uint32_t workers) {
  if (!(traits & CUDA_SHIM_KERNEL_BLOCKS_ABREAST)) return 1;
  const std::uint64_t row = std::uint64_t{config.grid.x} * config.block.x;
  const std::uint32_t abreast =
      row <= kShortRow ? config.grid.x : std::max(1u, kThreadsAbreast / config.block.x);
  return strip_count(config.grid, abreast) < workers * kChunksOfWorker ? 1 : abreast;
}

// How many threads the grid is worth, and how many strips each takes at a time, from how long its
// blocks took before.
std::uint32_t plan(Grid& grid, std::uint32_t workers) {
  const std::uint64_t block_cost = grid.kernel->block_nanoseconds.load(std::memory_order_relaxed);
  const std::uint64_t grid_cost = block_cost * grid.blocks, cost = grid_cost / grid.strips;
  std::uint64_t useful = std::min<std::uint64_t>(grid.strips, workers);
  if (cost != 0 && grid_cost < kWorthSharing && !grid.cooperative) useful = 1;
  std::uint64_t even = grid.strips / (useful * kChunksOfWorker);
  if (grid.cooperative) {
    // Everybody's share at once: a block that is not alive cannot be waited for.
    grid.chunk = (grid.strips + useful - 1) / useful;
  } else if (grid.kernel->info.traits & CUDA_SHIM_KERNEL_WAITS) {
    // Blocks that wait for those before them run side by side, not one worker's share after
    // another's.
    grid.chunk = 1;
  } else {
    grid.chunk = std::clamp<std::uint64_t>(cost ? kChunkNanoseconds / cost : 1, 1,
                                           std::max<std::uint64_t>(even, 1));
  }
  return static_cast<std::uint32_t>(useful);
}

// Blocks that may wait for those before them are taken in order by all workers, as are few ones.
std::uint32_t count_shares(const Grid& grid, std::uint32_t workers) {
  const bool in_order =
      grid.cooperative || (grid.kernel->info.traits & CUDA_SHIM_KERNEL_WAITS) != 0;
  const bool few = grid.strips < workers * kChunksOfWorker;
  return in_order || few ? 1 : workers;
}

/// A grid's runs of strips; small grids have one, which costs nothing to make.
class Shares {
 public:
  Shares(Grid& grid, std::uint32_t workers) {
    grid.share_count = count_shares(grid, workers);
    if (grid.share_count > 1) more_ = std::make_unique<Share[]>(grid.share_count);
    grid.shares = more_ ? more_.get() : &one_;
    for (std::uint32_t i = 0; i < grid.share_count; ++i) {
      grid.shares[i].next.store(grid.strips * i / grid.share_count, std::memory_order_relaxed);
      grid.shares[i].end = grid.strips * (i + 1) / grid.share_count;
    }
  }

 private:
  Share one_;
  std::unique_ptr<Share[]> more_;
};

// A running mean; concurrent launches may lose a sample.
void learn_cost(Grid& grid, std::uint64_t nanoseconds, std::uint32_t workers) {
  std::uint64_t sample = nanoseconds * workers / grid.blocks;
  std::uint64_t known = grid.kernel->block_nanoseconds.load(std::memory_order_relaxed);
  std::uint64_t mean = known ? (3 * known + sample) / 4 : sample;
  grid.kernel->block_nanoseconds.store(
      static_cast<std::uint32_t>(std::clamp<std::uint64_t>(mean, 1, UINT32_MAX)),
      std::memory_order_relaxed);
}

/// Kernels may store past the caches (kernels/simd/streaming.h): what a worker has stored so must
/// be visible before anybody learns that it is done.
void end_streams() {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#endif
}

/// Another worker may have loaded the kernel over code that this one has run: what its processor
/// has fetched ahead must be forgotten. x86 sees to that by itself.
void begin_code() {
#if defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

void run_part(void* grid, Worker& worker, std::uint32_t seat) {
  begin_code();
  worker.scheduler->run(*static_cast<Grid*>(grid), seat);
  end_streams();
}

}  // namespace

void run_launch(Instance& instance, const Command::Launch& launch, Worker& worker) {
  KernelCode& kernel = *launch.executable;
  std::size_t stack =
      std::max<std::size_t>(instance.stack_limit, kernel.info.local_bytes) + kStackReserve;
  ThreadPool& pool = ThreadPool::get();
  const std::uint64_t blocks = block_count(launch.config);
  if (blocks == 0) return;
  const std::uint32_t abreast = blocks_abreast(launch.config, kernel.info.traits, pool.size());
  Grid grid = {.kernel = &kernel,
               .instance = &instance,
               .config = &launch.config,
               .parameters = launch.parameters,
               .module_memory = reinterpret_cast<unsigned char*>(launch.module_memory),
               .stack_bytes = stack,
               .blocks = blocks,
               .abreast = abreast,
               .strips = strip_count(launch.config.grid, abreast),
               .chunk = 1,
               .workers = pool.size(),
               .cooperative = (launch.config.flags & CUDA_SHIM_LAUNCH_COOPERATIVE) != 0};
  std::uint32_t workers = plan(grid, pool.size());
  const Shares shares(grid, workers);
  std::uint64_t start = now_nanoseconds();
  if (workers == 1) {
    run_part(&grid, worker, 0);
  } else {
    SharedJob job = {.run = run_part, .context = &grid};
    pool.share(job, workers - 1, worker);
  }
  const std::uint64_t nanoseconds = now_nanoseconds() - start;
  learn_cost(grid, nanoseconds, workers);
  if (!kernel.counts) return;
  kernel.launches.fetch_add(1, std::memory_order_relaxed);
  kernel.nanoseconds.fetch_add(nanoseconds, std::memory_order_relaxed);
}

}  // namespace cuda_shim::devices::cpu
