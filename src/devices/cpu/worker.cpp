// Hardened builds replace longjmp by one that refuses to leave a stack for another.
#undef _FORTIFY_SOURCE

#include "devices/cpu/worker.h"

#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "devices/cpu/scheduler.h"

namespace cuda_shim::devices::cpu {
namespace {

// initial-exec: the handler reads it, and the general model may allocate on first use.
__attribute__((tls_model("initial-exec"))) thread_local Worker* t_worker = nullptr;

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

// The handlers that were there before us, and the ones that get what is not ours: those or what the
// application has installed since. Handlers read them at any time, so they are never freed.
const struct sigaction* g_first[64];
std::atomic<const struct sigaction*> g_next[64];

// The signal that this thread is passing on: a handler of the application's may call the one that
// it found, which is ours. Not cleared by a handler that jumps away; a later signal on the same
// stack then has the same context, but the frame of a first call too.
struct Passing {
  const void* context;
  const void* frame;
};
__attribute__((tls_model("initial-exec"))) thread_local Passing t_passing = {};

// Where an interrupted thread was, and where it goes on when the handler returns.
struct Place {
  std::uintptr_t instruction;
  std::uintptr_t stack;
};

#if defined(__x86_64__)
Place place_of(void* context) {
  auto* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  return {static_cast<std::uintptr_t>(registers[REG_RIP]),
          static_cast<std::uintptr_t>(registers[REG_RSP])};
}
void set_place(void* context, const Place& place) {
  auto* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  registers[REG_RIP] = static_cast<greg_t>(place.instruction);
  registers[REG_RSP] = static_cast<greg_t>(place.stack - 8);  // as if a call had been made
}
#else
Place place_of(void* context) {
  const mcontext_t& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
  return {machine.pc, machine.sp};
}
void set_place(void* context, const Place& place) {
  mcontext_t& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
  machine.pc = place.instruction;
  machine.sp = place.stack;
}
#endif

// What the thread goes on with after a fault: on the worker's own stack, since the one that it was
// on may be full.
[[noreturn]] void after_signal() {
  abandon_work(*t_worker);
}

// A worker takes no signal that is sent to the process: the application's handlers run on the
// application's threads. Faults must not be blocked, whatever mask the thread that created this one
// had: the system would end the process.
void set_signal_mask() {
  sigset_t all_but_faults;
  ::sigfillset(&all_but_faults);
  for (int signal : kSignals) ::sigdelset(&all_but_faults, signal);
  ::pthread_sigmask(SIG_SETMASK, &all_but_faults, nullptr);
}

void call(const struct sigaction& handler, int signal, siginfo_t* info, void* context) {
  if (handler.sa_flags & SA_SIGINFO) return handler.sa_sigaction(signal, info, context);
  if (handler.sa_handler != SIG_DFL && handler.sa_handler != SIG_IGN)
    return handler.sa_handler(signal);
  // The instruction runs again without us and ends the process as it would have; a sent signal must
  // be sent again.
  ::sigaction(signal, &handler, nullptr);
  if (info->si_code <= 0) ::raise(signal);
}

// As if our handler had never been there.
void pass_on(int signal, siginfo_t* info, void* context, const void* frame) {
  bool comes_back = t_passing.context == context && t_passing.frame != frame;
  if (comes_back) return call(*g_first[signal], signal, info, context);
  t_passing = {context, frame};
  call(*g_next[signal].load(std::memory_order_acquire), signal, info, context);
  t_passing = {};  // and so the call above is none at the end, which would give up our frame
}

void on_signal(int signal, siginfo_t* info, void* context) {
  Worker* worker = t_worker;
  // si_code <= 0: sent by kill or raise, no fault of the work.
  if (!worker || !worker->guarded || info->si_code <= 0)
    return pass_on(signal, info, context, __builtin_frame_address(0));
  Place place = place_of(context);
  worker->abandonment = {signal, info->si_code, reinterpret_cast<std::uintptr_t>(info->si_addr),
                         place.instruction};
  worker->guarded = false;
  // By returning, not by a jump out of the handler: then nobody (sanitizers, the system) believes
  // that it is still running.
  set_place(context, {reinterpret_cast<std::uintptr_t>(&after_signal), worker->recover_stack});
}

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) && action.sa_sigaction == on_signal;
}

