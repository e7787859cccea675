// The system calls of PTX: vprintf, malloc, free, __assertfail.

#include <fmt/format.h>

#include <cstdio>
#include <string_view>

#include "devices/cpu/instance.h"
#include "devices/cpu/printf_format.h"
#include "devices/cpu/scheduler.h"

using namespace cuda_shim::devices::cpu;
using cuda_shim::StatusCode;

namespace {

// More than the C library's allocator and output take. A stack overflow in the middle of them would
// abandon the thread with their locks held.
constexpr std::uintptr_t kSystemCallStack = 8 << 10;

void check_stack(cuda_shim_host_thread* thread) {
  auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (here > stack_end(thread) + kSystemCallStack) [[likely]]
    return;
  scheduler_of(thread).fail(StatusCode::kHardwareStackError,
                            "The thread's stack has no room left for a system call; "
                            "CU_LIMIT_STACK_SIZE or CUDA_SHIM_CPU_STACK gives it more.");
}

}  // namespace

extern "C" {

int32_t cuda_shim_host_vprintf(cuda_shim_host_thread* thread, const char* format,
                               const void* arguments) {
  check_stack(thread);
  if (!format) return -1;
  Scheduler& scheduler = scheduler_of(thread);
  // Formatted before anything is locked: a bad %s faults here, and a fault releases no locks.
  char* text = scheduler.worker().text.get();
  Formatted formatted = format_packed(format, arguments, text, kTextBytes);
  Instance& instance = *scheduler.grid().instance;
  instance.output.append({text, formatted.bytes}, instance.output_limit);
  return formatted.arguments;
}

void* cuda_shim_host_malloc(cuda_shim_host_thread* thread, uint64_t bytes) {
  check_stack(thread);
  Instance& instance = *scheduler_of(thread).grid().instance;
  return instance.heap.allocate(bytes, instance.heap_limit);
}

void cuda_shim_host_free(cuda_shim_host_thread* thread, void* pointer) {
  check_stack(thread);
  if (!pointer || scheduler_of(thread).grid().instance->heap.free(pointer)) return;
  Scheduler& scheduler = scheduler_of(thread);
  scheduler.note_failure(
      {StatusCode::kIllegalAddress,
       fmt::format("free() of {} in a kernel: the address is not a live block of the device heap.",
                   pointer)});
  scheduler.give_up();
}

void cuda_shim_host_assert_fail(cuda_shim_host_thread* thread, const char* message,
                                const char* file, uint32_t line, const char* function,
                                uint64_t char_size) {
  check_stack(thread);
  const cuda_shim_dim3& block = thread->block->ctaid;
  const cuda_shim_dim3& place = thread->tid;
  // The wording and the stream are CUDA's: tests of applications look for it.
  char* text = scheduler_of(thread).worker().text.get();
  int bytes = std::snprintf(
      text, kTextBytes, "%s:%u: %s: block: [%u,%u,%u], thread: [%u,%u,%u] Assertion `%s` failed.\n",
      file ? file : "", line, function ? function : "", block.x, block.y, block.z, place.x, place.y,
      place.z, message ? message : "");
  if (bytes > 0) std::fputs(text, stderr);
  scheduler_of(thread).fail(StatusCode::kAssert, "An assertion failed.");
}
}
