// mov, and the instructions about addresses (PTX ISA 9.0, section 9.7.9): cvta, isspacep, mapa,
// getctarank, alloca.

#include <fmt/format.h>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

/// A function pointer is the function's number in the program's list, as everywhere in the project.
Bits function_number(const Lane& lane, std::string_view name) {
  const auto functions = lane.machine->program().addressed_functions();
  unsigned unit = 0;
  const auto* function =
      lane.machine->program().find_function(lane.thread->frames.back().code->unit, name, &unit);
  for (std::size_t i = 0; i < functions.size(); ++i)
    if (functions[i].function == function) return i + 1;
  throw Fault(FaultKind::kInvalid, fmt::format("`{}` is neither a register nor a function.", name));
}

unsigned element_width(const Lane& lane, const Argument& vector) {
  if (vector.elements.empty()) throw Fault(FaultKind::kInvalid, "A vector is empty.");
  return lane.width() / static_cast<unsigned>(vector.elements.size());
}

/// {a, b, ...} as one number, a lowest.
Bits packed(const Lane& lane, const Argument& vector) {
  const unsigned width = element_width(lane, vector);
  Bits result = 0;
  for (std::size_t i = 0; i < vector.elements.size(); ++i) {
    const Argument& element = vector.elements[i];
    const ScalarType wide = width == 64 ? ScalarType::kB64 : ScalarType::kB32;
    result |= low_bits(lane.bits(element, wide), width) << (width * i);
  }
  return result;
}

void unpack(Lane& lane, const Argument& vector, Bits value) {
  const unsigned width = element_width(lane, vector);
  for (std::size_t i = 0; i < vector.elements.size(); ++i)
    lane.set(vector.elements[i], low_bits(value >> (width * i), width));
}

void mov(Lane& lane) {
  const Argument& from = lane.argument(1);
  Bits value = 0;
  if (lane.type() == ScalarType::kPred)
    value = lane.predicate(1);
  else if (from.kind == ArgumentKind::kVector)
    value = packed(lane, from);
  else if (from.kind == ArgumentKind::kName)
    value = function_number(lane, from.text);
  else
    value = lane.bits(1);
  const Argument& to = lane.argument(0);
  if (to.kind == ArgumentKind::kVector) return unpack(lane, to, value);
  lane.set(0, value);
}

// --- Generic addresses

std::uint64_t window_of(StateSpace space) {
  switch (space) {
    case StateSpace::kShared:
      return kSharedWindow;
    case StateSpace::kLocal:
      return kLocalWindow;
    case StateSpace::kParam:
      return kParamWindow;
    default:
      return 0;
  }
}

void cvta(Lane& lane) {
  if (lane.type() == ScalarType::kU32)
    throw Fault(FaultKind::kInvalid, "Addresses of 32 bits are those of 32-bit programs.");
  const std::uint64_t window = window_of(lane.space());
  const Argument& from = lane.argument(1);
  const std::uint64_t address = lane.address(from);
  lane.set(0, lane.has("to") ? address - window : address + window);
}

void isspacep(Lane& lane) {
  const std::uint64_t address = lane.address(1);
  const auto inside = [&](std::uint64_t base) { return address - base < kWindowBytes; };
  const bool in_window = inside(kSharedWindow) || inside(kLocalWindow) || inside(kParamWindow);
  const StateSpace space = lane.space();
  if (space == StateSpace::kShared && !lane.has("shared::cluster")) {
    // .shared is .shared::cta: the own block's part of the window only.
    const std::uint64_t rank = (address - kSharedWindow) >> kSharedRankShift;
    return lane.set_predicate(0, inside(kSharedWindow) && rank == lane.block->rank);
  }
  const std::uint64_t window = window_of(space);
  if (window != 0) return lane.set_predicate(0, inside(window));
  // The module's constants are a part of the same memory as its variables.
  const std::uint64_t offset = address - lane.machine->module_base();
  const bool is_constant = offset < lane.machine->program().constant_bytes();
  lane.set_predicate(0, !in_window && (space != StateSpace::kConst || is_constant));
}

/// The same place in another block of the cluster.
void mapa(Lane& lane) {
  const std::uint64_t window = lane.space() == StateSpace::kShared ? 0 : kSharedWindow;
  const std::uint64_t address = lane.address(1) - window;
  const std::uint64_t offset = address & ((std::uint64_t{1} << kSharedRankShift) - 1);
  lane.set(0, window + offset + (std::uint64_t{lane.u32(2)} << kSharedRankShift));
}

void getctarank(Lane& lane) {
  const std::uint64_t window = lane.space() == StateSpace::kShared ? 0 : kSharedWindow;
  lane.set(0, (lane.address(1) - window) >> kSharedRankShift);
}

// --- The stack

/// alloca gives an address in .local; stacksave and stackrestore move its end.
void alloca_bytes(Lane& lane) {
  const std::uint64_t alignment = lane.has_operand(2) ? lane.u32(2) : 8;
  std::vector<std::byte>& local = lane.thread->local;
  const std::uint64_t begin = (local.size() + alignment - 1) / alignment * alignment;
  local.resize(begin + static_cast<std::uint64_t>(lane.bits(1)));
  lane.set(0, begin);
}
void stacksave(Lane& lane) {
  lane.set(0, lane.thread->local.size());
}
void stackrestore(Lane& lane) {
  lane.thread->local.resize(static_cast<std::size_t>(lane.bits(0)));
}

constexpr Row kRows[] = {
    {"mov.pred|b16|b32|b64|b128|u16|u32|u64|s16|s32|s64|f32|f64", mov},
    {"cvta.const|global|local|shared|shared::cta|shared::cluster|param|param::entry.u32|u64", cvta},
    {"cvta.to.const|global|local|shared|shared::cta|shared::cluster|param|param::entry.u32|u64",
     cvta},
    {"isspacep.const|global|local|shared|shared::cta|shared::cluster|param|param::entry", isspacep},
    {"mapa{.shared::cluster}.u32|u64", mapa},
    {"getctarank{.shared::cluster}.u32|u64", getctarank},
    {"alloca.u32|u64", alloca_bytes},
    {"stacksave.u32|u64", stacksave},
    {"stackrestore.u32|u64", stackrestore},
};

}  // namespace

Rows move_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
