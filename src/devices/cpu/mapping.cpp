#include "devices/cpu/mapping.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

namespace cuda_shim::devices::cpu {
namespace {

// Guards that were made by mprotect, which splits a mapping in three: a process may have about
// 65,000 mappings, and the application needs half of them.
std::atomic<std::int64_t> g_splits{0};

std::int64_t most_splits() {
  static const std::int64_t most = [] {
    std::ifstream file("/proc/sys/vm/max_map_count");
    std::int64_t mappings = 65530;
    file >> mappings;
    return mappings / 4;
  }();
  return most;
}

}  // namespace

std::size_t page_bytes() {
  static const std::size_t bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

Mapping::Mapping(std::size_t bytes, std::size_t alignment, bool guarded, std::size_t shift) {
  std::size_t page = page_bytes();
  if (bytes == 0 || bytes > SIZE_MAX / 4 || alignment > SIZE_MAX / 4) return;
  std::size_t size = round_up(bytes, page);
  std::size_t guard = guarded ? page : 0;
  std::size_t slack = alignment > page ? alignment : 0;
  // Twice, as the system may fill its address space from either end.
  std::size_t total = size + 2 * guard + slack + 2 * shift;
  // Reserved without access first, so that guards and slack cost no memory and need no second call.
  void* base = ::mmap(nullptr, total, guarded ? PROT_NONE : PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return;
  std::uintptr_t start = reinterpret_cast<std::uintptr_t>(base) + guard;
  start = round_up(start, alignment > page ? alignment : page) + shift;
  if (guarded && ::mprotect(reinterpret_cast<void*>(start), size, PROT_READ | PROT_WRITE) != 0) {
    ::munmap(base, total);
    return;
  }
  data_ = reinterpret_cast<unsigned char*>(start);
  size_ = size;
  reserved_ = base;
  reserved_size_ = total;
}

Mapping::~Mapping() {
  if (reserved_) ::munmap(reserved_, reserved_size_);
  g_splits.fetch_sub(splits_, std::memory_order_relaxed);
}

bool Mapping::place_guard(std::size_t offset, std::size_t bytes) {
#if !defined(MADV_GUARD_INSTALL)
  constexpr int kGuardInstall = 102;  // Linux 6.13; keeps the mapping in one piece
#else
  constexpr int kGuardInstall = MADV_GUARD_INSTALL;
#endif
  // An emulator of user programs may say yes to any advice and do nothing.
  constexpr int kNoAdvice = 0x7fffffff;
  static const bool is_heard = ::madvise(data_ + offset, bytes, kNoAdvice) != 0;
  if (is_heard && ::madvise(data_ + offset, bytes, kGuardInstall) == 0) return true;
  if (g_splits.fetch_add(1, std::memory_order_relaxed) >= most_splits()) {
    g_splits.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  ++splits_;
  return ::mprotect(data_ + offset, bytes, PROT_NONE) == 0;
}

}  // namespace cuda_shim::devices::cpu
