#include "ptx/interpreter/machine.h"

#include <fmt/format.h>

#include <cstring>
#include <set>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {
namespace {

constexpr std::uint64_t kMaximumRounds = 2'000'000;
constexpr std::size_t kMaximumFrames = 1000;
constexpr std::uint64_t kDynamicAlignment = 16;

std::shared_ptr<const kernels::Program> open(const Launch& launch) {
  auto program = kernels::Program::from_ptx({{"ptx", launch.text}});
  if (!program) throw Fault(FaultKind::kInvalid, std::string(program.error().message()));
  return *program;
}

unsigned volume(const unsigned (&size)[3]) {
  return size[0] * size[1] * size[2];
}

void unflatten(unsigned index, const unsigned* size, unsigned (&id)[3]) {
  id[0] = index % size[0];
  id[1] = index / size[0] % size[1];
  id[2] = index / size[0] / size[1];
}

}  // namespace

Machine::Machine(const Launch& launch) : launch_(launch), library_(open(launch)) {
  module_ = program().initial_memory();
  for (const kernels::AddressFixup& fixup : program().fixups()) {
    const std::uint64_t address = module_base() + fixup.target;
    std::memcpy(module_.data() + fixup.offset, &address, sizeof address);
  }
  launch_.memory.push_back({module_base(), module_.size()});
  make_blocks();
}

// Every function that may be called is made ready before the first step, because their shared
// variables are part of the block's memory.
void Machine::prepare_callees(const Code& kernel) {
  std::vector<const Code*> found = {&kernel};
  std::set<const Code*> seen;
  for (const auto& each : program().addressed_functions())
    found.push_back(&library_.code(each.unit, *each.function));
  while (!found.empty()) {
    const Code* code = found.back();
    found.pop_back();
    if (!seen.insert(code).second) continue;
    for (const Step& step : code->steps)
      for (const Argument& argument : step.arguments) {
        unsigned unit = 0;
        if (argument.kind != ArgumentKind::kName) continue;
        if (const auto* callee = program().find_function(code->unit, argument.text, &unit))
          found.push_back(&library_.code(unit, *callee));
      }
  }
}

void Machine::make_blocks() {
  const kernels::ProgramKernel* kernel = program().kernel(launch_.kernel);
  if (kernel == nullptr)
    throw Fault(FaultKind::kInvalid, fmt::format("There is no kernel `{}`.", launch_.kernel));
  for (const auto& directive : kernel->function->directives)
    if (directive.name == "reqnctapercluster")
      for (std::size_t i = 0; i < directive.values.size() && i < 3; ++i)
        cluster_size_[i] = static_cast<unsigned>(directive.values[i]);
  const Code& code = library_.code(kernel->unit, *kernel->function);
  prepare_callees(code);
  dynamic_shared_ = (library_.shared_bytes() + kDynamicAlignment - 1) & ~(kDynamicAlignment - 1);
  blocks_.resize(volume(launch_.grid));
  for (unsigned i = 0; i < blocks_.size(); ++i) {
    Block& block = blocks_[i];
    unflatten(i, launch_.grid, block.id);
    const unsigned* id = block.id;
    const unsigned* size = cluster_size_;
    block.rank = id[0] % size[0] + size[0] * (id[1] % size[1] + size[1] * (id[2] % size[2]));
    block.cluster =
        id[0] / size[0] + launch_.grid[0] * (id[1] / size[1] + launch_.grid[1] * (id[2] / size[2]));
    block.shared.resize(dynamic_shared_ + launch_.shared_bytes);
    make_threads(block, code);
  }
}

void Machine::make_threads(Block& block, const Code& kernel) {
  block.threads.resize(volume(launch_.block));
  for (unsigned i = 0; i < block.threads.size(); ++i) {
    Thread& thread = block.threads[i];
    unflatten(i, launch_.block, thread.id);
    thread.lane = i % kWarpSize;
    thread.warp = i / kWarpSize;
    push_frame(thread, kernel);
    if (launch_.arguments.size() != kernel.parameters.size())
      throw Fault(FaultKind::kInvalid,
                  fmt::format("The kernel has {} parameters, the launch gives {}.",
                              kernel.parameters.size(), launch_.arguments.size()));
    for (std::size_t p = 0; p < launch_.arguments.size(); ++p) {
      const auto& bytes = launch_.arguments[p];
      const Place& place = *kernel.parameters[p].place;
      std::memcpy(thread.param.data() + place.offset, bytes.data(),
                  std::min<std::size_t>(bytes.size(), place.bytes));
    }
  }
}

