#include "devices/cpu/machine.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "cuda_shim/host_abi.h"
#include "support/cores.h"

namespace cuda_shim::devices::cpu {
namespace {

// Value of the first line of a /proc file that begins with `key`, without what separates them.
std::string value_of(const char* file, std::string_view key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(key)) continue;
    std::size_t start = line.find_first_not_of(" \t:", key.size());
    return start == std::string::npos ? std::string() : line.substr(start);
  }
  return {};
}

// The limit in a control group's file; UINT64_MAX for "max", absent or unreadable.
std::uint64_t limit_in(const std::string& file) {
  std::ifstream stream(file);
  std::uint64_t bytes = 0;
  return stream >> bytes ? bytes : UINT64_MAX;
}

// The smallest limit on the way from this process's control group to the root, in either version of
// the interface.
std::uint64_t control_group_limit() {
  std::uint64_t least = std::min(limit_in("/sys/fs/cgroup/memory.max"),
                                 limit_in("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    std::size_t path_start = line.rfind(':');
    bool v2 = line.starts_with("0::"), v1 = line.find(":memory:") != std::string::npos;
    if (path_start == std::string::npos || (!v1 && !v2)) continue;
    std::string root = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    std::string_view file = v2 ? "/memory.max" : "/memory.limit_in_bytes";
    for (std::string path = line.substr(path_start + 1); path.size() > 1;
         path.resize(path.rfind('/')))
      least = std::min(least, limit_in(root + path + std::string(file)));
  }
  return least;
}

std::int64_t monotonic_nanoseconds() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

// The rate of the clock counter against the system's, to 0.1%: half a millisecond, once.
std::uint32_t measure_clock_khz() {
  constexpr std::int64_t kSpan = 500'000;
  cuda_shim_host_clock();  // the first call may wait for a page of code, or for an emulator
  std::int64_t start = monotonic_nanoseconds(), now = start;
  std::uint64_t ticks = cuda_shim_host_clock();
  while (now - start < kSpan) now = monotonic_nanoseconds();
  ticks = cuda_shim_host_clock() - ticks;
  std::uint64_t khz = ticks * 1'000'000 / static_cast<std::uint64_t>(now - start);
  return static_cast<std::uint32_t>((khz + 500) / 1000 * 1000);
}

Machine examine() {
  Machine found;
  found.name = value_of("/proc/cpuinfo", "model name");
  if (found.name.empty()) found.name = "Host CPU";
  auto physical = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                  static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  found.memory = std::min(physical, control_group_limit());
  found.cores = support::usable_cores();
  found.clock_khz = measure_clock_khz();
  long cache = std::max(::sysconf(_SC_LEVEL3_CACHE_SIZE), ::sysconf(_SC_LEVEL2_CACHE_SIZE));
  found.l2_bytes = cache > 0 ? static_cast<std::uint32_t>(std::min(cache, 1l << 30)) : 1u << 20;
  return found;
}

}  // namespace

const Machine& machine() {
  static const auto* found = new Machine(examine());
  return *found;
}

std::uint64_t available_memory() {
  std::string text = value_of("/proc/meminfo", "MemAvailable");
  return text.empty() ? UINT64_MAX : std::strtoull(text.c_str(), nullptr, 10) * 1024;
}

}  // namespace cuda_shim::devices::cpu
