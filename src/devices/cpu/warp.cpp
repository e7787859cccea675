// Operations of the threads of a warp: shuffle, vote, match, reduction, election, exchange,
// synchronisation, activemask.
//
// A lane posts what it brings and waits. The last of the living members to arrive with the same
// membermask works out the result of every member, so that nobody can overwrite a post that another
// still has to read, and makes them runnable in the order of their lanes, itself among them: what a
// leader then does alone is done before the others go on. On hardware it is, since lanes meet again
// behind a branch, and the toolkit's cooperative groups count on it.

#include <algorithm>
#include <bit>
#include <climits>
#include <cstring>

#include "devices/cpu/scheduler.h"

namespace cuda_shim::devices::cpu {
namespace {

std::uint64_t pair(std::uint32_t low, bool high) {
  return low | std::uint64_t{high} << 32;
}

template <class Function>
void for_lanes(std::uint32_t lanes, Function function) {
  for (; lanes; lanes &= lanes - 1) function(static_cast<std::uint32_t>(std::countr_zero(lanes)));
}

// shfl.sync, in the manual's words: c holds the segment mask in bits 8-12 and the clamp in bits
// 0-4.
std::uint64_t shuffled(const Warp& warp, std::uint32_t group, std::uint32_t lane) {
  const LanePost& post = warp.posts[lane];
  int own = static_cast<int>(lane);
  auto low_bits = [](std::uint32_t word) { return static_cast<int>(word & 31); };
  int b = low_bits(post.b), clamp = low_bits(post.c), segment = low_bits(post.c >> 8);
  int most = (own & segment) | (clamp & ~segment);
  int least = own & segment;
  int from = own;
  bool in_range = true;
  switch (post.mode) {
    case CUDA_SHIM_SHFL_UP:
      from = own - b;
      in_range = from >= most;
      break;
    case CUDA_SHIM_SHFL_DOWN:
      from = own + b;
      in_range = from <= most;
      break;
    case CUDA_SHIM_SHFL_BFLY:
      from = own ^ b;
      in_range = from <= most;
      break;
    default:
      from = least | (b & ~segment);
      in_range = from <= most;
  }
  if (!in_range) return pair(static_cast<std::uint32_t>(post.value), false);
  // A source that takes no part has an undefined value. Programs add it up all the same (a block of
  // two threads that reduces over a whole warp), so it is nought.
  bool there = group >> from & 1;
  return pair(there ? static_cast<std::uint32_t>(warp.posts[from].value) : 0, true);
}

std::uint64_t voted(const Warp& warp, std::uint32_t group, std::uint8_t mode) {
  std::uint32_t ballot = 0;
  for_lanes(group,
            [&](std::uint32_t i) { ballot |= std::uint32_t{warp.posts[i].value != 0} << i; });
  switch (mode) {
    case CUDA_SHIM_VOTE_ALL:
      return ballot == group;
    case CUDA_SHIM_VOTE_ANY:
      return ballot != 0;
    case CUDA_SHIM_VOTE_UNI:
      return ballot == 0 || ballot == group;
    default:
      return ballot;
  }
}

std::uint64_t matched(const Warp& warp, std::uint32_t group, std::uint32_t lane) {
  std::uint32_t equal = 0;
  for_lanes(group, [&](std::uint32_t i) {
    equal |= std::uint32_t{warp.posts[i].value == warp.posts[lane].value} << i;
  });
  if (warp.posts[lane].mode == CUDA_SHIM_MATCH_ANY) return pair(equal, true);
  return equal == group ? pair(equal, true) : 0;
}

std::uint32_t combine(std::uint8_t operation, std::uint32_t a, std::uint32_t b) {
  auto sa = static_cast<std::int32_t>(a), sb = static_cast<std::int32_t>(b);
  switch (operation) {
    case CUDA_SHIM_REDUX_ADD:
      return a + b;
    case CUDA_SHIM_REDUX_MIN_U:
      return a < b ? a : b;
    case CUDA_SHIM_REDUX_MAX_U:
      return a > b ? a : b;
    case CUDA_SHIM_REDUX_MIN_S:
      return sa < sb ? a : b;
    case CUDA_SHIM_REDUX_MAX_S:
      return sa > sb ? a : b;
    case CUDA_SHIM_REDUX_AND:
      return a & b;
    case CUDA_SHIM_REDUX_OR:
      return a | b;
    default:
      return a ^ b;
  }
}

std::uint64_t reduced(const Warp& warp, std::uint32_t group, std::uint8_t operation) {
  auto first = static_cast<std::uint32_t>(std::countr_zero(group));
  auto sum = static_cast<std::uint32_t>(warp.posts[first].value);
  for_lanes(group & (group - 1), [&](std::uint32_t i) {
    sum = combine(operation, sum, static_cast<std::uint32_t>(warp.posts[i].value));
  });
  return sum;
}

// exchange: `value` is the address of the lane's words, `b` their number; `result` comes as the
// address of the room for all.
void exchange_words(const Warp& warp, std::uint32_t group, std::uint32_t lane) {
  const LanePost& post = warp.posts[lane];
  auto* all = reinterpret_cast<std::uint32_t*>(post.result);
  std::memset(all, 0, std::size_t{kWarpSize} * post.b * sizeof(*all));
  for_lanes(group, [&](std::uint32_t i) {
    const LanePost& from = warp.posts[i];
    // Lanes that meet in different instructions are undefined in CUDA; they must not harm us.
    if (from.operation != WarpOperation::kExchange) return;
    std::memcpy(all + std::size_t{i} * post.b, reinterpret_cast<const void*>(from.value),
                std::min(from.b, post.b) * sizeof(*all));
  });
}

std::uint64_t result_of(const Warp& warp, std::uint32_t group, std::uint32_t lane) {
  const LanePost& post = warp.posts[lane];
  auto leader = static_cast<std::uint32_t>(std::countr_zero(group));
  switch (post.operation) {
    case WarpOperation::kSync:
      return 0;
    case WarpOperation::kShuffle:
      return shuffled(warp, group, lane);
    case WarpOperation::kVote:
      return voted(warp, group, post.mode);
    case WarpOperation::kMatch:
      return matched(warp, group, lane);
    case WarpOperation::kRedux:
      return reduced(warp, group, post.mode);
    case WarpOperation::kElect:
      return pair(leader, lane == leader);
    case WarpOperation::kExchange:
      exchange_words(warp, group, lane);
      return post.result;
  }
  return 0;
}

// Gives every lane of the group its result. Results that are the same for all are worked out once.
void settle(Warp& warp, std::uint32_t group) {
  const LanePost& first = warp.posts[std::countr_zero(group)];
  bool common = first.operation == WarpOperation::kVote || first.operation == WarpOperation::kRedux;
  std::uint64_t shared = common ? result_of(warp, group, std::countr_zero(group)) : 0;
  for_lanes(group, [&](std::uint32_t lane) {
    LanePost& post = warp.posts[lane];
    bool same = common && post.operation == first.operation && post.mode == first.mode;
    post.result = same ? shared : result_of(warp, group, lane);
  });
}

void make_runnable(Block& block, std::uint32_t warp, std::uint32_t lanes) {
  block.warps[warp].waiting &= ~lanes;
  for_lanes(lanes, [&](std::uint32_t lane) {
    block.runnable.push(&block.fibers[warp * kWarpSize + lane]);
  });
}

// Whether all of `group` wait with the membermask `members`.
bool all_posted(const Warp& warp, std::uint32_t group, std::uint32_t members) {
  if ((warp.waiting & group) != group) return false;
  for (std::uint32_t left = group; left; left &= left - 1)
    if (warp.posts[std::countr_zero(left)].members != members) return false;
  return true;
}

std::uint64_t collective(cuda_shim_host_thread* thread, const LanePost& brought) {
  Scheduler& scheduler = scheduler_of(thread);
  if (!scheduler.has_fibers())
    scheduler.fail(
        StatusCode::kLaunchFailed,
        "The kernel uses a warp operation but was translated as one whose threads never wait.");
  Block& block = block_of(thread);
  Warp& warp = block.warps[thread->warp];
  std::uint32_t own = 1u << thread->lane;
  LanePost& post = warp.posts[thread->lane];
  post = brought;
  std::uint32_t group = brought.members & warp.alive;
  // Undefined in CUDA where the lane is no member; it then takes part alone instead of upsetting
  // the others.
  if (!(brought.members & own)) group = own;
  if (all_posted(warp, group & ~own, brought.members)) {
    settle(warp, group);
    bool leads = std::countr_zero(group) == static_cast<int>(thread->lane);
    make_runnable(block, thread->warp, leads ? group & ~own : group);
    if (leads) return post.result;
  } else {
    warp.waiting |= own;
    scheduler.note_progress();
  }
  scheduler.suspend(block, fiber_of(thread));
  return post.result;
}

}  // namespace

void release_warp(Block& block, std::uint32_t warp_index) {
  Warp& warp = block.warps[warp_index];
  for (std::uint32_t left = warp.waiting; left;) {
    std::uint32_t members = warp.posts[std::countr_zero(left)].members;
    std::uint32_t group = members & warp.alive;
    if (all_posted(warp, group, members)) {
      settle(warp, group);
      make_runnable(block, warp_index, group);
    }
    left &= ~group;
  }
}

void release_soft(Block& block) {
  Fiber* first = block.soft.pop();
  std::uint32_t mask = 1u << first->thread.lane;
  FiberList together, others;
  together.push(first);
  while (Fiber* fiber = block.soft.pop()) {
    bool joins = fiber->thread.warp == first->thread.warp && fiber->site == first->site;
    if (joins) mask |= 1u << fiber->thread.lane;
    (joins ? together : others).push(fiber);
  }
  for (Fiber* fiber = together.head; fiber; fiber = fiber->next) fiber->result = mask;
  block.soft = others;
  block.runnable.append(together);
}

}  // namespace cuda_shim::devices::cpu