void Machine::push_frame(Thread& thread, const Code& code) {
  if (thread.frames.size() >= kMaximumFrames)
    throw Fault(FaultKind::kTrap, "The call stack is too deep.");
  Frame frame;
  frame.code = &code;
  frame.registers.resize(code.registers);
  frame.local_base = (thread.local.size() + 15) / 16 * 16;
  frame.param_base = (thread.param.size() + 15) / 16 * 16;
  thread.local.resize(frame.local_base + code.local_bytes);
  thread.param.resize(frame.param_base + code.param_bytes);
  thread.frames.push_back(std::move(frame));
}

void Machine::run() {
  for (bool alive = true; alive;) {
    if (++rounds_ > kMaximumRounds)
      throw Fault(FaultKind::kStepLimit, "The kernel does not come to an end.");
    bool moved = false;
    for (Block& block : blocks_) moved |= step_block(block);
    for (Block& block : blocks_) moved |= release(block);
    alive = false;
    for (Block& block : blocks_)
      for (Thread& thread : block.threads) alive |= !thread.exited;
    if (alive && !moved)
      throw Fault(FaultKind::kDeadlock, "Every thread that is left waits for another.");
  }
}

bool Machine::step_block(Block& block) {
  for (Thread& thread : block.threads) thread.round_step = thread.runs() ? &thread.step() : nullptr;
  bool moved = false;
  for (Thread& thread : block.threads) {
    if (!thread.runs()) continue;
    step(block, thread);
    moved = true;
  }
  return moved;
}

void Machine::step(Block& block, Thread& thread) {
  const Step& step = thread.step();
  Lane lane(*this, block, thread, step);
  try {
    if (step.guard && lane.guard() == step.source->guard_negated) {
      lane.advance();
    } else if (step.row->all != nullptr) {
      thread.waiting = Waiting::kForWarp;
    } else {
      const unsigned pc = thread.frame().pc;
      const std::size_t depth = thread.frames.size();
      step.row->one(lane);
      // Branches, calls and returns have moved already; who waits stays where it is.
      if (thread.runs() && !lane.jumped() && thread.frames.size() == depth &&
          thread.frame().pc == pc)
        lane.advance();
    }
  } catch (const Fault& fault) {
    throw Fault(fault.kind, fmt::format("Line {}, thread ({}, {}, {}): {} `{}`",
                                        step.source->location.line, thread.id[0], thread.id[1],
                                        thread.id[2], fault.what(), step.source->text));
  }
}

bool Machine::release(Block& block) {
  bool moved = release_warps(*this, block);
  moved |= release_barriers(*this, block);
  moved |= release_clusters(*this, block);
  return moved;
}

std::uint64_t Machine::allocate(std::uint64_t bytes) {
  std::vector<std::byte> memory(bytes == 0 ? 1 : bytes);
  const auto address = reinterpret_cast<std::uint64_t>(memory.data());
  heap_.emplace(address, std::move(memory));
  return address;
}

void Machine::free(std::uint64_t address) {
  if (address != 0 && heap_.erase(address) == 0)
    throw Fault(FaultKind::kUndefined, "Memory is freed that was not allocated.");
}

std::byte* Machine::global(std::uint64_t address, std::uint64_t bytes) {
  const auto lies_in = [&](std::uint64_t begin, std::uint64_t size) {
    return address >= begin && bytes <= size && address - begin <= size - bytes;
  };
  for (const MemoryRange& range : launch_.memory)
    if (lies_in(range.address, range.bytes)) return reinterpret_cast<std::byte*>(address);
  for (auto& [begin, memory] : heap_)
    if (lies_in(begin, memory.size())) return reinterpret_cast<std::byte*>(address);
  throw Fault(FaultKind::kIllegalAddress,
              fmt::format("The address {:#x} ({} bytes) is not mapped.", address, bytes));
}

}  // namespace cuda_shim::tests::interpreter
