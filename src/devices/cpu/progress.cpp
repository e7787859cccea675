// Progress and end of a thread, and the clocks.

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <atomic>

#include "devices/cpu/pause.h"
#include "devices/cpu/scheduler.h"

namespace cuda_shim::devices::cpu {
namespace {

constexpr std::uint32_t kShortSleep = 1000;

std::uint64_t nanoseconds_of(clockid_t clock) {
  timespec now = {};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(now.tv_nsec);
}

const char* describe_trap(StatusCode code) {
  switch (code) {
    case StatusCode::kIllegalAddress:
      return "The kernel detected an illegal address.";
    case StatusCode::kMisalignedAddress:
      return "The kernel accessed an address that is not a multiple of the access's size.";
    case StatusCode::kAssert:
      return "The kernel reported a failed assertion.";
    default:
      return "The kernel executed a trap instruction.";
  }
}

}  // namespace
}  // namespace cuda_shim::devices::cpu

using namespace cuda_shim::devices::cpu;
using cuda_shim::StatusCode;

extern "C" {

void cuda_shim_host_yield(cuda_shim_host_thread* thread) {
  // The loop reads memory that another worker may change: the compiler of the kernel sees an opaque
  // call, and so does hardware.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  scheduler_of(thread).yield(thread);
}

void cuda_shim_host_await_turn(cuda_shim_host_thread* thread) {
  block_of(thread).yielded.push(fiber_of(thread));
}

// At most 1 ms, as the manual says. The duration is a hint between 0 and twice the amount: short
// sleeps are there to keep the traffic of a GPU's spinning warps down, and end as soon as everybody
// else has had a turn.
uint64_t cuda_shim_host_end_of_sleep(uint32_t nanoseconds) {
  if (nanoseconds <= kShortSleep) return 0;
  return nanoseconds_of(CLOCK_MONOTONIC) + std::min(nanoseconds, 1'000'000u);
}

bool cuda_shim_host_is_to_come(uint64_t end) {
  return end != 0 && nanoseconds_of(CLOCK_MONOTONIC) < end;
}

void cuda_shim_host_nanosleep(cuda_shim_host_thread* thread, uint32_t nanoseconds) {
  const std::uint64_t end = cuda_shim_host_end_of_sleep(nanoseconds);
  do scheduler_of(thread).yield(thread);
  while (cuda_shim_host_is_to_come(end));
}

void cuda_shim_host_exit_thread(cuda_shim_host_thread* thread) {
  Scheduler& scheduler = scheduler_of(thread);
  if (!scheduler.has_fibers())
    scheduler.fail(
        StatusCode::kLaunchFailed,
        "The kernel exits from within a called function but was translated as one that does not.");
  scheduler.finish(fiber_of(thread));
}

void cuda_shim_host_trap(cuda_shim_host_thread* thread, int32_t code) {
  auto status = code == 0 ? StatusCode::kLaunchFailed : static_cast<StatusCode>(code);
  scheduler_of(thread).fail(status, describe_trap(status));
}

// A counter of the machine's own, near the rate that the device's properties state.
uint64_t cuda_shim_host_clock(void) {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  // It runs at 24 MHz on one machine and at 1 GHz on another; programs that wait for so many cycles
  // mean those of a GPU.
  uint64_t ticks, hertz;
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  asm("mrs %0, cntfrq_el0" : "=r"(hertz));
  constexpr uint64_t kLeastHertz = 1'000'000'000;
  return hertz == 0 || hertz >= kLeastHertz ? ticks : ticks * (kLeastHertz / hertz);
#endif
}

uint64_t cuda_shim_host_globaltimer(void) {
  return nanoseconds_of(CLOCK_REALTIME);
}
}
