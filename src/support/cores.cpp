#include "support/cores.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace cuda_shim::support {
namespace {

constexpr unsigned kUnlimited = ~0u;

/// A group's "MICROSECONDS PERIOD" or "max PERIOD" (cgroups, version 2); unlimited if there is
/// none.
unsigned granted_in(const std::string& path) {
  std::ifstream file(path);
  double granted = 0, period = 0;
  if (!(file >> granted >> period) || period <= 0) return kUnlimited;
  return std::max(1u, static_cast<unsigned>(granted / period));
}

unsigned granted_by_groups() {
  unsigned least = granted_in("/sys/fs/cgroup/cpu.max");
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!line.starts_with("0::/")) continue;
    for (std::string path = line.substr(3); path.size() > 1; path.resize(path.rfind('/')))
      least = std::min(least, granted_in("/sys/fs/cgroup" + path + "/cpu.max"));
  }
  return least;
}

}  // namespace

unsigned usable_cores() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0)
    return std::max(1u, static_cast<unsigned>(CPU_COUNT(&set)));
  return std::max(1u, static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN)));
}

unsigned granted_cores() {
  return std::min(usable_cores(), granted_by_groups());
}

}  // namespace cuda_shim::support