using namespace cuda_shim::devices::cpu;

extern "C" {

void cuda_shim_host_warp_sync(cuda_shim_host_thread* thread, uint32_t members) {
  collective(thread, {members, WarpOperation::kSync, 0, 0, 0, 0, 0});
}

uint64_t cuda_shim_host_shuffle(cuda_shim_host_thread* thread, uint32_t mode, uint32_t value,
                                uint32_t b, uint32_t c, uint32_t members) {
  auto small = static_cast<std::uint8_t>(mode);
  return collective(thread, {members, WarpOperation::kShuffle, small, b, c, value, 0});
}

uint32_t cuda_shim_host_vote(cuda_shim_host_thread* thread, uint32_t mode, uint32_t predicate,
                             uint32_t members) {
  auto small = static_cast<std::uint8_t>(mode);
  return static_cast<uint32_t>(
      collective(thread, {members, WarpOperation::kVote, small, 0, 0, predicate, 0}));
}

uint64_t cuda_shim_host_match(cuda_shim_host_thread* thread, uint32_t mode, uint64_t value,
                              uint32_t members) {
  auto small = static_cast<std::uint8_t>(mode);
  return collective(thread, {members, WarpOperation::kMatch, small, 0, 0, value, 0});
}

uint32_t cuda_shim_host_redux(cuda_shim_host_thread* thread, uint32_t operation, uint32_t value,
                              uint32_t members) {
  auto small = static_cast<std::uint8_t>(operation);
  return static_cast<uint32_t>(
      collective(thread, {members, WarpOperation::kRedux, small, 0, 0, value, 0}));
}

uint64_t cuda_shim_host_elect(cuda_shim_host_thread* thread, uint32_t members) {
  return collective(thread, {members, WarpOperation::kElect, 0, 0, 0, 0, 0});
}

void cuda_shim_host_exchange(cuda_shim_host_thread* thread, const uint32_t* own, uint32_t count,
                             uint32_t* all, uint32_t members) {
  collective(thread,
             {members, WarpOperation::kExchange, 0, count, 0, reinterpret_cast<std::uintptr_t>(own),
              reinterpret_cast<std::uintptr_t>(all)});
}

// Fibers run alone, so "who is active with me" is a question of what hardware would have made
// converge. The lane waits until nobody of the block can run; the lanes of its warp that are at the
// same place by then are active together.
uint32_t cuda_shim_host_activemask(cuda_shim_host_thread* thread) {
  std::uint32_t own = 1u << thread->lane;
  if (!scheduler_of(thread).has_fibers()) return own;
  Block& block = block_of(thread);
  if (block.warps[thread->warp].alive == own) return own;
  Fiber* fiber = fiber_of(thread);
  fiber->site = static_cast<std::uint32_t>(
      reinterpret_cast<std::uintptr_t>(__builtin_extract_return_addr(__builtin_return_address(0))));
  block.soft.push(fiber);
  scheduler_of(thread).suspend(block, fiber);
  return fiber->result;
}
}
