// Bulk copies and reductions (PTX ISA 9.0, section 9.7.9.25.4), and asynchronous stores (9.7.9.12):
// done when they are issued, byte by byte or element by element.

#include "ptx/interpreter/transfer.h"

namespace cuda_shim::tests::interpreter {
namespace {

/// The spaces of destination and source are the first two space words.
StateSpace space_of(const Lane& lane, unsigned index) {
  for (std::string_view word : lane.step->source->modifiers) {
    if (word != "global" && !word.starts_with("shared::")) continue;
    if (index-- == 0) return word == "global" ? StateSpace::kGlobal : StateSpace::kShared;
  }
  throw Fault(FaultKind::kInvalid, "A copy names two spaces.");
}

struct Copy {
  std::uint64_t to, from, bytes;
};

Copy read_copy(const Lane& lane) {
  const Copy copy = {lane.address(0), lane.address(1), lane.u32(2)};
  if (copy.to % 16 != 0 || copy.from % 16 != 0 || copy.bytes % 16 != 0)
    throw Fault(FaultKind::kUndefined, "A bulk copy is not of aligned groups of 16 bytes.");
  return copy;
}

void complete(Lane& lane, const Copy& copy) {
  if (lane.has("mbarrier::complete_tx::bytes"))
    complete_transactions(lane, lane.address(3), copy.bytes);
}

/// With .cp_mask the last operand has a bit for each byte of 16.
void bulk_copy(Lane& lane) {
  const Copy copy = read_copy(lane);
  const bool masked = lane.has("cp_mask");
  const auto last = static_cast<unsigned>(lane.operands()) - 1;
  const std::uint32_t mask = masked ? lane.u32(last) : 0xffff;
  for (std::uint64_t i = 0; i < copy.bytes; ++i)
    if ((mask >> (i % 16) & 1) != 0)
      lane.store(space_of(lane, 0), copy.to + i, 1, lane.load(space_of(lane, 1), copy.from + i, 1));
  complete(lane, copy);
}

void bulk_reduce(Lane& lane) {
  const Copy copy = read_copy(lane);
  const std::string_view operation =
      lane.which({"add", "min", "max", "inc", "dec", "and", "or", "xor"});
  const unsigned bytes = kernels::ptx::bytes_of(lane.type());
  for (std::uint64_t i = 0; i < copy.bytes; i += bytes) {
    const Bits old = lane.load(space_of(lane, 0), copy.to + i, bytes);
    const Bits operand = lane.load(space_of(lane, 1), copy.from + i, bytes);
    lane.store(space_of(lane, 0), copy.to + i, bytes,
               reduced(operation, old, operand, lane.type()));
  }
  complete(lane, copy);
}

void nothing(Lane&) {}

// --- Asynchronous stores

/// [to], value or {values}{, [object]}: one element after another; reduces where an operation is
/// written.
void store(Lane& lane) {
  const std::string_view operation =
      lane.which({"add", "min", "max", "inc", "dec", "and", "or", "xor"});
  const bool on_object = lane.has("mbarrier::complete_tx::bytes");
  const StateSpace space = on_object ? StateSpace::kShared : lane.space();
  const Argument& values = lane.argument(1);
  const std::size_t count = values.kind == ArgumentKind::kVector ? values.elements.size() : 1;
  const unsigned bytes = kernels::ptx::bytes_of(lane.type());
  for (std::size_t i = 0; i < count; ++i) {
    const Argument& value = values.kind == ArgumentKind::kVector ? values.elements[i] : values;
    const std::uint64_t address = lane.address(0) + i * bytes;
    Bits bits = lane.bits(value, lane.type());
    if (!operation.empty())
      bits = reduced(operation, lane.load(space, address, bytes), bits, lane.type());
    lane.store(space, address, bytes, bits);
  }
  if (on_object) complete_transactions(lane, lane.address(2), count * bytes);
}

/// st.bulk [to], bytes, 0
void store_noughts(Lane& lane) {
  if (lane.bits(2, ScalarType::kU64) != 0)
    throw Fault(FaultKind::kInvalid, "st.bulk stores noughts only.");
  const auto bytes = static_cast<std::uint64_t>(lane.bits(1, ScalarType::kU64));
  const StateSpace space = lane.has("shared::cta") ? StateSpace::kShared : StateSpace::kGeneric;
  for (std::uint64_t i = 0; i < bytes; ++i) lane.store(space, lane.address(0) + i, 1, 0);
}

// --- multimem: the objects of one device, so that there is one copy of what is stored

/// Loads the only copy, which is the sum, the least or the greatest of all.
void load_reduced(Lane& lane) {
  const Argument& to = lane.argument(0);
  const std::size_t count = to.kind == ArgumentKind::kVector ? to.elements.size() : 1;
  const unsigned bytes = kernels::ptx::bytes_of(lane.type());
  for (std::size_t i = 0; i < count; ++i)
    lane.set(to.kind == ArgumentKind::kVector ? to.elements[i] : to,
             lane.load(StateSpace::kGlobal, lane.address(1) + i * bytes, bytes));
}

#define CUDA_SHIM_TX ".mbarrier::complete_tx::bytes"

#define CUDA_SHIM_ORDER "{.relaxed|acquire|release|weak}{.<scope>}{.global}"
#define CUDA_SHIM_FLOATS "|f32|f16|f16x2|bf16|bf16x2|e4m3|e5m2|e4m3x2|e5m2x2|e4m3x4|e5m2x4"

constexpr Row kRows[] = {
    {"cp.async.bulk.shared::cluster.global" CUDA_SHIM_TX "{.multicast::cluster}{.L2::cache_hint}",
     bulk_copy},
    {"cp.async.bulk.shared::cta.global" CUDA_SHIM_TX "{.L2::cache_hint}", bulk_copy},
    {"cp.async.bulk.shared::cluster.shared::cta" CUDA_SHIM_TX, bulk_copy},
    {"cp.async.bulk.global.shared::cta.bulk_group{.L2::cache_hint}{.cp_mask}", bulk_copy},
    {"cp.async.bulk.prefetch.L2.global{.L2::cache_hint}", nothing},
    {"cp.async.bulk.commit_group", nothing},
    {"cp.async.bulk.wait_group{.read}", nothing},
    {"cp.reduce.async.bulk.shared::cluster.shared::cta" CUDA_SHIM_TX
     ".add|min|max|inc|dec|and|or|xor.u32|s32|u64|s64|b32|b64",
     bulk_reduce},
    {"cp.reduce.async.bulk.global.shared::cta.bulk_group{.L2::cache_hint}"
     ".add|min|max|inc|dec|and|or|xor{.noftz}.u32|s32|u64|s64|b32|b64|f16|bf16|f32|f64",
     bulk_reduce},
    {"st.async{.weak}{.shared::cluster}" CUDA_SHIM_TX "{.v2|v4}.b32|b64|u32|u64|s32|s64|f32|f64",
     store},
    {"st.async{.mmio}.release.<scope>{.global}.<data>", store},
    {"red.async{.relaxed}{.cluster}{.shared::cluster}" CUDA_SHIM_TX
     ".add|min|max|inc|dec|and|or|xor.u32|s32|u64|s64|b32",
     store},
    {"red.async{.mmio}.release.<scope>{.global}.add.u32|s32|u64|s64", store},
    {"multimem.st" CUDA_SHIM_ORDER "{.v2|v4|v8}.u32|u64|s32|s64|b32|b64|f64" CUDA_SHIM_FLOATS,
     store},
    {"multimem.red" CUDA_SHIM_ORDER
     ".add|min|max|and|or|xor{.v2|v4|v8}.u32|u64|s32|s64|b32|b64|f64" CUDA_SHIM_FLOATS,
     store},
    {"multimem.ld_reduce" CUDA_SHIM_ORDER ".add|min|max|and|or|xor{.acc::f32|acc::f16}{.v2|v4|v8}."
     "u32|u64|s32|s64|b32|b64|f64" CUDA_SHIM_FLOATS,
     load_reduced},
    {"st.bulk{.weak}{.shared::cta}", store_noughts},
};

}  // namespace

Rows bulk_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
