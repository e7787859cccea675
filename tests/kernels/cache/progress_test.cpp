#include "kernels/cache/progress.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

namespace cuda_shim::kernels::cache {
namespace {

using namespace std::chrono_literals;

/// A terminal, and what was written to it.
class Terminal {
 public:
  Terminal() { EXPECT_EQ(::openpty(&outside_, &inside_, nullptr, nullptr, nullptr), 0); }
  ~Terminal() {
    ::close(outside_);
    ::close(inside_);
  }
  int descriptor() const { return inside_; }
  /// Waits for something; empty if nothing comes.
  std::string read(std::chrono::milliseconds patience) const {
    pollfd wanted = {outside_, POLLIN, 0};
    char text[500];
    if (::poll(&wanted, 1, static_cast<int>(patience.count())) != 1) return {};
    const ssize_t count = ::read(outside_, text, sizeof text);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  }

 private:
  int outside_ = -1, inside_ = -1;
};

TEST(Progress, SaysOnATerminalWhatTakesLongAndWipesItAfterwards) {
  const Terminal terminal;
  Progress progress(terminal.descriptor(), 0ms);
  progress.add_known(7);
  progress.add_done();
  {
    const Progress::Translation translation(progress, "slow_kernel");
    const std::string line = terminal.read(10s);
    EXPECT_NE(line.find("1 of 7 ready: slow_kernel"), std::string::npos) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
  EXPECT_EQ(terminal.read(10s), "\r\x1b[K");
}

TEST(Progress, SaysNothingOfWhatIsQuick) {
  const Terminal terminal;
  Progress progress(terminal.descriptor(), 1h);
  {
    const Progress::Translation translation(progress, "quick_kernel");
  }
  EXPECT_EQ(terminal.read(0ms), "");
}

TEST(Progress, SaysNothingWhereThereIsNoTerminal) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Progress progress(ends[1], 0ms);
  {
    const Progress::Translation translation(progress, "kernel");
  }
  ::close(ends[1]);
  char byte;
  EXPECT_EQ(::read(ends[0], &byte, 1), 0);
  ::close(ends[0]);
}

}  // namespace
}  // namespace cuda_shim::kernels::cache
