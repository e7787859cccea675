// What the threads of a warp do together (PTX ISA 9.0, sections 9.7.9.6 and 9.7.13): shfl, vote,
// match, redux, elect, activemask, bar.warp.sync; and when a group of threads is complete.

#include <fmt/format.h>

#include <algorithm>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {

// --- Groups

namespace {

std::uint32_t mask_of(const Lane& lane) {
  const Row& row = *lane.step->row;
  if (row.mask_operand == kWholeWarp) return ~0u;
  const int count = static_cast<int>(lane.operands());
  return lane.u32(static_cast<unsigned>(row.mask_operand + (row.mask_operand < 0 ? count : 0)));
}

struct Warp {
  std::array<Thread*, kWarpSize> threads = {};
  std::uint32_t alive = 0;
};

Warp warp_of(Block& block, unsigned number) {
  Warp warp;
  for (Thread& thread : block.threads)
    if (thread.warp == number && !thread.exited) {
      warp.threads[thread.lane] = &thread;
      warp.alive |= 1u << thread.lane;
    }
  return warp;
}

/// Whether two steps are the same instruction as the manual asks of those who meet: same opcode and
/// modifiers, wherever it stands.
bool same_instruction(const Step& a, const Step& b) {
  return a.source->opcode == b.source->opcode && a.source->modifiers == b.source->modifiers;
}

/// The group that `first` waits for, empty if not all of it is there.
Group gather(Machine& machine, Block& block, const Warp& warp, Thread& first) {
  Group group;
  Lane lane(machine, block, first, first.step());
  const std::uint32_t mask = mask_of(lane) & warp.alive;
  if (first.step().row->mask_operand == kWholeWarp && warp.alive != ~0u)
    throw Fault(FaultKind::kUndefined,
                fmt::format("Line {}: `{}` is executed by a warp that is not whole.",
                            first.step().source->location.line, first.step().source->text));
  if (!bit(mask, first.lane))
    throw Fault(FaultKind::kUndefined,
                fmt::format("Line {}: The mask {:#x} leaves out lane {}, which executes `{}`.",
                            first.step().source->location.line, mask_of(lane), first.lane,
                            first.step().source->text));
  for (unsigned i = 0; i < kWarpSize; ++i) {
    if (!bit(mask, i)) continue;
    Thread& thread = *warp.threads[i];
    if (thread.waiting != Waiting::kForWarp || !same_instruction(thread.step(), first.step()))
      return {};
    Lane member(machine, block, thread, thread.step());
    if ((mask_of(member) & warp.alive) != mask) return {};
    group.lanes.push_back(member);
  }
  group.members = mask;
  return group;
}

void carry_out(Group& group) {
  for (Lane& lane : group.lanes) group.at[lane.thread->lane] = &lane;
  const Step& step = *group.lanes.front().step;
  try {
    step.row->all(group);
  } catch (const Fault& fault) {
    throw Fault(fault.kind, fmt::format("Line {}: {} `{}`", step.source->location.line,
                                        fault.what(), step.source->text));
  }
  for (Lane& lane : group.lanes) {
    lane.thread->waiting = Waiting::kNo;
    lane.advance();
  }
}

}  // namespace

bool release_warps(Machine& machine, Block& block) {
  bool moved = false;
  for (Thread& thread : block.threads) {
    if (thread.exited || thread.waiting != Waiting::kForWarp) continue;
    Group group = gather(machine, block, warp_of(block, thread.warp), thread);
    if (group.lanes.empty()) continue;
    carry_out(group);
    moved = true;
  }
  return moved;
}

// --- Instructions

