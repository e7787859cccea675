// cp.async (PTX ISA 9.0, section 9.7.9.25): a copy may be done at any time before it is waited for,
// so it is done at once.

#include <fmt/format.h>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

/// [to], [from], bytes {, bytes that are read, or a predicate to read none} {, policy}: the rest is
/// zeros.
void copy(Lane& lane) {
  const std::uint64_t to = lane.address(0), from = lane.address(1);
  const std::uint32_t bytes = lane.u32(2);
  if (bytes != 4 && bytes != 8 && bytes != 16)
    throw Fault(FaultKind::kInvalid, fmt::format("{} bytes cannot be copied.", bytes));
  if (to % bytes != 0 || from % bytes != 0)
    throw Fault(FaultKind::kMisalignedAddress,
                fmt::format("A copy of {} bytes goes from {:#x} to {:#x}.", bytes, from, to));
  std::uint32_t read = bytes;
  if (lane.has_operand(3)) {
    const Argument& fourth = lane.argument(3);
    const bool is_predicate = fourth.kind == ArgumentKind::kRegister && fourth.reg.width == 1;
    const bool is_policy = fourth.kind == ArgumentKind::kRegister && fourth.reg.width == 64;
    if (is_predicate)
      read = lane.predicate(fourth) ? 0 : bytes;
    else if (!is_policy)
      read = lane.u32(3);
  }
  if (read > bytes) throw Fault(FaultKind::kUndefined, "More bytes are read than are written.");
  for (std::uint32_t i = 0; i < bytes; ++i)
    lane.store(StateSpace::kShared, to + i, 1,
               i < read ? lane.load(StateSpace::kGlobal, from + i, 1) : 0);
}

void nothing(Lane&) {}

constexpr Row kRows[] = {
    {"cp.async.ca|cg.shared|shared::cta.global{.L2::cache_hint}{.<prefetch>}", copy},
    {"cp.async.commit_group", nothing},
    {"cp.async.wait_group", nothing},
    {"cp.async.wait_all", nothing},
};

}  // namespace

Rows asynchronous_copy_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
