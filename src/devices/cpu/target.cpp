// What the translator must produce for this machine, from cpuid, or the system's word, alone: the
// device knows nothing of LLVM but the names of its features.
//
// The processor is named by its level (x86-64-v1 to v4; any AArch64), not by its model: code for a
// level plus a list of features is the same on any machine with the same answers, which is what a
// cache key needs.

#include <cstdio>
#include <cstring>
#include <string>

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include "devices/cpu/machine.h"
#include "support/log.h"
#include "support/options.h"

namespace cuda_shim::devices::cpu {
namespace {

void put(char* to, std::size_t capacity, const std::string& text) {
  std::snprintf(to, capacity, "%s", text.c_str());
}

#if defined(__x86_64__)

struct Level {
  const char* name;
  bool present;
};

/// The highest level that the machine has and the user allows.
std::string level() {
  __builtin_cpu_init();
  const Level levels[] = {{"x86-64-v4", __builtin_cpu_supports("x86-64-v4") != 0},
                          {"x86-64-v3", __builtin_cpu_supports("x86-64-v3") != 0},
                          {"x86-64-v2", __builtin_cpu_supports("x86-64-v2") != 0}};
  const std::string most = support::option_text(support::Option::CPU_LEVEL);
  bool allowed = most.empty();
  for (const Level& level : levels) {
    allowed |= level.name == most;
    if (allowed && level.present) return level.name;
  }
  if (!allowed && most != "x86-64")
    CUDA_SHIM_LOG(kWarning,
                  "CUDA_SHIM_CPU_LEVEL={} names no level of processors; kernels use none.", most);
  return "x86-64";
}

// Features beyond the level are added by name; LLVM's name first, then the compiler's, where the
// builtin wants a literal.
/// Without a limit only: what lies between two levels is part of neither.
std::string features() {
  if (*support::option_text(support::Option::CPU_LEVEL) != 0) return "";
  std::string list;
  auto add = [&list](const char* name, bool present) {
    if (!present) return;
    list += list.empty() ? "+" : ",+";
    list += name;
  };
#define CUDA_SHIM_FEATURE(llvm, compiler) add(llvm, __builtin_cpu_supports(compiler));
#include "devices/cpu/x86_64_features.def"
#undef CUDA_SHIM_FEATURE
  return list;
}

constexpr const char* kTriple = "x86_64-unknown-linux-gnu";

#elif defined(__aarch64__)

/// What every AArch64 has: the level below which there is none.
constexpr const char* kLeastLevel = "armv8-a";

std::string level() {
  const std::string most = support::option_text(support::Option::CPU_LEVEL);
  if (!most.empty() && most != kLeastLevel)
    CUDA_SHIM_LOG(kWarning, "CUDA_SHIM_CPU_LEVEL={} names no level of processors; kernels use {}.",
                  most, kLeastLevel);
  return "generic";
}

std::string features() {
  std::string list = "+neon";
  if (*support::option_text(support::Option::CPU_LEVEL) != 0) return list;
  const std::uint64_t has = ::getauxval(AT_HWCAP);
#define CUDA_SHIM_FEATURE(llvm, bits) \
  if ((has & (bits)) == (bits)) list += ",+" llvm;
#include "devices/cpu/aarch64_features.def"
#undef CUDA_SHIM_FEATURE
  return list;
}

constexpr const char* kTriple = "aarch64-unknown-linux-gnu";

#endif

}  // namespace

void describe_target(cuda_shim_target* target) {
  put(target->triple, sizeof(target->triple), kTriple);
  put(target->cpu, sizeof(target->cpu), level());
  put(target->features, sizeof(target->features), features());
}

}  // namespace cuda_shim::devices::cpu
