// The 16 barriers of a block: bar/barrier.sync, .arrive, .red (PTX manual, "Parallel
// synchronization and communication instructions").

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "devices/cpu/scheduler.h"

namespace cuda_shim::devices::cpu {
namespace {

std::uint32_t reduced(const Barrier& barrier) {
  switch (barrier.operation) {
    case CUDA_SHIM_REDUCE_AND:
      return barrier.true_predicates == barrier.predicates;
    case CUDA_SHIM_REDUCE_OR:
      return barrier.true_predicates != 0;
    default:
      return barrier.true_predicates;
  }
}

// Opens the barrier: who waited may run, and it is as new.
std::uint32_t open_barrier(Block& block, std::uint32_t id) {
  Barrier& barrier = block.barriers[id];
  std::uint32_t result = 0;
  if (barrier.reduces) {
    result = reduced(barrier);
    for (Fiber* fiber = barrier.waiting.head; fiber; fiber = fiber->next) fiber->result = result;
    barrier.reduces = false;
    barrier.true_predicates = barrier.predicates = 0;
  }
  if (barrier.count != 0) std::ranges::fill(barrier.lanes, 0u);
  block.runnable.append(barrier.waiting);
  barrier.arrived = 0;
  block.active_barriers &= ~(1u << id);
  return result;
}

// Adds what the exited and missing lanes of a warp count for, once all living ones have arrived.
void count_whole_warp(Block& block, Barrier& barrier, std::uint32_t warp) {
  std::uint32_t alive = block.warps[warp].alive;
  if (barrier.lanes[warp] == 0 || (barrier.lanes[warp] & alive) != alive) return;
  barrier.arrived += kWarpSize - std::popcount(barrier.lanes[warp]);
  barrier.lanes[warp] = 0;
}

bool is_complete(const Block& block, const Barrier& barrier) {
  if (barrier.count == 0) return barrier.arrived >= block.alive;
  return barrier.arrived >= barrier.count;
}

[[noreturn]] void refuse(cuda_shim_host_thread* thread, std::uint32_t id, std::uint32_t count) {
  Scheduler& scheduler = scheduler_of(thread);
  scheduler.note_failure(
      {StatusCode::kIllegalInstruction,
       fmt::format("Barrier {} for {} threads: there are barriers 0 to 15, and a count is a "
                   "multiple of 32.",
                   id, count)});
  scheduler.give_up();
}

// Counts the thread in; true if that opens the barrier.
inline bool arrive(cuda_shim_host_thread* thread, std::uint32_t id, std::uint32_t count) {
  if (id >= kBarriers || count % kWarpSize != 0) refuse(thread, id, count);
  Scheduler& scheduler = scheduler_of(thread);
  if (!scheduler.may_wait())
    scheduler.fail(
        StatusCode::kLaunchFailed,
        "The kernel waits at a barrier but was translated as one whose threads never wait.");
  scheduler.note_progress();
  Block& block = block_of(thread);
  Barrier& barrier = block.barriers[id];
  if (barrier.arrived == 0) {
    barrier.count = count;
    block.active_barriers |= 1u << id;
  }
  barrier.arrived += thread->threads;
  if (barrier.count != 0) [[unlikely]] {
    barrier.lanes[thread->warp] |= lanes_of(*thread);
    count_whole_warp(block, barrier, thread->warp);
  }
  return is_complete(block, barrier);
}

}  // namespace

void release_after_exit(Block& block, const cuda_shim_host_thread& gone) {
  const std::uint32_t warp_index = gone.warp;
  Warp& warp = block.warps[warp_index];
  warp.alive &= ~lanes_of(gone);
  // A group of several warps: none of them counts its warps or meets in them.
  for (std::uint32_t i = kWarpSize; i < gone.threads; i += kWarpSize)
    block.warps[warp_index + i / kWarpSize].alive = 0;
  for (std::uint32_t left = block.active_barriers; left; left &= left - 1) {
    std::uint32_t id = static_cast<std::uint32_t>(std::countr_zero(left));
    Barrier& barrier = block.barriers[id];
    if (barrier.count != 0) count_whole_warp(block, barrier, warp_index);
    if (is_complete(block, barrier)) open_barrier(block, id);
  }
  if (warp.waiting) release_warp(block, warp_index);
}

}  // namespace cuda_shim::devices::cpu

using namespace cuda_shim::devices::cpu;

extern "C" {

bool cuda_shim_host_await_barrier(cuda_shim_host_thread* thread, uint32_t id, uint32_t count) {
  Block& block = block_of(thread);
  if (arrive(thread, id, count)) {
    open_barrier(block, id);
    return false;
  }
  block.barriers[id].waiting.push(fiber_of(thread));
  return true;
}

void cuda_shim_host_barrier_sync(cuda_shim_host_thread* thread, uint32_t id, uint32_t count) {
  if (cuda_shim_host_await_barrier(thread, id, count))
    scheduler_of(thread).suspend(block_of(thread), fiber_of(thread));
}

void cuda_shim_host_barrier_arrive(cuda_shim_host_thread* thread, uint32_t id, uint32_t count) {
  if (arrive(thread, id, count)) open_barrier(block_of(thread), id);
}

bool cuda_shim_host_await_reduction(cuda_shim_host_thread* thread, uint32_t operation, uint32_t id,
                                    uint32_t count, uint32_t agreeing, uint32_t present) {
  Block& block = block_of(thread);
  bool complete = arrive(thread, id, count);
  Barrier& barrier = block.barriers[id];
  barrier.reduces = true;
  barrier.operation = operation;
  barrier.predicates += present;
  barrier.true_predicates += agreeing;
  if (complete)
    fiber_of(thread)->result = open_barrier(block, id);
  else
    barrier.waiting.push(fiber_of(thread));
  return !complete;
}

uint32_t cuda_shim_host_awaited_reduction(cuda_shim_host_thread* thread) {
  return fiber_of(thread)->result;
}

uint32_t cuda_shim_host_barrier_reduce_group(cuda_shim_host_thread* thread, uint32_t operation,
                                             uint32_t id, uint32_t count, uint32_t agreeing,
                                             uint32_t present) {
  if (cuda_shim_host_await_reduction(thread, operation, id, count, agreeing, present))
    scheduler_of(thread).suspend(block_of(thread), fiber_of(thread));
  return cuda_shim_host_awaited_reduction(thread);
}

uint32_t cuda_shim_host_barrier_reduce(cuda_shim_host_thread* thread, uint32_t operation,
                                       uint32_t id, uint32_t count, uint32_t predicate) {
  return cuda_shim_host_barrier_reduce_group(thread, operation, id, count, predicate != 0, 1);
}
}