namespace {

/// Where lane reads from, and whether that lies within its segment.
struct Source {
  int lane;
  bool in_range;
};

Source source_of(const Lane& lane) {
  const int own = static_cast<int>(lane.thread->lane);
  const int b = static_cast<int>(lane.u32(2) & 31), c = static_cast<int>(lane.u32(3) & 31);
  const int segment = static_cast<int>(lane.u32(3) >> 8 & 31);
  const int last = (own & segment) | (c & ~segment);
  const int first = own & segment;
  if (lane.has("up")) return {own - b, own - b >= last};
  if (lane.has("down")) return {own + b, own + b <= last};
  if (lane.has("bfly")) return {own ^ b, (own ^ b) <= last};
  const int index = first | (b & ~segment);
  return {index, index <= last};
}

void shfl(Group& group) {
  std::vector<Bits> values;
  for (Lane& lane : group.lanes) values.push_back(lane.bits(1));
  for (Lane& lane : group.lanes) {
    const Source source = source_of(lane);
    const unsigned from = source.in_range ? static_cast<unsigned>(source.lane) : lane.thread->lane;
    // What a lane that takes no part holds is not told: it reads as 0.
    Bits value = 0;
    for (std::size_t i = 0; i < group.lanes.size(); ++i)
      if (group.lanes[i].thread->lane == from) value = values[i];
    lane.set_pair(0, source.in_range ? 1 : 0);
    lane.set(0, value);
  }
}

std::uint32_t ballot(const Group& group) {
  std::uint32_t votes = 0;
  for (const Lane& lane : group.lanes)
    if (lane.predicate(1)) votes |= 1u << lane.thread->lane;
  return votes;
}

void vote(Group& group) {
  const std::uint32_t votes = ballot(group);
  const bool all = votes == group.members, none = votes == 0;
  for (Lane& lane : group.lanes) {
    if (lane.has("ballot"))
      lane.set(0, votes);
    else
      lane.set_predicate(0, lane.has("all") ? all : lane.has("any") ? !none : all || none);
  }
}

void match_any(Group& group) {
  std::vector<std::uint32_t> results;
  for (const Lane& lane : group.lanes) {
    std::uint32_t same = 0;
    for (const Lane& peer : group.lanes)
      if (peer.bits(1) == lane.bits(1)) same |= 1u << peer.thread->lane;
    results.push_back(same);
  }
  for (std::size_t i = 0; i < results.size(); ++i) group.lanes[i].set(0, results[i]);
}

void match_all(Group& group) {
  const Bits first = group.lanes.front().bits(1);
  const bool same =
      std::ranges::all_of(group.lanes, [&](const Lane& lane) { return lane.bits(1) == first; });
  for (Lane& lane : group.lanes) {
    lane.set_pair(0, same ? 1 : 0);
    lane.set(0, same ? group.members : 0);
  }
}

Integer reduce(const Lane& lane, Integer a, Integer b) {
  const auto operation = lane.which({"add", "min", "max", "and", "or", "xor"});
  if (operation == "add") return a + b;
  if (operation == "min") return std::min(a, b);
  if (operation == "max") return std::max(a, b);
  if (operation == "and") return a & b;
  return operation == "or" ? a | b : a ^ b;
}

void redux(Group& group) {
  Integer result = group.lanes.front().integer(1);
  for (std::size_t i = 1; i < group.lanes.size(); ++i)
    result = reduce(group.lanes[i], result, group.lanes[i].integer(1));
  for (Lane& lane : group.lanes) lane.set_integer(0, result);
}

/// Numbers win over NaNs unless .NaN is written.
Real extreme(const Lane& lane, const Real& a, const Real& b) {
  if (a.is_nan() || b.is_nan()) return lane.has("NaN") ? nan() : a.is_nan() ? b : a;
  const int order = compare(a, b);
  const bool less = order < 0 || (order == 0 && a.negative && !b.negative);
  return less == lane.has("min") ? a : b;
}

void redux_f32(Group& group) {
  const auto operand = [](const Lane& lane) {
    return lane.has("abs") ? absolute(lane.real(1)) : lane.real(1);
  };
  Real result = operand(group.lanes.front());
  for (const Lane& lane : group.lanes) result = extreme(lane, result, operand(lane));
  for (Lane& lane : group.lanes) lane.set(0, encode(result, format_of(ScalarType::kF32)));
}

/// Any member may be elected; here it is the first.
void elect(Group& group) {
  const unsigned leader = group.lanes.front().thread->lane;
  for (Lane& lane : group.lanes) {
    lane.set_pair(0, lane.thread->lane == leader ? 1 : 0);
    lane.set(0, leader);
  }
}

void warp_barrier(Group&) {}

/// Those that stood at this instruction when the round began, and whose guard lets them.
void activemask(Lane& lane) {
  std::uint32_t mask = 0;
  for (Thread& thread : lane.block->threads) {
    if (thread.warp != lane.thread->warp || thread.round_step != lane.step) continue;
    const Lane peer(*lane.machine, *lane.block, thread, *lane.step);
    if (lane.step->guard && peer.guard() == lane.step->source->guard_negated) continue;
    mask |= 1u << thread.lane;
  }
  lane.set(0, mask);
}

constexpr Row kRows[] = {
    collective("shfl.sync.up|down|bfly|idx.b32", shfl),
    collective("vote.sync.all|any|uni.pred", vote),
    collective("vote.sync.ballot.b32", vote),
    collective("match.any.sync.b32|b64", match_any),
    collective("match.all.sync.b32|b64", match_all),
    collective("redux.sync.add|min|max.u32|s32", redux),
    collective("redux.sync.and|or|xor.b32", redux),
    collective("redux.sync.min|max{.abs}{.NaN}.f32", redux_f32),
    collective("elect.sync", elect),
    collective("bar.warp.sync", warp_barrier, 0),
    {"activemask.b32", activemask},
};

}  // namespace

Rows warp_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
