#pragma once
// The state of one live block: its threads, where each of them waits, its
// shared memory.

#include <cstdint>
#include <memory>

#include "cuda_shim/host_abi.h"
#include "cuda_shim/status.h"
#include "devices/cpu/fiber.h"
#include "devices/cpu/groups.h"
#include "devices/cpu/mapping.h"

namespace cuda_shim::devices::cpu {

constexpr std::uint32_t kWarpSize = CUDA_SHIM_WARP_SIZE;
constexpr std::uint32_t kBarriers = 16;
constexpr std::uint32_t kMaxThreads = 1024;
constexpr std::uint32_t kMaxWarps = kMaxThreads / kWarpSize;

/// One of the 16 barriers of a block.
///
/// With count 0 it opens when every thread that has not exited has arrived. With a count, hardware
/// counts whole warps: once all living lanes of a warp have arrived, its exited and missing lanes
/// count too (`lanes` remembers who has).
struct Barrier {
  FiberList waiting;
  std::uint32_t arrived = 0;
  std::uint32_t count = 0;  ///< asked for by the first to arrive; 0: all
  std::uint32_t true_predicates = 0;
  std::uint32_t predicates = 0;
  std::uint32_t operation = 0;  ///< CUDA_SHIM_REDUCE_*
  bool reduces = false;
  std::uint32_t lanes[kMaxWarps] = {};
};

enum class WarpOperation : std::uint8_t {
  kSync,
  kShuffle,
  kVote,
  kMatch,
  kRedux,
  kElect,
  kExchange
};

/// What a lane brings to an operation of its warp, and what it gets.
struct LanePost {
  std::uint32_t members;
  WarpOperation operation;
  std::uint8_t mode;
  std::uint32_t b, c;
  std::uint64_t value;
  std::uint64_t result;
};

struct Warp {
  std::uint32_t alive = 0;    ///< lanes that have not exited
  std::uint32_t waiting = 0;  ///< lanes that wait in a warp operation
  LanePost posts[kWarpSize];
};

/// A live block. Reused from block to block: stacks, frames and window stay mapped.
struct Block {
  cuda_shim_host_block abi = {};
  FiberList runnable;
  FiberList soft;         ///< in activemask: resumed together once nobody else of the block can run
  FiberList held;         ///< of a kernel that runs in rounds: at its barrier
  FiberList yielded;      ///< spinning: resumed after everybody else
  std::uint64_t run = 0;  ///< of the scheduler, for whose kernel its fibers are set up
  std::uint32_t threads = 0;  ///< of the block, however many fibers run them
  std::uint32_t alive = 0;
  std::uint32_t active_barriers = 0;  ///< bit per barrier that somebody has arrived at
  Barrier barriers[kBarriers];
  Warp warps[kMaxWarps];
  std::unique_ptr<Fiber[]>
      fibers;  ///< kMaxThreads of them; null until the first kernel with fibers
  Mapping window;
  Mapping stacks;
  std::size_t stack_stride = 0;  ///< bytes from one stack's end to the next, guard included
  Mapping frames;                ///< of fibers that are resumed

  /// Gets the block ready for `bytes` of shared memory.
  Status reserve_shared(std::size_t bytes);
  /// The same for `count` stacks, or frames, of `bytes` each.
  Status reserve_stacks(std::uint32_t count, std::size_t bytes);
  Status reserve_frames(std::uint32_t count, std::size_t bytes);
  /// Makes every thread, or every group of threads, runnable from its start as a fiber with a
  /// stack. `entry` is called with the fiber.
  void start(Groups groups, void (*entry)(void*), void* engine);
  /// The same for fibers with frames of `frame_bytes`, the first words of which are null: they have
  /// not been called yet.
  void start(Groups groups, std::size_t frame_bytes, void* engine);
  /// Forgets all threads, wherever they wait.
  void abandon();
  void reset_barriers();
  /// Whether `address` lies in the guard below a stack.
  bool in_stack_guard(std::uintptr_t address) const;
  /// Lowest address of a fiber's stack, above its guard.
  std::uintptr_t stack_end(const Fiber* fiber) const {
    auto index = static_cast<std::size_t>(fiber - fibers.get());
    return reinterpret_cast<std::uintptr_t>(stacks.data()) + index * stack_stride + page_bytes();
  }

 private:
  void add(std::uint32_t count);
};

}  // namespace cuda_shim::devices::cpu
