#include "support/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "support/options.h"

namespace cuda_shim::support {
namespace {

constexpr std::string_view kNames[] = {"error", "warning", "info", "debug", "trace"};

struct Sink {
  LogLevel level = LogLevel::kWarning;
  int file = STDERR_FILENO;
};

Sink open_sink() {
  std::string_view text = option_text(Option::LOG);
  Sink sink;
  std::string_view word = text.substr(0, text.find(':'));
  if (word == "off") sink.level = LogLevel::kOff;
  for (int i = 0; i < static_cast<int>(std::size(kNames)); ++i)
    if (kNames[i] == word) sink.level = static_cast<LogLevel>(i);
  if (word.size() < text.size()) {
    std::string path(text.substr(word.size() + 1));
    int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file >= 0) sink.file = file;
  }
  return sink;
}

// Opened on first use: no global with a constructor.
const Sink& sink() {
  static const Sink opened = open_sink();
  return opened;
}

}  // namespace

bool log_enabled(LogLevel level) {
  return level <= sink().level;
}

void log_line(LogLevel level, std::string_view sentence) {
  std::string line = fmt::format("cuda_shim: {}: {}\n", kNames[static_cast<int>(level)], sentence);
  // One write, so that lines of several threads and processes stay whole.
  [[maybe_unused]] ssize_t written = ::write(sink().file, line.data(), line.size());
}

}  // namespace cuda_shim::support
