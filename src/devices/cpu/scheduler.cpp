#include "devices/cpu/scheduler.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "devices/cpu/instance.h"
#include "devices/cpu/pause.h"

namespace cuda_shim::devices::cpu {
namespace {

// Rounds of nothing but spinning before the worker takes one more block of a grid that is not
// cooperative: soon for as many as are resident on a multiprocessor, since a program that makes its
// own barrier across the grid relies on those, late beyond them.
constexpr std::uint32_t kResidentBlocks = 24;
constexpr std::uint32_t kRoundsBeforeBlock = 32;
constexpr std::uint32_t kRoundsBeforeMoreBlocks = 1024;
// Rounds before it gives up its time slice, and before it sleeps.
constexpr std::uint32_t kRoundsBeforeYield = 64;
constexpr std::uint32_t kRoundsBeforeSleep = 4096;
// Blocks that give each other turns: they read pages of memory together, and what they keep fits
// into a near cache.
constexpr unsigned kBlocksSideBySide = 16;

std::size_t shared_bytes(const Grid& grid) {
  return std::size_t{grid.kernel->info.static_shared_bytes} + grid.config->dynamic_shared_bytes;
}

}  // namespace

void Scheduler::run(Grid& grid, std::uint32_t seat) {
  grid_ = &grid;
  seat_ = seat;
  has_fibers_ = grid.kernel->info.traits & CUDA_SHIM_KERNEL_NEEDS_FIBERS;
  resumes_ = grid.kernel->info.traits & CUDA_SHIM_KERNEL_RESUMES;
  in_rounds_ = grid.kernel->info.traits & CUDA_SHIM_KERNEL_RUNS_IN_ROUNDS;
  ready_ = {};
  ++run_;
  idle_rounds_ = rounds_since_block_ = 0;
  next_block_ = end_block_ = 0;
  current_ = nullptr;
  auto work = [](void* self) { static_cast<Scheduler*>(self)->run_blocks(); };
  if (!run_guarded(worker_, work, this)) {
    grid.ended.store(true, std::memory_order_release);
    report_fault();
    abandon_blocks();
  }
  grid_ = nullptr;
}

void Scheduler::run_blocks() {
  Grid& grid = *grid_;
  for (std::uint64_t index = 0; take_next(&index);) {
    // Blocks that were started and have not run yet must not meet the next grid.
    if (grid.ended.load(std::memory_order_relaxed)) leave();
    if (in_rounds_ || !may_wait()) {
      in_rounds_ ? run_in_rounds(index) : run_threads(index);
      continue;
    }
    if (note_failure(start_block(index))) give_up();
    // Blocks of a cooperative grid live together; others one after another.
    if (grid.cooperative && next_block_ != end_block_) continue;
    resumes_ ? run_resumed() : run_fibers();
  }
}

void Scheduler::run_threads(std::uint64_t index) {
  Block& block = *take_slot();
  if (note_failure(block.reserve_shared(shared_bytes(*grid_)))) give_up();
  set_place(block, index);
  cuda_shim_host_kernel entry = grid_->kernel->entry;
  // A member, not a local: a fault is reported after this frame has been abandoned.
  cuda_shim_host_thread& thread = plain_thread_.thread;
  thread = {};
  thread.block = &block.abi;
  thread.engine = this;
  current_ = &thread;
  for (Groups groups(block.abi.ntid, grid_->kernel->info); groups.next(thread);) entry(&thread);
  current_ = nullptr;
  free_.push_back(&block);
}

Block& Scheduler::take_block_of_rounds() {
  Block& block = *take_slot();
  if (block.run == run_) return block;
  const Groups groups(grid_->config->block, grid_->kernel->info);
  const std::size_t frame = grid_->kernel->info.frame_bytes;
  if (note_failure(block.reserve_shared(shared_bytes(*grid_)))) give_up();
  if (note_failure(block.reserve_frames(groups.count(), frame))) give_up();
  block.start(groups, frame, this);
  block.held = {};  // a fault may have left some
  block.run = run_;
  return block;
}

// Runs the fiber until it returns, and notes who may go on then.
template <class Call>
Scheduler::Return Scheduler::run_until_return(Fiber& fiber, Call call) {
  Block& block = block_of(&fiber.thread);
  cuda_shim_host_block& abi = block.abi;
  const std::uint32_t passed = abi.passed, waiting = abi.waiting;
  current_ = &fiber.thread;
  call();
  if (abi.passed != passed) ready_.append(block.held);
  if (!*static_cast<const cuda_shim_host_resume*>(fiber.thread.frame)) {
    if (--abi.calls == abi.waiting) {
      abi.waiting = 0;
      ready_.append(block.held);
    }
    return Return::kEnd;
  }
  const bool waits = abi.waiting == (abi.passed != passed ? 1 : waiting + 1);
  (waits ? block.held : ready_).push(&fiber);
  return waits ? Return::kWait : Return::kTurn;
}

// True if a fiber gave others a turn, so that blocks had better run side by side.
bool Scheduler::begin_block(std::uint64_t index) {
  Block& block = take_block_of_rounds();
  set_place(block, index);
  const std::uint32_t count = Groups(grid_->config->block, grid_->kernel->info).count();
  const cuda_shim_host_kernel entry = grid_->kernel->entry;
  block.abi.calls = count;
  block.abi.waiting = 0;
  bool gave_turn = false;
  for (std::uint32_t i = 0; i < count; ++i) {
    Fiber& fiber = block.fibers[i];
    gave_turn |= run_until_return(fiber, [&] { entry(&fiber.thread); }) == Return::kTurn;
  }
  if (block.abi.calls == 0) free_.push_back(&block);
  return gave_turn;
}

void Scheduler::run_in_rounds(std::uint64_t index) {
  for (unsigned count = 1; begin_block(index) && count < kBlocksSideBySide; ++count)
    if (!take_next(&index)) break;
  while (Fiber* fiber = ready_.pop()) {
    void* frame = fiber->thread.frame;
    const auto resume = *static_cast<const cuda_shim_host_resume*>(frame);
    const Return how = run_until_return(*fiber, [&] { resume(frame); });
    Block& block = block_of(&fiber->thread);
    if (how == Return::kEnd && block.abi.calls == 0) free_.push_back(&block);
  }
  current_ = nullptr;
}

Block* Scheduler::take_slot() {
  if (free_.empty()) {
    slots_.push_back(std::make_unique<Block>());
    return slots_.back().get();
  }
  Block* block = free_.back();
  free_.pop_back();
  return block;
}

void Scheduler::set_place(Block& block, std::uint64_t index) {
  const cuda_shim_launch_config& config = *grid_->config;
  auto workspace = reinterpret_cast<std::uint64_t>(grid_->workspace);
  cuda_shim_host_block& abi = block.abi;
  abi.ntid = config.block;
  abi.nctaid = config.grid;
  const std::uint32_t strips = strips_of_row(config.grid, grid_->abreast);
  const std::uint64_t row = index < strips ? 0 : index / strips;
  abi.first = static_cast<std::uint32_t>(index - row * strips) * grid_->abreast;
  abi.abreast = std::min(grid_->abreast, config.grid.x - abi.first);
  abi.ctaid.x = abi.first;
  abi.ctaid.y = static_cast<std::uint32_t>(row % config.grid.y);
  abi.ctaid.z = static_cast<std::uint32_t>(row / config.grid.y);
  abi.static_shared_bytes = grid_->kernel->info.static_shared_bytes;
  abi.dynamic_shared_bytes = config.dynamic_shared_bytes;
  abi.smid = seat_;
  abi.nsmid = grid_->workers;
  abi.gridid = config.grid_id;
  abi.shared = block.window.data();
  abi.parameters = grid_->parameters;
  abi.module = grid_->module_memory;
  // Null where the grid is not cooperative: grid.sync() traps on that, as it should.
  abi.envreg[1] = grid_->cooperative ? workspace >> 32 : 0;
  abi.envreg[2] = grid_->cooperative ? workspace & 0xffffffffu : 0;
  abi.engine = &block;
}

Status Scheduler::start_block(std::uint64_t index) {
  Block& block = *take_slot();
  const Groups groups(grid_->config->block, grid_->kernel->info);
  const std::size_t frame = grid_->kernel->info.frame_bytes;
  Status status = block.reserve_shared(shared_bytes(*grid_));
  if (status)
    status = resumes_ ? block.reserve_frames(groups.count(), frame)
                      : block.reserve_stacks(groups.count(), grid_->stack_bytes);
  if (!status) {
    free_.push_back(&block);
    return status;
  }
  set_place(block, index);
  resumes_ ? block.start(groups, frame, this) : block.start(groups, fiber_main, this);
  live_.push_back(&block);
  return {};
}

void Scheduler::run_resumed() {
  const cuda_shim_host_kernel entry = grid_->kernel->entry;
  for (Fiber* self = live_.front()->runnable.pop(); self;) {
    current_ = &self->thread;
    const auto* frame = static_cast<const cuda_shim_host_resume*>(self->thread.frame);
    if (*frame)
      (*frame)(self->thread.frame);
    else
      entry(&self->thread);
    Block& block = block_of(&self->thread);
    if (!*frame)
      self = next_after_end(self);
    else if (Fiber* next = block.runnable.pop()) [[likely]]
      self = next;
    else
      self = choose(block);
  }
  current_ = nullptr;
  free_retired();
}

void Scheduler::run_fibers() {
  Fiber* first = live_.front()->runnable.pop();
  current_ = &first->thread;
#if CUDA_SHIM_SANITIZER_FIBERS
  worker_.running = &first->sanitizer;
  announce_switch(worker_.sanitizer, first->sanitizer, false);
#endif
  cuda_shim_fiber_switch(&main_stack_pointer_, first->thread.frame);
#if CUDA_SHIM_SANITIZER_FIBERS
  complete_switch(worker_.sanitizer);
  worker_.running = &worker_.sanitizer;
#endif
  current_ = nullptr;
  free_retired();
}

void Scheduler::fiber_main(void* argument) {
  Fiber* fiber = static_cast<Fiber*>(argument);
#if CUDA_SHIM_SANITIZER_FIBERS
  complete_switch(fiber->sanitizer);
#endif
  Scheduler& scheduler = scheduler_of(&fiber->thread);
  scheduler.grid_->kernel->entry(&fiber->thread);
  scheduler.finish(fiber);
}

void Scheduler::switch_to(Fiber* self, Fiber* next) {
  current_ = &next->thread;
  // The one after next: its stack is in no near cache where a block has many threads.
  if (next->next) __builtin_prefetch(next->next->thread.frame);
#if CUDA_SHIM_SANITIZER_FIBERS
  worker_.running = &next->sanitizer;
  announce_switch(self->sanitizer, next->sanitizer, false);
#endif
  cuda_shim_fiber_switch(&self->thread.frame, next->thread.frame);
#if CUDA_SHIM_SANITIZER_FIBERS
  complete_switch(self->sanitizer);
#endif
}

void Scheduler::yield(cuda_shim_host_thread* thread) {
  if (!has_fibers_) {
    if (grid_->ended.load(std::memory_order_relaxed)) leave();
    return cpu_pause();
  }
  Block& block = block_of(thread);
  block.yielded.push(fiber_of(thread));
  suspend(block, fiber_of(thread));
}

// Takes `self` out of its block; who is next, null if nobody is left.
Fiber* Scheduler::next_after_end(Fiber* self) {
  Block& block = block_of(&self->thread);
  note_progress();
  rounds_since_block_ = 0;
  block.alive -= self->thread.threads;
  release_after_exit(block, self->thread);
  Fiber* next = block.runnable.pop();
  if (!next && block.alive == 0) retire(block);
  if (!next && !live_.empty()) next = choose(block.alive == 0 ? *live_.front() : block);
  return next;
}

void Scheduler::finish(Fiber* self) {
  Fiber* next = next_after_end(self);
#if CUDA_SHIM_SANITIZER_FIBERS
  worker_.running = next ? &next->sanitizer : &worker_.sanitizer;
  announce_switch(self->sanitizer, *worker_.running, /*ends=*/true);
#endif
  current_ = next ? &next->thread : nullptr;
  cuda_shim_fiber_switch(&self->thread.frame, next ? next->thread.frame : main_stack_pointer_);
  __builtin_unreachable();
}

void Scheduler::free_retired() {
  if (retired_) free_.push_back(retired_);
  retired_ = nullptr;
}

void Scheduler::retire(Block& block) {
  free_retired();
  retired_ = &block;
  live_.erase(std::find(live_.begin(), live_.end(), &block));
}

Fiber* Scheduler::choose(Block& from) {
  Block* block = &from;
  std::size_t position = std::find(live_.begin(), live_.end(), block) - live_.begin();
  for (;;) {
    if (grid_->ended.load(std::memory_order_relaxed)) leave();
    for (std::size_t i = 0; i < live_.size(); ++i) {
      block = live_[(position + i) % live_.size()];
      if (block->runnable.empty() && !block->soft.empty()) release_soft(*block);
      if (Fiber* fiber = block->runnable.pop()) return fiber;
      if (!block->yielded.empty()) continue;
      note_deadlock(*block);
      give_up();
    }
    idle();
    for (Block* spinning : live_) spinning->runnable.append(spinning->yielded);
  }
}

// The worker's own share first, in order: what is started later may wait for it.
bool Scheduler::take_next(std::uint64_t* index) {
  if (next_block_ == end_block_) {
    const std::uint64_t count = take_chunk(*grid_, worker_.number, &next_block_);
    end_block_ = next_block_ + count;
  }
  if (next_block_ == end_block_) return false;
  *index = next_block_++;
  return true;
}

// Takes one more block to run beside those that spin, if there is one.
bool Scheduler::add_block() {
  std::uint64_t index = 0;
  if (!take_next(&index)) return false;
  if (note_failure(start_block(index))) give_up();
  note_progress();
  rounds_since_block_ = 0;
  return true;
}

void Scheduler::idle() {
  std::uint32_t rounds = ++idle_rounds_;
  std::uint32_t patience =
      live_.size() < kResidentBlocks ? kRoundsBeforeBlock : kRoundsBeforeMoreBlocks;
  if ((grid_->cooperative || ++rounds_since_block_ >= patience) && add_block()) return;
  if (rounds > kRoundsBeforeSleep)
    ::usleep(20);
  else if (rounds > kRoundsBeforeYield)
    ::sched_yield();
  else
    cpu_pause();
}

void Scheduler::note_deadlock(const Block& block) {
  const cuda_shim_dim3& place = block.abi.ctaid;
  note_failure(
      {StatusCode::kLaunchFailed, fmt::format("Block ({},{},{}) can never go on: {}", place.x,
                                              place.y, place.z, describe_waiting(block))});
}

bool Scheduler::note_failure(Status status) {
  if (status.ok()) return false;
  failure_code_ = status.code();
  failure_ = status.message();
  return true;
}

void Scheduler::give_up() {
  abandon_work(worker_);
}

void Scheduler::leave() {
  failure_code_ = StatusCode::kOk;
  abandon_work(worker_);
}

std::uintptr_t stack_end(const cuda_shim_host_thread* thread) {
  Scheduler& scheduler = scheduler_of(thread);
  if (!scheduler.has_fibers()) return scheduler.worker().stack_end;
  return block_of(thread).stack_end(reinterpret_cast<const Fiber*>(thread));
}

void Scheduler::abandon_blocks() {
  for (Block* block : live_) {
    block->abandon();
    free_.push_back(block);
  }
  live_.clear();
  free_retired();
  if (!has_fibers_) {
    free_.clear();
    for (auto& slot : slots_) free_.push_back(slot.get());
  }
}

}  // namespace cuda_shim::devices::cpu
