#include "kernels/cache/settings.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "support/cores.h"
#include "support/log.h"
#include "support/number.h"
#include "support/options.h"

namespace cuda_shim::kernels::cache {
namespace {

constexpr std::uint64_t kDefaultBytes = 4ull << 30;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

std::string default_path() {
  if (std::string path = environment("CUDA_CACHE_PATH"); !path.empty()) return path;
  if (std::string path = environment("XDG_CACHE_HOME"); !path.empty()) return path + "/cuda_shim";
  if (std::string path = environment("HOME"); !path.empty()) return path + "/.cache/cuda_shim";
  return {};
}

std::uint64_t most_bytes() {
  const std::string text = environment("CUDA_CACHE_MAXSIZE");
  if (text.empty()) return kDefaultBytes;
  std::uint64_t bytes = 0;
  std::string_view rest = text;
  if (support::take_number(rest, bytes) && rest.empty()) return bytes;
  CUDA_SHIM_LOG_ONCE(kWarning, "CUDA_CACHE_MAXSIZE='{}' is no number of bytes; using {}.", text,
                     kDefaultBytes);
  return kDefaultBytes;
}

/// One core is left alone, where there are two; and each thread may take as much memory as a
/// translation can.
unsigned default_idle_threads() {
  constexpr unsigned kMost = 4;
  return std::clamp(support::granted_cores() - 1, 1u, kMost);
}

unsigned idle_threads() {
  constexpr unsigned kMost = 256;
  const std::string_view text = support::option_text(support::Option::BACKGROUND);
  if (text.empty() || text == "on") return default_idle_threads();
  if (text == "off") return 0;
  unsigned threads = 0;
  std::string_view rest = text;
  if (support::take_number(rest, threads) && rest.empty()) return std::min(threads, kMost);
  CUDA_SHIM_LOG_ONCE(
      kWarning, "CUDA_SHIM_BACKGROUND='{}' is neither on, off nor a number of threads; using on.",
      text);
  return default_idle_threads();
}

}  // namespace

Settings read_settings() {
  Settings settings;
  const std::string_view wanted = support::option_text(support::Option::CACHE);
  settings.verify = wanted == "verify";
  const bool names_directory = !wanted.empty() && wanted != "off" && !settings.verify;
  settings.path = names_directory ? std::string(wanted) : default_path();
  settings.read_only_path = support::option_text(support::Option::CACHE_READONLY);
  settings.most_bytes = most_bytes();
  // Whoever wants to see the stages of a translation wants one.
  const bool dumps = *support::option_text(support::Option::DUMP) != '\0';
  settings.disk = wanted != "off" && environment("CUDA_CACHE_DISABLE") != "1" && !dumps;
  // Whoever verifies wants what is launched translated again, and nothing else.
  const bool keeps = settings.disk && !settings.verify && settings.most_bytes > 0;
  settings.idle_threads = keeps ? idle_threads() : 0;
  return settings;
}

}  // namespace cuda_shim::kernels::cache
