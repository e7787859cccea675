#pragma once
// The machine's hint that a loop waits for another core.

namespace cuda_shim::devices::cpu {

inline void cpu_pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

}  // namespace cuda_shim::devices::cpu
