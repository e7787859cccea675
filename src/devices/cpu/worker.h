#pragma once
// A worker: one thread of the operating system that executes device work, and how a fault in that
// work gets back to it.
//
// Kernel code, and copies between addresses that an application made up, may touch memory that is
// not there. Such work runs inside run_guarded: a signal that it raises, and any of its own wishes
// to end (trap, assert), abandons it and returns to the worker.

#include <setjmp.h>

#include <cstdint>
#include <memory>

#include "devices/cpu/mapping.h"
#include "devices/cpu/sanitizer.h"

namespace cuda_shim::devices::cpu {

class Scheduler;

/// Why guarded work ended early.
struct Abandonment {
  int signal = 0;              ///< 0: the work itself asked
  int code = 0;                ///< si_code
  std::uintptr_t address = 0;  ///< that was touched
  std::uintptr_t instruction = 0;
};

struct Worker {
  Worker();
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  std::uint32_t number = 0;       ///< as long as the thread lives; two may have the same
  volatile bool guarded = false;  ///< a signal now belongs to device work
  jmp_buf recover;
  std::uintptr_t recover_stack =
      0;  ///< part of the worker's own stack that is free once the work is abandoned
  std::uintptr_t stack_end = 0;  ///< lowest address of the worker's own stack
  std::size_t stack_guard = 0;   ///< bytes below it that fault
  Abandonment abandonment;
  std::unique_ptr<Scheduler> scheduler;
  Mapping signal_stack;
  std::unique_ptr<char[]> text;  ///< where printf output of a kernel is put together
#if CUDA_SHIM_SANITIZER_FIBERS
  SanitizerFiber sanitizer;
  SanitizerFiber* running = nullptr;  ///< stack that guarded work runs on
#endif
};

/// The calling thread's worker, or null on threads that are not ours.
Worker* current_worker();

/// Round to nearest, denormal numbers kept: what kernels are translated for. A thread inherits the
/// mode of the one that starts it, and the application's functions may change it.
void reset_floating_point_mode();

/// Calls function(argument); false if it was abandoned, then worker.abandonment says why. Objects
/// on its stack are not destroyed.
bool run_guarded(Worker& worker, void (*function)(void*), void* argument);

/// Leaves run_guarded from within, on whatever stack.
[[noreturn]] void abandon_work(Worker& worker);

/// Installs the signal handlers, once. Signals that are not ours go on to the application's
/// handlers: those from before, or those that it installed later, before which run_guarded puts
/// ours again.
void install_fault_handlers();

}  // namespace cuda_shim::devices::cpu
