// mbarrier objects (PTX ISA 9.0, section 9.7.13.15): 64 bits in memory whose layout is this file's
// own.
//
// A phase ends when nobody is pending and no bytes are expected any more; then the count starts
// again.

#include <fmt/format.h>

#include "ptx/interpreter/transfer.h"

namespace cuda_shim::tests::interpreter {
namespace {

constexpr unsigned kCountBits = 20, kTransactionBits = 21;

struct Object {
  std::uint64_t pending;   ///< arrivals that the phase still needs
  std::uint64_t expected;  ///< arrivals of each phase
  std::int64_t bytes;      ///< of asynchronous transactions not done
  bool phase;              ///< parity of the running phase
};

Object unpack(std::uint64_t bits) {
  const auto field = [&](unsigned shift, unsigned width) {
    return bits >> shift & ((std::uint64_t{1} << width) - 1);
  };
  Object object;
  object.pending = field(0, kCountBits);
  object.expected = field(kCountBits, kCountBits);
  const auto raw = static_cast<std::int64_t>(field(2 * kCountBits, kTransactionBits));
  object.bytes = raw - (raw >> (kTransactionBits - 1) << kTransactionBits);
  object.phase = bits >> 63 != 0;
  return object;
}

std::uint64_t pack(const Object& object) {
  const auto bytes =
      static_cast<std::uint64_t>(object.bytes) & ((std::uint64_t{1} << kTransactionBits) - 1);
  return object.pending | object.expected << kCountBits | bytes << (2 * kCountBits) |
         std::uint64_t{object.phase} << 63;
}

void complete(Object& object) {
  if (object.pending != 0 || object.bytes != 0) return;
  object.phase = !object.phase;
  object.pending = object.expected;
}

// --- Where the object is: shared memory, by its own or by a generic address

StateSpace object_space(const Lane& lane) {
  return lane.space();
}

Object load(Lane& lane, std::uint64_t address) {
  return unpack(static_cast<std::uint64_t>(lane.load(object_space(lane), address, 8)));
}

void store(Lane& lane, std::uint64_t address, const Object& object) {
  lane.store(object_space(lane), address, 8, pack(object));
}

// --- Instructions

void init(Lane& lane) {
  const std::uint64_t count = lane.u32(1);
  if (count == 0 || count >> kCountBits != 0)
    throw Fault(FaultKind::kUndefined, fmt::format("An mbarrier cannot count to {}.", count));
  store(lane, lane.address(0), {count, count, 0, false});
}

void inval(Lane& lane) {
  lane.store(object_space(lane), lane.address(0), 8, 0);
}

void expect_tx(Lane& lane) {
  Object object = load(lane, lane.address(0));
  object.bytes += lane.u32(1);
  store(lane, lane.address(0), object);
}

void complete_tx(Lane& lane) {
  Object object = load(lane, lane.address(0));
  object.bytes -= lane.u32(1);
  complete(object);
  store(lane, lane.address(0), object);
}

/// arrive and arrive_drop {.expect_tx, .noComplete}: d (or a sink), [object] {, count or bytes}.
/// The result is the state before.
void arrive(Lane& lane) {
  const std::uint64_t address = lane.address(1);
  Object object = load(lane, address);
  const Bits state = pack(object);
  const bool expects = lane.has("expect_tx");
  const std::uint64_t count = lane.has_operand(2) && !expects ? lane.u32(2) : 1;
  if (expects) object.bytes += lane.u32(2);
  if (count > object.pending)
    throw Fault(FaultKind::kUndefined,
                fmt::format("{} threads arrive where {} are pending.", count, object.pending));
  object.pending -= count;
  if (lane.has("arrive_drop")) object.expected -= count;
  if (lane.has("noComplete") && object.pending == 0 && object.bytes == 0)
    throw Fault(FaultKind::kUndefined, "An arrival with .noComplete completes the phase.");
  complete(object);
  store(lane, address, object);
  lane.set(0, state);
}

/// Whether the phase that the state or the parity names is over.
void wait(Lane& lane) {
  const Object object = load(lane, lane.address(1));
  const bool parity = lane.has("parity") ? (lane.u32(2) & 1) != 0
                                         : unpack(static_cast<std::uint64_t>(lane.bits(2))).phase;
  lane.set_predicate(0, object.phase != parity);
}

void pending_count(Lane& lane) {
  lane.set(0, unpack(static_cast<std::uint64_t>(lane.bits(1))).pending);
}

/// Copies are done when they are issued, so their arrival happens at once; without .noinc the
/// pending count is raised first, so that nothing changes in the sum.
void copy_arrive(Lane& lane) {
  Object object = load(lane, lane.address(0));
  if (!lane.has("noinc")) return;
  if (object.pending == 0) throw Fault(FaultKind::kUndefined, "Nobody is pending.");
  --object.pending;
  complete(object);
  store(lane, lane.address(0), object);
}

#define CUDA_SHIM_SHARED "{.shared|shared::cta}"
#define CUDA_SHIM_ORDER "{.release|relaxed}{.cta|cluster}{.shared|shared::cta|shared::cluster}"

constexpr Row kRows[] = {
    {"mbarrier.init" CUDA_SHIM_SHARED ".b64", init},
    {"mbarrier.inval" CUDA_SHIM_SHARED ".b64", inval},
    {"mbarrier.expect_tx{.relaxed}{.cta|cluster}{.shared|shared::cta|shared::cluster}.b64",
     expect_tx},
    {"mbarrier.complete_tx{.relaxed}{.cta|cluster}{.shared|shared::cta|shared::cluster}.b64",
     complete_tx},
    {"mbarrier.arrive|arrive_drop{.expect_tx|noComplete}" CUDA_SHIM_ORDER ".b64", arrive},
    {"mbarrier.test_wait|try_wait{.parity}{.acquire|relaxed}{.cta|cluster}" CUDA_SHIM_SHARED ".b64",
     wait},
    {"mbarrier.pending_count.b64", pending_count},
    {"cp.async.mbarrier.arrive{.noinc}" CUDA_SHIM_SHARED ".b64", copy_arrive},
};

}  // namespace

void complete_transactions(Lane& lane, std::uint64_t object, std::uint64_t bytes) {
  Object changed = unpack(static_cast<std::uint64_t>(lane.load(StateSpace::kShared, object, 8)));
  changed.bytes -= static_cast<std::int64_t>(bytes);
  complete(changed);
  lane.store(StateSpace::kShared, object, 8, pack(changed));
}

Rows mbarrier_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
