// Barriers of a block and of a cluster, and fences (PTX ISA 9.0, section 9.7.13).
//
// A thread that has arrived waits until enough have. Threads that have exited count as arrived; and
// because hardware counts warps, a warp all of whose living threads have arrived counts 32.

#include <fmt/format.h>

#include <algorithm>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {

namespace {

// --- Arriving

struct BarrierOperands {
  unsigned number;
  unsigned expected = 0;  ///< 0: not given
  bool predicate = false;
};

/// `a {, b}`, and with a reduction `d, a {, b}, c`.
BarrierOperands barrier_operands(const Lane& lane, bool reduces) {
  const unsigned first = reduces ? 1 : 0;
  BarrierOperands operands{lane.u32(first)};
  const bool has_count = lane.operands() > first + (reduces ? 2 : 1);
  if (has_count) operands.expected = lane.u32(first + 1);
  if (reduces) operands.predicate = lane.predicate(static_cast<unsigned>(lane.operands()) - 1);
  if (operands.number >= 16)
    throw Fault(FaultKind::kUndefined, fmt::format("There is no barrier {}.", operands.number));
  if (operands.expected % kWarpSize != 0)
    throw Fault(FaultKind::kUndefined,
                fmt::format("A barrier of {} threads is not of whole warps.", operands.expected));
  return operands;
}

void arrive(Lane& lane, bool waits, bool reduces) {
  const BarrierOperands operands = barrier_operands(lane, reduces);
  Barrier& barrier = lane.block->barriers[operands.number];
  barrier.expected = operands.expected;
  barrier.arrivals.push_back({lane.thread, waits, operands.predicate});
  if (waits) lane.thread->waiting = Waiting::kForBarrier;
}

void bar_sync(Lane& lane) {
  arrive(lane, true, false);
}
void bar_red(Lane& lane) {
  arrive(lane, true, true);
}
void bar_arrive(Lane& lane) {
  arrive(lane, false, false);
}

// --- Letting go

bool has_arrived(const Barrier& barrier, const Thread& thread) {
  return std::ranges::any_of(barrier.arrivals,
                             [&](const Arrival& arrival) { return arrival.thread == &thread; });
}

struct WarpCount {
  unsigned alive = 0, arrived = 0;
};

bool is_complete(const Block& block, const Barrier& barrier) {
  std::map<unsigned, WarpCount> warps;
  for (const Thread& thread : block.threads) {
    WarpCount& count = warps[thread.warp];
    const bool arrived = has_arrived(barrier, thread);
    count.alive += !thread.exited || arrived;
    count.arrived += arrived;
  }
  unsigned total = 0;
  bool everybody = true;
  for (const auto& [number, count] : warps) {
    const bool whole = count.arrived == count.alive;
    everybody &= whole;
    total += whole && count.arrived != 0 ? kWarpSize : count.arrived;
  }
  return barrier.expected == 0 ? everybody : total >= barrier.expected;
}

void finish_reduction(Lane& lane, const std::vector<Arrival>& arrivals) {
  unsigned yes = 0, voters = 0;
  for (const Arrival& arrival : arrivals) {
    voters += arrival.waits;
    yes += arrival.waits && arrival.predicate;
  }
  if (lane.has("popc")) return lane.set(0, yes);
  lane.set_predicate(0, lane.has("and") ? yes == voters : yes != 0);
}

}  // namespace

bool release_barriers(Machine& machine, Block& block) {
  bool moved = false;
  for (Barrier& barrier : block.barriers) {
    if (barrier.arrivals.empty() || !is_complete(block, barrier)) continue;
    const std::vector<Arrival> arrivals = std::move(barrier.arrivals);
    barrier = {};
    for (const Arrival& arrival : arrivals) {
      if (!arrival.waits) continue;
      Lane lane(machine, block, *arrival.thread, arrival.thread->step());
      if (lane.has("red")) finish_reduction(lane, arrivals);
      arrival.thread->waiting = Waiting::kNo;
      lane.advance();
      moved = true;
    }
  }
  return moved;
}

// --- Clusters: every thread arrives once and waits once

namespace {

void cluster_arrive(Lane& lane) {
  if (lane.thread->cluster_arrived)
    throw Fault(FaultKind::kUndefined, "A thread arrives twice without waiting.");
  lane.thread->cluster_arrived = true;
}

void cluster_wait(Lane& lane) {
  if (!lane.thread->cluster_arrived)
    throw Fault(FaultKind::kUndefined, "A thread waits without having arrived.");
  lane.thread->waiting = Waiting::kForCluster;
}

}  // namespace

/// The phase ends when all threads have arrived; who waits then goes on, and the rest will not have
/// to wait, which `cluster_done` remembers.
bool release_clusters(Machine& machine, Block& block) {
  const auto in_cluster = [&](const Block& peer) { return peer.cluster == block.cluster; };
  bool complete = true;
  for (Block& peer : machine.blocks())
    for (Thread& thread : peer.threads)
      if (in_cluster(peer) && !thread.exited)
        complete &= thread.cluster_arrived && !thread.cluster_done;
  for (Block& peer : machine.blocks())
    for (Thread& thread : peer.threads)
      if (complete && in_cluster(peer)) thread.cluster_done = thread.cluster_arrived;
  bool moved = false;
  for (Thread& thread : block.threads) {
    if (thread.exited || thread.waiting != Waiting::kForCluster || !thread.cluster_done) continue;
    thread.cluster_arrived = thread.cluster_done = false;
    thread.waiting = Waiting::kNo;
    ++thread.frame().pc;
    moved = true;
  }
  return moved;
}

namespace {

/// Everything is in order already.
void fence(Lane&) {}

constexpr Row kRows[] = {
    {"bar{.cta}.sync", bar_sync},
    {"bar{.cta}.arrive", bar_arrive},
    {"bar{.cta}.red.popc.u32", bar_red},
    {"bar{.cta}.red.and|or.pred", bar_red},
    {"barrier{.cta}.sync{.aligned}", bar_sync},
    {"barrier{.cta}.arrive{.aligned}", bar_arrive},
    {"barrier{.cta}.red.popc{.aligned}.u32", bar_red},
    {"barrier{.cta}.red.and|or{.aligned}.pred", bar_red},
    {"barrier.cluster.arrive{.release|relaxed}{.aligned}", cluster_arrive},
    {"barrier.cluster.wait{.acquire}{.aligned}", cluster_wait},
    {"membar.cta|gl|sys", fence},
    {"membar.proxy.alias", fence},
    {"membar.proxy.alias.async{.global|shared::cta|shared::cluster}", fence},
    {"fence{.sc|acq_rel|acquire|release}.<scope>", fence},
    {"fence.acquire|release.sync_restrict::shared::cta|sync_restrict::shared::cluster.cluster",
     fence},
    {"fence.mbarrier_init.release.cluster", fence},
    {"fence.proxy.alias", fence},
    {"fence.proxy.async{.global|shared::cta|shared::cluster}", fence},
    {"fence.proxy.tensormap::generic.release|acquire.<scope>", fence},
    {"fence.proxy.async::generic.acquire|release.sync_restrict::shared::cta|"
     "sync_restrict::shared::cluster.cluster",
     fence},
};

}  // namespace

Rows barrier_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
