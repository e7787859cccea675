// Kernels that are translated while cores are idle, as programs meet it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "kernels/cache/directory.h"
#include "kernels/cache/temporary_folder.h"
#include "loader/process.h"

namespace cuda_shim::kernels::cache {
namespace {

using testing::Environment;
using testing::Outcome;

class Ahead : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder;
  std::string path = folder / "cache";

  /// See programs/ahead.cpp.
  Outcome run(const std::string& mode, int count, int length, int number = 0,
              Environment changes = {}) const {
    changes.insert(changes.begin(), {{"CUDA_SHIM_CACHE", path}, {"CUDA_SHIM_LOG", "info"}});
    return testing::run({AHEAD_PROGRAM, mode, std::to_string(count), std::to_string(length),
                         std::to_string(number)},
                        changes);
  }
  std::size_t files() const {
    return std::filesystem::exists(path) ? Directory::open(path, Access::kReadWrite)->list().size()
                                         : 0;
  }
};

std::size_t count_lines(const Outcome& outcome, const char* words) {
  return static_cast<std::size_t>(std::ranges::count_if(
      testing::lines_of(outcome.errors),
      [&](const std::string& line) { return line.find(words) != line.npos; }));
}

constexpr int kShort = 10, kLong = 1500;
constexpr const char* kAhead = "ahead of its launch";

/// Two names for each kernel, the outline and the locks.
constexpr int files_of(int kernels) {
  return 2 * kernels + 2;
}

TEST_F(Ahead, TheOtherKernelsOfAModuleArriveInTheCacheThoughNobodyLaunchesThem) {
  const Outcome outcome = run("files", 20, kShort, files_of(20));
  EXPECT_EQ(outcome.output, "all right\n") << outcome.errors;
  const Outcome second = run("others", 20, kShort);
  EXPECT_EQ(second.output, "all right\n");
  EXPECT_EQ(count_lines(second, "Translated kernel"), 0u) << second.errors;
}

TEST_F(Ahead, OneThreadIsEnoughAndAllowed) {
  const Outcome outcome = run("files", 5, kShort, files_of(5), {{"CUDA_SHIM_BACKGROUND", "1"}});
  EXPECT_EQ(outcome.output, "all right\n") << outcome.errors;
}

TEST_F(Ahead, OffStartsNoThread) {
  for (const char* off : {"off", "0"}) {
    const Outcome outcome = run("threads", 20, kLong, 0, {{"CUDA_SHIM_BACKGROUND", off}});
    EXPECT_EQ(outcome.output, "0 idle threads\nall right\n") << outcome.errors;
    std::filesystem::remove_all(path);
  }
}

TEST_F(Ahead, NothingIsStartedWhereNothingWouldBeKept) {
  for (const char* cache : {"off", "verify"}) {
    const Environment changes = {{"CUDA_SHIM_CACHE", cache}, {"CUDA_CACHE_PATH", path}};
    EXPECT_EQ(run("threads", 20, kLong, 0, changes).output, "0 idle threads\nall right\n");
  }
}

TEST_F(Ahead, AProcessWhoseKernelIsKnownStartsNothing) {
  EXPECT_EQ(run("nothing", 20, kLong, 0, {{"CUDA_SHIM_BACKGROUND", "off"}}).exit_code, 0);
  EXPECT_EQ(run("threads", 20, kLong).output, "0 idle threads\nall right\n");
}

TEST_F(Ahead, AnUnknownWordIsReportedAndMeansOn) {
  const Outcome outcome =
      run("files", 3, kShort, files_of(3), {{"CUDA_SHIM_BACKGROUND", "perhaps"}});
  EXPECT_EQ(outcome.output, "all right\n");
  EXPECT_EQ(count_lines(outcome, "CUDA_SHIM_BACKGROUND='perhaps'"), 1u) << outcome.errors;
}

TEST_F(Ahead, KernelsThatAreLaunchedMeanwhileAreTranslatedOnce) {
  const Outcome outcome = run("others", 20, 100);
  EXPECT_EQ(outcome.output, "all right\n") << outcome.errors;
  EXPECT_EQ(count_lines(outcome, "Translated kernel"), 20u) << outcome.errors;
}

TEST_F(Ahead, LaunchesAreNotHeldUpWhileOthersWantAllCores) {
  const Outcome outcome = run("busy", 4, kLong);
  EXPECT_EQ(outcome.output, "all right\n") << outcome.errors;
  EXPECT_EQ(count_lines(outcome, "Translated kernel"), 4u) << outcome.errors;
}

TEST_F(Ahead, AProcessMayEndInTheMiddle) {
  for (int microseconds = 0; microseconds < 300'000; microseconds += 30'000) {
    const Outcome outcome = run("end", 4, kLong, microseconds);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_EQ(count_lines(outcome, "warning"), 0u) << outcome.errors;
    std::filesystem::remove_all(path);
  }
}

TEST_F(Ahead, AModuleMayBeUnloadedInTheMiddle) {
  const Outcome outcome = run("unload", 50, 500);
  EXPECT_EQ(outcome.output, "all right\n") << outcome.errors;
  EXPECT_LT(count_lines(outcome, kAhead), 49u) << "It was not the middle, or goes on.";
}

TEST_F(Ahead, AForkedChildMayEndInTheMiddle) {
  EXPECT_EQ(run("fork", 10, kLong).output, "all right\n");
}

TEST_F(Ahead, OfAModuleWithVeryManyKernelsOnlySomeAreTranslated) {
  const Outcome outcome = run("idle", 300, 0);
  EXPECT_EQ(outcome.output, "all right\n") << outcome.errors;
  EXPECT_EQ(count_lines(outcome, kAhead), 256u);
  EXPECT_EQ(files(), 1u + 256u + 1u);
}

}  // namespace
}  // namespace cuda_shim::kernels::cache
