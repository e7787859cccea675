#pragma once
// Sleeping on a word of memory. Wakes a sleeping thread in half the time of a condition variable,
// and does it without a lock.

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace cuda_shim::devices::cpu {

using FutexWord = std::atomic<std::uint32_t>;

/// Sleeps while `word` is `value`, at most `nanoseconds` (0: for ever). May return early.
inline void futex_wait(FutexWord& word, std::uint32_t value, std::int64_t nanoseconds = 0) {
  timespec span = {nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nanoseconds ? &span : nullptr, nullptr, 0);
}

/// Wakes up to `count` sleepers. Only the address is used: the word may be gone.
inline void futex_wake(FutexWord* word, int count) {
  ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

}  // namespace cuda_shim::devices::cpu