void take_signal(int signal) {
  static std::mutex mutex;  // guards the order of handlers: none is taken for the next twice
  // None is ever freed: another thread may be calling it.
  static auto& replaced = *new std::vector<std::unique_ptr<struct sigaction>>;
  std::lock_guard lock(mutex);
  auto found = std::make_unique<struct sigaction>();
  ::sigaction(signal, nullptr, found.get());
  if (is_ours(*found)) return;
  g_next[signal].store(found.get(), std::memory_order_release);
  replaced.push_back(std::move(found));
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  ::sigaction(signal, &action, nullptr);
}

// Applications install handlers after us, and the faults of kernels would reach those. Who installs
// one takes SIGSEGV among them.
void keep_signals() {
  struct sigaction current;
  ::sigaction(SIGSEGV, nullptr, &current);
  if (is_ours(current)) [[likely]]
    return;
  for (int signal : kSignals) take_signal(signal);
}

// Where the worker's own stack lies.
void find_own_stack(Worker& worker) {
  pthread_attr_t attributes;
  void* bottom = nullptr;
  std::size_t size = 0;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return;
  ::pthread_attr_getstack(&attributes, &bottom, &size);
  ::pthread_attr_getguardsize(&attributes, &worker.stack_guard);
  ::pthread_attr_destroy(&attributes);
  worker.stack_end = reinterpret_cast<std::uintptr_t>(bottom);
#if defined(CUDA_SHIM_ASAN)
  worker.sanitizer.bottom = bottom;
  worker.sanitizer.size = size;
#endif
}

}  // namespace

Worker::Worker() : scheduler(std::make_unique<Scheduler>(*this)), text(new char[kTextBytes]) {
  // A handler cannot run on the stack that has just overflowed.
  constexpr std::size_t kSignalStack = 64 << 10;
  signal_stack = Mapping(kSignalStack, page_bytes(), true);
  stack_t stack = {};
  stack.ss_sp = signal_stack.data();
  stack.ss_size = signal_stack.size();
  if (signal_stack) ::sigaltstack(&stack, nullptr);
  t_worker = this;
  set_signal_mask();
  ::pthread_setname_np(::pthread_self(), "cuda_shim");
#if defined(CUDA_SHIM_TSAN)
  sanitizer.context = __tsan_get_current_fiber();
#endif
  find_own_stack(*this);
  reset_floating_point_mode();
}

Worker::~Worker() {
  stack_t none = {};
  none.ss_flags = SS_DISABLE;
  ::sigaltstack(&none, nullptr);
  t_worker = nullptr;
}

void reset_floating_point_mode() {
  ::fesetenv(FE_DFL_ENV);
}

Worker* current_worker() {
  return t_worker;
}

bool run_guarded(Worker& worker, void (*function)(void*), void* argument) {
  // What lies below this frame is abandoned with the work; the distance covers the frame itself.
  constexpr std::uintptr_t kBelowFrame = 4096;
  auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  worker.recover_stack = (frame - kBelowFrame) & ~std::uintptr_t{63};
  worker.abandonment = {};
  keep_signals();
#if CUDA_SHIM_SANITIZER_FIBERS
  worker.running = &worker.sanitizer;
#endif
  // _setjmp does not save the signal mask (a system call); the handler does not change it
  // (SA_NODEFER).
  if (_setjmp(worker.recover) == 0) {
    worker.guarded = true;
    function(argument);
    worker.guarded = false;
    return true;
  }
  worker.guarded = false;
#if CUDA_SHIM_SANITIZER_FIBERS
  if (worker.running != &worker.sanitizer) complete_switch(worker.sanitizer);
#endif
  return false;
}

void abandon_work(Worker& worker) {
  worker.guarded = false;
#if CUDA_SHIM_SANITIZER_FIBERS
  if (worker.running != &worker.sanitizer)
    announce_switch(*worker.running, worker.sanitizer, /*ends=*/true);
#endif
  _longjmp(worker.recover, 1);
}

void install_fault_handlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    for (int signal : kSignals) {
      auto* first = new struct sigaction;
      ::sigaction(signal, nullptr, first);
      g_first[signal] = first;
      take_signal(signal);
    }
  });
}

}  // namespace cuda_shim::devices::cpu
