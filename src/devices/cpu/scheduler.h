#pragma once
// Both engines on one worker: runs the threads of the blocks that the worker takes.
//
// A kernel whose threads never wait runs them one after another on the worker's stack. Otherwise
// each thread, or group of threads, is a fiber, and one that must wait is put into a list of its
// block. Then it returns to a loop that resumes the next runnable one, if the kernel was made for
// that; else it switches straight to the next one's stack. The order of choice is:
// runnable fibers; threads in activemask; fibers that spin. Where all live blocks of the worker
// only spin, it takes one more block: a grid that synchronises across its blocks, cooperative or
// not, goes on. Fibers that only ever wait for all others of their block, or give others a turn,
// are resumed one after another, those of several blocks if they give turns.
//
// Where a block has no fiber to choose it can never go on: that is reported, with who waits where.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cuda_shim/status.h"
#include "devices/cpu/block.h"
#include "devices/cpu/grid.h"
#include "devices/cpu/worker.h"

namespace cuda_shim::devices::cpu {

/// Longest output of one printf of a kernel.
constexpr std::size_t kTextBytes = 64 << 10;

class Scheduler {
 public:
  explicit Scheduler(Worker& worker) : worker_(worker) {}

  /// Runs blocks of `grid` until none is left or the grid has ended. `seat`: %smid. A fault is
  /// given to the grid's instance.
  void run(Grid& grid, std::uint32_t seat);

  // --- For the functions of host_abi.def, on the stack of the running thread.

  /// Whether the running kernel's threads are fibers with stacks, that is, may wait in a call.
  bool has_fibers() const { return has_fibers_; }
  /// Whether they may wait at all.
  bool may_wait() const { return has_fibers_ || resumes_; }
  /// Leaves `self`, which is in a list of `block` or will be put into one, and runs others until
  /// somebody has made it runnable.
  void suspend(Block& block, Fiber* self) {
    Fiber* next = block.runnable.pop();
    if (!next) [[unlikely]]
      next = choose(block);
    if (next == self) return;
    switch_to(self, next);
  }
  /// Lets everybody else run before `self` goes on.
  void yield(cuda_shim_host_thread* thread);
  /// Ends the running thread.
  [[noreturn]] void finish(Fiber* self);
  /// Ends the launch with an error that `sentence` explains.
  [[noreturn]] void fail(StatusCode code, const char* sentence) {
    note_failure({code, sentence});
    give_up();
  }
  /// The same in two steps where the sentence is put together: giving up destroys no objects, so
  /// none may be left by then. False if `status` is no error.
  bool note_failure(Status status);
  [[noreturn]] void give_up();
  /// Says that somebody got on, so that spinning is not idle.
  void note_progress() { idle_rounds_ = 0; }

  Grid& grid() { return *grid_; }
  Worker& worker() { return worker_; }

 private:
  static void fiber_main(void* fiber);

  void run_blocks();
  void run_threads(std::uint64_t index);
  void run_fibers();
  void run_resumed();
  void run_in_rounds(std::uint64_t index);
  bool begin_block(std::uint64_t index);
  Block& take_block_of_rounds();
  enum class Return { kEnd, kWait, kTurn };
  template <class Call>
  Return run_until_return(Fiber& fiber, Call call);
  Status start_block(std::uint64_t index);
  void set_place(Block& block, std::uint64_t index);
  Block* take_slot();
  void retire(Block& block);
  void free_retired();
  Fiber* choose(Block& from);
  Fiber* next_after_end(Fiber* self);
  void idle();
  bool add_block();
  bool take_next(std::uint64_t* index);
  [[noreturn]] void leave();
  void note_deadlock(const Block& block);
  void switch_to(Fiber* self, Fiber* next);
  void abandon_blocks();
  void report_fault();

  Worker& worker_;
  Grid* grid_ = nullptr;
  std::uint32_t seat_ = 0;
  bool has_fibers_ = false;
  bool resumes_ = false;
  bool in_rounds_ = false;
  std::uint32_t idle_rounds_ = 0;                 ///< in which every thread only spun
  std::uint64_t next_block_ = 0, end_block_ = 0;  ///< taken, and not started yet
  std::uint32_t rounds_since_block_ =
      0;  ///< as idle_rounds_, since a thread ended or a block was added
  const cuda_shim_host_thread* current_ = nullptr;  ///< the running thread, for fault reports
  Fiber plain_thread_ = {};  ///< the running thread of a kernel without fibers
  void* main_stack_pointer_ = nullptr;
  std::vector<std::unique_ptr<Block>> slots_;
  std::vector<Block*> free_;
  std::vector<Block*> live_;
  std::uint64_t run_ = 0;     ///< how often run() was called
  FiberList ready_;           ///< of a grid that runs in rounds: who may go on
  Block* retired_ = nullptr;  ///< over, but its last fiber may still be on its stack
  StatusCode failure_code_ = StatusCode::kOk;  ///< of fail()
  std::string failure_;
};

inline Block& block_of(const cuda_shim_host_thread* thread) {
  return *static_cast<Block*>(thread->block->engine);
}
inline Scheduler& scheduler_of(const cuda_shim_host_thread* thread) {
  return *static_cast<Scheduler*>(thread->engine);
}
/// The bits of the thread, or of what of its group belongs to its warp, in that.
inline std::uint32_t lanes_of(const cuda_shim_host_thread& thread) {
  const std::uint32_t lanes = std::min(thread.threads, kWarpSize - thread.lane);
  return static_cast<std::uint32_t>(((std::uint64_t{1} << lanes) - 1) << thread.lane);
}
inline Fiber* fiber_of(cuda_shim_host_thread* thread) {
  return reinterpret_cast<Fiber*>(thread);
}

/// Lowest address that the running thread's stack may grow to.
std::uintptr_t stack_end(const cuda_shim_host_thread* thread);

/// One sentence for each kind of waiting in a block that cannot go on.
std::string describe_waiting(const Block& block);

/// Threads that have arrived at a barrier may go on because `gone`, or all of its group, have
/// exited.
void release_after_exit(Block& block, const cuda_shim_host_thread& gone);
/// Resumes the lanes of a warp whose operation has all of its living members now that one has
/// exited.
void release_warp(Block& block, std::uint32_t warp);
/// Resumes the threads of one warp that wait in the same activemask.
void release_soft(Block& block);

}  // namespace cuda_shim::devices::cpu
