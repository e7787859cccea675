#include "api/objects/occupancy.h"

#include <algorithm>

#include "api/objects/context.h"
#include "api/objects/module.h"

namespace cuda_shim::objects {
namespace {

const cuda_shim_device_properties& properties_of(const Function& function) {
  return function.module().context().device().properties();
}

constexpr unsigned kRegistersPerWarpUnit =
    256;                               // hardware gives registers to warps in units of this many
constexpr unsigned kSharedUnit = 128;  // and shared memory to blocks in units of this many bytes

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

unsigned resident_blocks(const Function& function, unsigned block_threads,
                         std::size_t dynamic_shared) {
  const cuda_shim_device_properties& p = properties_of(function);
  if (block_threads == 0 || block_threads > function.max_threads_per_block()) return 0;
  if (dynamic_shared > function.max_dynamic_shared()) return 0;
  std::uint64_t warps = (block_threads + p.warp_size - 1) / p.warp_size;
  std::uint64_t blocks = p.max_threads_per_multiprocessor / (warps * p.warp_size);
  blocks = std::min<std::uint64_t>(blocks, p.max_blocks_per_multiprocessor);
  std::uint64_t shared =
      round_up(function.info().static_shared_bytes + dynamic_shared, kSharedUnit);
  if (shared != 0) blocks = std::min(blocks, p.shared_per_multiprocessor / shared);
  std::uint64_t registers =
      round_up(std::uint64_t(function.info().registers) * p.warp_size, kRegistersPerWarpUnit) *
      warps;
  // The CPU has no register file to run out of: a kernel always fits once, so that a legal block
  // can be launched.
  if (registers != 0)
    blocks = std::min(blocks, std::max<std::uint64_t>(1, p.registers_per_block / registers));
  return static_cast<unsigned>(blocks);
}

BlockSize best_block_size(const Function& function, CUoccupancyB2DSize shared_of,
                          std::size_t dynamic_shared, int limit) {
  const cuda_shim_device_properties& p = properties_of(function);
  unsigned largest = function.max_threads_per_block();
  if (limit > 0) largest = std::min(largest, static_cast<unsigned>(limit));
  BlockSize best = {0, 0};
  unsigned most = 0;
  // From the largest multiple of a warp down: of equals, the largest block wins.
  unsigned step = p.warp_size;
  for (unsigned threads = static_cast<unsigned>(round_up(largest, step)); threads >= step;
       threads -= step) {
    unsigned block = std::min(threads, largest);
    std::size_t shared = shared_of ? shared_of(static_cast<int>(block)) : dynamic_shared;
    unsigned blocks = resident_blocks(function, block, shared);
    if (blocks * block <= most) continue;
    most = blocks * block;
    best = {static_cast<int>(blocks * p.multiprocessors), static_cast<int>(block)};
    if (most == p.max_threads_per_multiprocessor) break;
  }
  return best;
}

std::size_t available_dynamic_shared(const Function& function, int blocks, int block_threads) {
  const cuda_shim_device_properties& p = properties_of(function);
  if (blocks <= 0 || block_threads <= 0) return 0;
  std::size_t each =
      p.shared_per_multiprocessor / static_cast<unsigned>(blocks) / kSharedUnit * kSharedUnit;
  std::size_t used = function.info().static_shared_bytes;
  std::size_t left = each > used ? each - used : 0;
  return std::min<std::size_t>(left, function.max_dynamic_shared());
}

}  // namespace cuda_shim::objects
