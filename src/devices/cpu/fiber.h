#pragma once
// A fiber: one CUDA thread, or group of threads, with a stack of its own or a frame to be resumed
// with, and the lists that the scheduler keeps them in.
//
// The structure is one cache line and starts with what translated code sees, so that the pointer it
// passes back is the fiber.

#include <cstddef>
#include <cstdint>

#include "cuda_shim/host_abi.h"
#include "devices/cpu/sanitizer.h"

namespace cuda_shim::devices::cpu {

/// `thread.frame`: where a fiber with a stack was left; meaningless while it runs.
struct alignas(64) Fiber {
  cuda_shim_host_thread thread;
  Fiber* next;         ///< in whatever list it is in; a fiber is in one at most
  std::uint32_t site;  ///< low half of the return address of the call that it waits in (activemask)
  std::uint32_t result;  ///< what a barrier with reduction, or activemask, gives this thread
#if CUDA_SHIM_SANITIZER_FIBERS
  SanitizerFiber sanitizer;
#endif
};

#if !CUDA_SHIM_SANITIZER_FIBERS
static_assert(sizeof(Fiber) == 64, "A fiber is one cache line.");
#endif

/// First in, first out.
struct FiberList {
  Fiber* head = nullptr;
  Fiber* tail = nullptr;

  bool empty() const { return head == nullptr; }

  void push(Fiber* fiber) {
    fiber->next = nullptr;
    if (head)
      tail->next = fiber;
    else
      head = fiber;
    tail = fiber;
  }

  Fiber* pop() {
    Fiber* fiber = head;
    if (fiber) head = fiber->next;
    return fiber;
  }

  /// Moves all of `other` to the end.
  void append(FiberList& other) {
    if (!other.head) return;
    if (head)
      tail->next = other.head;
    else
      head = other.head;
    tail = other.tail;
    other.head = nullptr;
  }
};

extern "C" {
/// Leaves the running stack at `*save` and goes on at `load`.
void cuda_shim_fiber_switch(void** save, void* load);
void cuda_shim_fiber_start();
}

/// Prepares a stack that ends at `top` (16-byte aligned) so that the first switch to the result
/// calls function(argument).
inline void* prepare_stack(unsigned char* top, void (*function)(void*), void* argument) {
#if defined(__x86_64__)
  // Popped by the switch: r15 r14 r13 r12 rbx rbp, then the return address. The start routine is
  // entered as if jumped to, with the stack 16-byte aligned, as its own call expects.
  constexpr std::size_t kWords = 7;
  auto** frame = reinterpret_cast<void**>(top - 8 * (kWords + 2));
  frame[0] = frame[1] = frame[4] = frame[5] = nullptr;
  frame[2] = reinterpret_cast<void*>(function);  // r13
  frame[3] = argument;                           // r12
  frame[6] = reinterpret_cast<void*>(&cuda_shim_fiber_start);
  frame[7] = nullptr;
#elif defined(__aarch64__)
  auto* frame = reinterpret_cast<void**>(top - 160);
  for (int i = 0; i < 20; ++i) frame[i] = nullptr;
  frame[0] = argument;                                          // x19
  frame[1] = reinterpret_cast<void*>(function);                 // x20
  frame[11] = reinterpret_cast<void*>(&cuda_shim_fiber_start);  // x30
#endif
  return frame;
}

}  // namespace cuda_shim::devices::cpu
