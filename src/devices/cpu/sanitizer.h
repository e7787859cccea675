#pragma once
// What AddressSanitizer and ThreadSanitizer must be told when a fiber is switched. Nothing in other
// builds.

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CUDA_SHIM_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define CUDA_SHIM_TSAN 1
#endif
#endif

#if defined(CUDA_SHIM_ASAN) || defined(CUDA_SHIM_TSAN)
#define CUDA_SHIM_SANITIZER_FIBERS 1
#else
#define CUDA_SHIM_SANITIZER_FIBERS 0
#endif

#if defined(CUDA_SHIM_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(CUDA_SHIM_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

#include <cstddef>

namespace cuda_shim::devices::cpu {

#if CUDA_SHIM_SANITIZER_FIBERS
/// What a sanitizer keeps of one stack: a fiber's or a worker's own.
struct SanitizerFiber {
  void* fake_stack = nullptr;
  const void* bottom = nullptr;
  std::size_t size = 0;
  void* context = nullptr;  // ThreadSanitizer's
};

/// Before a stack that ended is started again. What ThreadSanitizer noted of the functions that it
/// never left goes, too.
inline void renew(SanitizerFiber& fiber) {
  fiber.fake_stack = nullptr;
#if defined(CUDA_SHIM_TSAN)
  if (fiber.context) __tsan_destroy_fiber(fiber.context);
  fiber.context = nullptr;
#endif
}

/// Before the switch from `from` to `to`. `ends`: `from` is never resumed. Always inline:
/// ThreadSanitizer notes entry and exit of functions, and would note the exit in the other fiber.
[[gnu::always_inline]] inline void announce_switch(SanitizerFiber& from, SanitizerFiber& to,
                                                   bool ends) {
#if defined(CUDA_SHIM_ASAN)
  __sanitizer_start_switch_fiber(ends ? nullptr : &from.fake_stack, to.bottom, to.size);
#endif
#if defined(CUDA_SHIM_TSAN)
  if (!to.context) to.context = __tsan_create_fiber(0);
  __tsan_switch_to_fiber(to.context, 0);
#endif
}

/// First thing on the stack that was switched to. The first call of a fiber passes its own, empty
/// state.
[[gnu::always_inline]] inline void complete_switch(SanitizerFiber& self) {
#if defined(CUDA_SHIM_ASAN)
  __sanitizer_finish_switch_fiber(self.fake_stack, nullptr, nullptr);
#endif
}
#endif

}  // namespace cuda_shim::devices::cpu
