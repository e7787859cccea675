#include "ptx/interpreter/lane.h"

#include <fmt/format.h>

#include <algorithm>

#include "ptx/interpreter/special.h"

namespace cuda_shim::tests::interpreter {

bool Lane::has(std::string_view modifier) const {
  return std::ranges::find(step->source->modifiers, modifier) != step->source->modifiers.end();
}

std::string_view Lane::which(std::initializer_list<std::string_view> modifiers) const {
  for (std::string_view word : modifiers)
    if (has(word)) return word;
  return {};
}

ScalarType Lane::type(unsigned index) const {
  if (index >= step->types.size())
    throw Fault(FaultKind::kInvalid, "The instruction has too few types.");
  return step->types[index];
}

ScalarType Lane::type() const {
  return type(static_cast<unsigned>(step->types.size()) - 1);
}

Rounding Lane::rounding() const {
  const auto written = which({"rz", "rzi", "rm", "rmi", "rp", "rpi", "rna"});
  if (written.empty()) return Rounding::kNearestEven;
  if (written == "rna") return Rounding::kNearestAway;
  return written[1] == 'z' ? Rounding::kZero : written[1] == 'm' ? Rounding::kDown : Rounding::kUp;
}

const Argument& Lane::argument(unsigned index) const {
  if (index >= operands())
    throw Fault(FaultKind::kInvalid, fmt::format("Operand {} is missing.", index));
  return step->arguments[index];
}

// --- Operands

/// A floating-point literal takes the instruction's type; an integer is cut to it.
Bits Lane::immediate(const kernels::ptx::Immediate& value, ScalarType type) const {
  using Kind = kernels::ptx::Immediate::Kind;
  if (value.kind == Kind::kInteger && kernels::ptx::kind_of(type) == TypeKind::kFloat &&
      kernels::ptx::bits_of(type) >= 32)
    return encode(from_integer(static_cast<std::int64_t>(value.bits)), format_of(type));
  if (value.kind == Kind::kF64 && type == ScalarType::kF32)
    return encode(decode(value.bits, format_named("f64")), format_named("f32"));
  if (value.kind == Kind::kF32 && type == ScalarType::kF64)
    return encode(decode(value.bits, format_named("f32")), format_named("f64"));
  // Sign-extended to more than 64 bits, for .b128.
  return to_bits(to_integer(value.bits, 64, value.kind == Kind::kInteger));
}

Bits Lane::bits(const Argument& argument, ScalarType type) const {
  const unsigned width = kernels::ptx::bits_of(type);
  switch (argument.kind) {
    case ArgumentKind::kRegister:
      return low_bits(thread->frames.back().registers[argument.reg.index], width);
    case ArgumentKind::kImmediate:
      return low_bits(immediate(argument.immediate, type), width);
    case ArgumentKind::kSpecial:
      return low_bits(
          argument.special->read(*this, argument.component == 0
                                            ? 0
                                            : static_cast<unsigned>(std::string_view("xyzw").find(
                                                  argument.component))),
          width);
    case ArgumentKind::kPlace:
      if (!argument.bracketed) return low_bits(address(argument), width);
      break;
    case ArgumentKind::kSink:
    case ArgumentKind::kVector:
    case ArgumentKind::kName:
      break;
  }
  throw Fault(FaultKind::kInvalid, "An operand is not a value.");
}

Integer Lane::integer(unsigned index, ScalarType type) const {
  return to_integer(bits(index, type), type);
}

std::uint32_t Lane::u32(unsigned index) const {
  return static_cast<std::uint32_t>(bits(index, ScalarType::kU32));
}

Real Lane::flushed(const Real& value, ScalarType type) const {
  const bool flushes = has("ftz") && type != ScalarType::kF64;
  return flushes ? flush(value, format_of(type)) : value;
}

Real Lane::real(unsigned index, ScalarType type) const {
  return flushed(decode(bits(index, type), format_of(type)), type);
}

bool Lane::predicate(const Argument& argument) const {
  return (bits(argument, ScalarType::kPred) != 0) != argument.negated;
}

std::uint64_t Lane::address_of(const Place& place) const {
  switch (place.space) {
    case StateSpace::kGlobal:
    case StateSpace::kConst:
      return machine->module_base() + place.offset;
    case StateSpace::kShared:
      return (std::uint64_t{block->rank} << kSharedRankShift) +
             (place.offset == kDynamicShared ? machine->dynamic_shared() : place.offset);
    case StateSpace::kLocal:
      return thread->frames.back().local_base + place.offset;
    case StateSpace::kParam:
      return thread->frames.back().param_base + place.offset;
    default:
      throw Fault(FaultKind::kInvalid, "A name has no address.");
  }
}

std::uint64_t Lane::address(const Argument& argument) const {
  if (argument.kind == ArgumentKind::kRegister)
    return static_cast<std::uint64_t>(bits(argument, ScalarType::kB64));
  if (argument.kind != ArgumentKind::kPlace)
    throw Fault(FaultKind::kInvalid, "An operand is not an address.");
  std::uint64_t base = argument.immediate.bits;
  if (argument.place) base = address_of(*argument.place);
  if (argument.base_is_register)
    base = static_cast<std::uint64_t>(thread->frames.back().registers[argument.reg.index]);
  return base + static_cast<std::uint64_t>(argument.offset);
}

// --- Results

void Lane::set(const Argument& argument, Bits value) {
  if (argument.kind == ArgumentKind::kSink) return;
  if (argument.kind != ArgumentKind::kRegister)
    throw Fault(FaultKind::kInvalid, "The destination is not a register.");
  thread->frame().registers[argument.reg.index] = low_bits(value, argument.reg.width);
}

void Lane::set_integer(unsigned index, Integer value, ScalarType type) {
  set(index, to_bits(wrap(value, type)));
}

void Lane::set_pair(unsigned index, Bits value) {
  if (const auto& pair = argument(index).pair)
    thread->frame().registers[pair->index] = low_bits(value, pair->width);
}

Bits Lane::finish_real(const Real& value, ScalarType type) const {
  const Format& format = format_of(type);
  Bits result = encode(value, format, rounding());
  Real written = decode(result, format);
  if (has("ftz") && type != ScalarType::kF64) {
    written = flush(written, format);
    if (written.is_zero()) result = encode(written, format);
  }
  if (has("sat")) {
    if (written.is_nan() || written.negative) return 0;
    if (written.is_infinite() || compare(written, one()) > 0) return encode(one(), format);
  }
  if (has("relu") && !written.is_nan() && written.negative) return 0;
  return result;
}

void Lane::set_real(unsigned index, const Real& value, ScalarType type) {
  set(index, finish_real(value, type));
}

// --- Memory

StateSpace Lane::space() const {
  for (std::string_view word : step->source->modifiers) {
    if (word == "global") return StateSpace::kGlobal;
    if (word.starts_with("shared")) return StateSpace::kShared;
    if (word == "local") return StateSpace::kLocal;
    if (word == "const") return StateSpace::kConst;
    if (word.starts_with("param")) return StateSpace::kParam;
  }
  return StateSpace::kGeneric;
}

std::byte* Lane::shared(std::uint64_t address, std::uint64_t bytes) {
  const std::uint64_t rank = address >> kSharedRankShift;
  const std::uint64_t offset = address & ((std::uint64_t{1} << kSharedRankShift) - 1);
  for (Block& peer : machine->blocks())
    if (peer.cluster == block->cluster && peer.rank == rank && bytes <= peer.shared.size() &&
        offset <= peer.shared.size() - bytes)
      return peer.shared.data() + offset;
  throw Fault(FaultKind::kIllegalAddress,
              fmt::format("Shared memory has no {} bytes at {:#x}.", bytes, address));
}

std::byte* Lane::window(StateSpace space, std::uint64_t address, std::uint64_t bytes) {
  if (space == StateSpace::kShared) return shared(address, bytes);
  std::vector<std::byte>& memory = space == StateSpace::kLocal ? thread->local : thread->param;
  if (bytes > memory.size() || address > memory.size() - bytes)
    throw Fault(FaultKind::kIllegalAddress,
                fmt::format("The thread has no {} bytes at {:#x} in .{}.", bytes, address,
                            space == StateSpace::kLocal ? "local" : "param"));
  return memory.data() + address;
}

std::byte* Lane::memory(StateSpace space, std::uint64_t address, std::uint64_t bytes) {
  if (space == StateSpace::kShared || space == StateSpace::kLocal || space == StateSpace::kParam)
    return window(space, address, bytes);
  if (space == StateSpace::kGeneric) {
    const auto inside = [&](std::uint64_t base) { return address - base < kWindowBytes; };
    if (inside(kSharedWindow)) return window(StateSpace::kShared, address - kSharedWindow, bytes);
    if (inside(kLocalWindow)) return window(StateSpace::kLocal, address - kLocalWindow, bytes);
    if (inside(kParamWindow)) return window(StateSpace::kParam, address - kParamWindow, bytes);
  }
  return machine->global(address, bytes);
}

Bits Lane::load(StateSpace space, std::uint64_t address, unsigned bytes) {
  const std::byte* place = memory(space, address, bytes);
  Bits value = 0;
  for (unsigned i = 0; i < bytes; ++i) value |= static_cast<Bits>(place[i]) << (8 * i);
  return value;
}

void Lane::store(StateSpace space, std::uint64_t address, unsigned bytes, Bits value) {
  std::byte* place = memory(space, address, bytes);
  for (unsigned i = 0; i < bytes; ++i) place[i] = static_cast<std::byte>(value >> (8 * i));
}

void Lane::jump(unsigned position) {
  thread->frame().pc = position;
  jumped_ = true;
}

}  // namespace cuda_shim::tests::interpreter
