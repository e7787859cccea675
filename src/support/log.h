#pragma once
// The log: one line of text per message to standard error or a file, chosen by CUDA_SHIM_LOG.
//
// Messages are full sentences with the values. Formatting happens only if the level is on; the
// check is one relaxed load.

#include <fmt/format.h>

#include <atomic>
#include <string_view>

namespace cuda_shim::support {

enum class LogLevel : int {
  kOff = -1,
  kError = 0,
  kWarning = 1,
  kInfo = 2,
  kDebug = 3,
  kTrace = 4
};

/// Whether messages of the level are written.
bool log_enabled(LogLevel level);
/// Writes one line: "cuda_shim: warning: <sentence>".
void log_line(LogLevel level, std::string_view sentence);

}  // namespace cuda_shim::support

/// CUDA_SHIM_LOG(kWarning, "Shared memory ({}) exceeds the limit ({}).", a, b)
#define CUDA_SHIM_LOG(level, ...)                                                 \
  do {                                                                            \
    if (::cuda_shim::support::log_enabled(::cuda_shim::support::LogLevel::level)) \
      ::cuda_shim::support::log_line(::cuda_shim::support::LogLevel::level,       \
                                     ::fmt::format(__VA_ARGS__));                 \
  } while (false)

/// As CUDA_SHIM_LOG, the first time that this place is reached.
#define CUDA_SHIM_LOG_ONCE(level, ...)                                       \
  do {                                                                       \
    static std::atomic_flag cuda_shim_logged = ATOMIC_FLAG_INIT;             \
    if (!cuda_shim_logged.test_and_set()) CUDA_SHIM_LOG(level, __VA_ARGS__); \
  } while (false)
