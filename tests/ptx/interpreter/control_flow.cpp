// Branches, calls and returns (PTX ISA 9.0, section 9.7.12).

#include <fmt/format.h>

#include <cstring>

#include "ptx/interpreter/lane.h"
#include "ptx/interpreter/provided.h"

namespace cuda_shim::tests::interpreter {
namespace {

void bra(Lane& lane) {
  const Argument& target = lane.argument(0);
  if (target.targets.size() != 1)
    throw Fault(FaultKind::kInvalid, fmt::format("`{}` is not a label.", target.text));
  lane.jump(target.targets.front());
}

void brx(Lane& lane) {
  const std::uint32_t index = lane.u32(0);
  const Argument& list = lane.argument(1);
  if (index >= list.targets.size())
    throw Fault(FaultKind::kUndefined,
                fmt::format("The index {} is beyond the {} targets.", index, list.targets.size()));
  lane.jump(list.targets[index]);
}

void exit_thread(Lane& lane) {
  lane.thread->exited = true;
}

void trap(Lane&) {
  throw Fault(FaultKind::kTrap, "The kernel trapped.");
}

// --- Calls: `call (results), target, (parameters), prototype`, of which only the target must be

struct CallOperands {
  const Argument* results = nullptr;
  const Argument* target = nullptr;
  const Argument* parameters = nullptr;
};

CallOperands split(const Step& step) {
  CallOperands operands;
  for (const Argument& argument : step.arguments) {
    if (argument.kind == ArgumentKind::kVector)
      (operands.target == nullptr ? operands.results : operands.parameters) = &argument;
    else if (operands.target == nullptr)
      operands.target = &argument;
  }
  if (operands.target == nullptr) throw Fault(FaultKind::kInvalid, "The call has no target.");
  return operands;
}

const std::vector<Argument>& list(const Argument* vector) {
  static const std::vector<Argument> none;
  return vector == nullptr ? none : vector->elements;
}

/// The bytes of an actual parameter: a .param variable, a register or a number.
std::vector<std::byte> bytes_of(Lane& lane, const Argument& actual, std::uint64_t size) {
  std::vector<std::byte> bytes(size);
  if (actual.kind == ArgumentKind::kPlace && actual.place->space == StateSpace::kParam) {
    const std::uint64_t count = std::min(size, actual.place->bytes);
    std::memcpy(bytes.data(), lane.memory(StateSpace::kParam, lane.address(actual), count), count);
    return bytes;
  }
  const Bits value = lane.bits(actual, size > 8 ? ScalarType::kB128 : ScalarType::kB64);
  std::memcpy(bytes.data(), &value, std::min<std::uint64_t>(size, sizeof value));
  return bytes;
}

std::uint64_t size_of(const Formal& formal) {
  return formal.place ? formal.place->bytes : (formal.reg->width + 7) / 8;
}

void store_formal(Thread& thread, const Formal& formal, const std::vector<std::byte>& bytes) {
  Frame& frame = thread.frame();
  if (formal.place) {
    std::memcpy(thread.param.data() + frame.param_base + formal.place->offset, bytes.data(),
                bytes.size());
    return;
  }
  Bits value = 0;
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  frame.registers[formal.reg->index] = low_bits(value, formal.reg->width);
}

void enter(Lane& lane, const Code& code, const CallOperands& operands) {
  const auto& actuals = list(operands.parameters);
  if (actuals.size() != code.parameters.size() ||
      list(operands.results).size() != code.results.size())
    throw Fault(FaultKind::kInvalid, "The call does not fit the function's parameters.");
  std::vector<std::vector<std::byte>> values;
  for (std::size_t i = 0; i < actuals.size(); ++i)
    values.push_back(bytes_of(lane, actuals[i], size_of(code.parameters[i])));
  lane.machine->push_frame(*lane.thread, code);
  lane.thread->frame().call = lane.step;
  for (std::size_t i = 0; i < values.size(); ++i)
    store_formal(*lane.thread, code.parameters[i], values[i]);
}

const Code& indirect_target(Lane& lane, const Argument& target) {
  const auto functions = lane.machine->program().addressed_functions();
  const std::uint64_t number = static_cast<std::uint64_t>(lane.bits(target, ScalarType::kB64));
  if (number == 0 || number > functions.size())
    throw Fault(FaultKind::kIllegalAddress, fmt::format("{} is not a function.", number));
  const auto& function = functions[number - 1];
  return lane.machine->library().code(function.unit, *function.function);
}

/// A function that the environment provides: its parameters in, its result out, no frame.
void call_provided(Lane& lane, const CallOperands& operands) {
  const Provided* provided = find_provided(operands.target->text);
  if (provided == nullptr)
    throw Fault(FaultKind::kUnsupported,
                fmt::format("The function `{}` is not defined.", operands.target->text));
  std::vector<std::uint64_t> values;
  for (const Argument& actual : list(operands.parameters)) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes_of(lane, actual, sizeof value).data(), sizeof value);
    values.push_back(value);
  }
  values.resize(8);
  const std::uint64_t result = provided->function(lane, values);
  for (const Argument& to : list(operands.results)) {
    if (to.kind == ArgumentKind::kPlace)
      std::memcpy(lane.memory(StateSpace::kParam, lane.address(to), to.place->bytes), &result,
                  std::min<std::size_t>(to.place->bytes, sizeof result));
    else
      lane.set(to, result);
  }
}

void call(Lane& lane) {
  const CallOperands operands = split(*lane.step);
  if (operands.target->kind != ArgumentKind::kName)
    return enter(lane, indirect_target(lane, *operands.target), operands);
  unsigned unit = 0;
  const auto* function = lane.machine->program().find_function(lane.thread->frame().code->unit,
                                                               operands.target->text, &unit);
  if (function == nullptr) return call_provided(lane, operands);
  enter(lane, lane.machine->library().code(unit, *function), operands);
}

/// Results go where the call in the frame below says; the bottom frame's return is an exit.
void ret(Lane& lane) {
  Thread& thread = *lane.thread;
  if (thread.frames.size() == 1) return exit_thread(lane);
  const Frame frame = std::move(thread.frames.back());
  thread.frames.pop_back();
  Lane caller(*lane.machine, *lane.block, thread, *frame.call);
  const auto& to = list(split(*frame.call).results);
  for (std::size_t i = 0; i < to.size(); ++i) {
    const Formal& formal = frame.code->results[i];
    if (to[i].kind == ArgumentKind::kPlace && formal.place) {
      const std::uint64_t count = std::min(to[i].place->bytes, formal.place->bytes);
      std::memcpy(caller.memory(StateSpace::kParam, caller.address(to[i]), count),
                  thread.param.data() + frame.param_base + formal.place->offset, count);
    } else if (formal.reg) {
      caller.set(to[i], frame.registers[formal.reg->index]);
    } else {
      Bits value = 0;
      std::memcpy(&value, thread.param.data() + frame.param_base + formal.place->offset,
                  std::min<std::size_t>(formal.place->bytes, sizeof value));
      caller.set(to[i], value);
    }
  }
  thread.local.resize(frame.local_base);
  thread.param.resize(frame.param_base);
  caller.advance();
}

constexpr Row kRows[] = {
    {"bra{.uni}", bra}, {"brx.idx{.uni}", brx}, {"call{.uni}", call},
    {"ret{.uni}", ret}, {"exit", exit_thread},  {"trap", trap},
};

}  // namespace

Rows control_flow_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
