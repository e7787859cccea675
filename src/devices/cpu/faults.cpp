// From a signal, or a kernel's own wish to end, to the fault record and its sentence; and what a
// block that cannot go on waits for.

#include <fmt/format.h>
#include <signal.h>

#include <bit>

#include "devices/cpu/instance.h"
#include "devices/cpu/scheduler.h"

namespace cuda_shim::devices::cpu {
namespace {

StatusCode code_of(const Abandonment& end, bool in_guard) {
  switch (end.signal) {
    case SIGSEGV:
      if (in_guard) return StatusCode::kHardwareStackError;
      return end.address == end.instruction ? StatusCode::kInvalidPc : StatusCode::kIllegalAddress;
    case SIGBUS:
      return end.code == BUS_ADRALN ? StatusCode::kMisalignedAddress : StatusCode::kIllegalAddress;
    case SIGILL:
      return StatusCode::kIllegalInstruction;
    default:
      return StatusCode::kLaunchFailed;
  }
}

std::string sentence_of(const Abandonment& end, StatusCode code) {
  if (code == StatusCode::kHardwareStackError)
    return fmt::format(
        "The thread's stack overflowed at address {:#x}; CU_LIMIT_STACK_SIZE or "
        "CUDA_SHIM_CPU_STACK gives it more.",
        end.address);
  switch (end.signal) {
    case SIGSEGV:
      // x86 does not say which address it was.
      if (end.code == SI_KERNEL)
        return "The kernel accessed a vector at a misaligned address, or something that is no "
               "address at all; CUDA_SHIM_CHECK=alignment tells them apart.";
      [[fallthrough]];
    case SIGBUS:
      return fmt::format("The kernel touched address {:#x}, which is not accessible.", end.address);
    case SIGFPE:
      return "The kernel raised an arithmetic exception of the host.";
    case SIGILL:
      return "The kernel reached an instruction that the host does not have or that marks "
             "unreachable code.";
    default:
      return fmt::format("The kernel raised signal {}.", end.signal);
  }
}

// Threads of a kernel without fibers run on the worker's own stack; an overflow lands just below
// it.
bool is_worker_stack_overflow(const Worker& worker, std::uintptr_t address) {
  return address < worker.stack_end + page_bytes() &&
         address + worker.stack_guard + page_bytes() >= worker.stack_end;
}

std::string place_in_code(const KernelCode& kernel, std::uintptr_t instruction) {
  if (!kernel.code.contains(instruction)) return {};
  return fmt::format(" The instruction is at offset {:#x} of the kernel's code.",
                     instruction - kernel.code.base());
}

std::string name_threads(std::uint32_t count) {
  return count == 1 ? "1 thread waits" : fmt::format("{} threads wait", count);
}

}  // namespace

void Scheduler::report_fault() {
  const Abandonment& end = worker_.abandonment;
  if (end.signal == 0 && failure_code_ == StatusCode::kOk)
    return;  // it only left a grid that had ended
  bool in_guard = false;
  if (end.signal == SIGSEGV) {
    in_guard = !has_fibers_ && is_worker_stack_overflow(worker_, end.address);
    for (const Block* block : live_) in_guard |= block->in_stack_guard(end.address);
  }
  cuda_shim_fault fault = {};
  StatusCode code = end.signal ? code_of(end, in_guard) : failure_code_;
  fault.code = static_cast<cuda_shim_status>(code);
  fault.kernel = grid_->kernel->name.c_str();
  fault.address = end.signal == SIGSEGV || end.signal == SIGBUS ? end.address : 0;
  if (current_) {
    fault.thread = current_->tid;
    fault.block = current_->block->ctaid;
  }
  std::string sentence = end.signal ? sentence_of(end, code) : failure_;
  sentence += place_in_code(*grid_->kernel, end.instruction);
  grid_->instance->record_fault(fault, sentence);
  failure_code_ = StatusCode::kOk;
}

std::string describe_waiting(const Block& block) {
  std::string text;
  for (std::uint32_t id = 0; id < kBarriers; ++id) {
    const Barrier& barrier = block.barriers[id];
    std::uint32_t waiting = 0;
    for (const Fiber* fiber = barrier.waiting.head; fiber; fiber = fiber->next) ++waiting;
    if (waiting == 0) continue;
    const cuda_shim_dim3& first = barrier.waiting.head->thread.tid;
    text += fmt::format("{} at barrier {} ({} of {} arrived), the first is ({},{},{}). ",
                        name_threads(waiting), id, barrier.arrived,
                        barrier.count ? barrier.count : block.alive, first.x, first.y, first.z);
  }
  for (std::uint32_t w = 0; w * kWarpSize < block.threads; ++w) {
    const Warp& warp = block.warps[w];
    if (!warp.waiting) continue;
    const LanePost& post = warp.posts[std::countr_zero(warp.waiting)];
    text += fmt::format(
        "In warp {} lanes {:#010x} wait in a warp operation; the first of them for members "
        "{:#010x}, "
        "of which {:#010x} live. ",
        w, warp.waiting, post.members, post.members & warp.alive);
  }
  if (!text.empty()) text.pop_back();
  return text;
}

}  // namespace cuda_shim::devices::cpu
