// The cache as programs meet it: real processes, one after another and many at once.
#include "loader/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "kernels/cache/directory.h"
#include "kernels/cache/needed_library.h"
#include "kernels/cache/temporary_folder.h"

namespace cuda_shim::kernels::cache {
namespace {

using testing::Environment;
using testing::Outcome;

class CacheProcess : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder;
  std::string path = folder / "cache";

  /// What is translated in idle time has tests of its own (ahead_test.cpp).
  Outcome run(std::vector<std::string> command, Environment changes = {}) const {
    changes.insert(
        changes.begin(),
        {{"CUDA_SHIM_CACHE", path}, {"CUDA_SHIM_LOG", "info"}, {"CUDA_SHIM_BACKGROUND", "off"}});
    return testing::run(command, changes);
  }
  Outcome run_kernels(int count, int first = 0, Environment changes = {}) const {
    return run({PROGRAM, std::to_string(count), std::to_string(first)}, std::move(changes));
  }
  std::size_t files() const {
    return std::filesystem::exists(path) ? Directory::open(path, Access::kReadWrite)->list().size()
                                         : 0;
  }
};

std::size_t translations(const Outcome& outcome) {
  return static_cast<std::size_t>(std::ranges::count_if(
      testing::lines_of(outcome.errors),
      [](const std::string& line) { return line.find("Translated kernel") != line.npos; }));
}

std::size_t warnings(const Outcome& outcome) {
  return static_cast<std::size_t>(std::ranges::count_if(
      testing::lines_of(outcome.errors),
      [](const std::string& line) { return line.find("warning:") != line.npos; }));
}

constexpr const char* kCold = "all right\nLLVM loaded\n";
constexpr const char* kWarm = "all right\nLLVM not loaded\n";

TEST_F(CacheProcess, TheSecondStartTranslatesNothingAndLoadsNoCompiler) {
  const Outcome first = run_kernels(3), second = run_kernels(3);
  EXPECT_EQ(first.output, kCold) << first.errors;
  EXPECT_EQ(translations(first), 3u);
  EXPECT_EQ(second.output, kWarm) << second.errors;
  EXPECT_EQ(translations(second), 0u);
}

TEST_F(CacheProcess, AMovedAndRenamedApplicationFindsItsKernels) {
  run_kernels(2);
  std::filesystem::copy_file(PROGRAM, folder / "renamed");
  EXPECT_EQ(run({folder / "renamed", "2"}, {{"LD_LIBRARY_PATH", LIBRARIES}}).output, kWarm);
}

TEST_F(CacheProcess, AnotherImageFindsTheKernelsThatItShares) {
  run_kernels(3, 0);
  EXPECT_EQ(translations(run_kernels(3, 2)), 2u);  // k3 and k4
  EXPECT_EQ(translations(run_kernels(3, 2)), 0u);
}

TEST_F(CacheProcess, OptionsThatChangeTheCodeMiss) {
  run_kernels(1);
  EXPECT_EQ(translations(run_kernels(1, 0, {{"CUDA_SHIM_OPT_LEVEL", "1"}})), 1u);
  EXPECT_EQ(translations(run_kernels(1, 0, {{"CUDA_SHIM_CHECK", "alignment"}})), 1u);
  EXPECT_EQ(translations(run_kernels(1)), 0u);
}

/// The LLVM that the compiler library gets, with another build id; false if there is none to copy.
bool copy_llvm_with_another_id(const std::string& folder) {
  const std::string name = needed_name(COMPILER, "libLLVM");
  const std::string original = name.empty() ? name : find_needed(COMPILER, name);
  if (original.empty()) return false;
  std::filesystem::copy_file(original, folder + "/" + name);
  std::fstream copy(folder + "/" + name, std::ios::in | std::ios::out | std::ios::binary);
  std::string beginning(1 << 16, '\0');
  copy.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
  // A note's header (sizes, and the kind of a build id), its name, and then the id.
  const std::string_view note("\x03\0\0\0GNU\0", 8);
  const std::size_t id = beginning.find(note);
  if (id == beginning.npos) return false;
  copy.seekp(static_cast<std::streamoff>(id + note.size()));
  copy.put(static_cast<char>(beginning[id + note.size()] ^ 1));
  return copy.good();
}

TEST_F(CacheProcess, AnotherLlvmMissesThoughTheCompilerLibraryIsTheSame) {
  run_kernels(2);
  if (!copy_llvm_with_another_id(folder.path())) GTEST_SKIP() << "No LLVM with a build id.";
  const Environment updated = {{"LD_LIBRARY_PATH", folder.path()}};
  const Outcome first = run_kernels(2, 0, updated);
  EXPECT_EQ(translations(first), 2u) << first.errors;
  EXPECT_EQ(warnings(first), 0u) << first.errors;
  EXPECT_EQ(run_kernels(2, 0, updated).output, kWarm);
  EXPECT_EQ(run_kernels(2).output, kWarm);
}

TEST_F(CacheProcess, OffWritesNothing) {
  EXPECT_EQ(run_kernels(1, 0, {{"CUDA_SHIM_CACHE", "off"}}).output, kCold);
  EXPECT_EQ(run_kernels(1, 0, {{"CUDA_CACHE_DISABLE", "1"}}).output, kCold);
  EXPECT_EQ(run_kernels(1, 0, {{"CUDA_CACHE_MAXSIZE", "0"}}).output, kCold);
  EXPECT_EQ(files(), 0u);
}

TEST_F(CacheProcess, DumpingTranslatesThoughTheCacheHasTheKernel) {
  run_kernels(1);
  EXPECT_EQ(run_kernels(1, 0, {{"CUDA_SHIM_DUMP", "ir:" + folder.path()}}).output, kCold);
}

TEST_F(CacheProcess, LiesWhereTheEnvironmentSays) {
  run_kernels(1, 0, {{"CUDA_SHIM_CACHE", ""}, {"CUDA_CACHE_PATH", folder / "nvidia"}});
  EXPECT_TRUE(std::filesystem::exists(folder / "nvidia"));
  run_kernels(
      1, 0, {{"CUDA_SHIM_CACHE", ""}, {"CUDA_CACHE_PATH", ""}, {"XDG_CACHE_HOME", folder / "xdg"}});
  EXPECT_TRUE(std::filesystem::exists(folder / "xdg/cuda_shim"));
  run_kernels(1, 0,
              {{"CUDA_SHIM_CACHE", ""},
               {"CUDA_CACHE_PATH", ""},
               {"XDG_CACHE_HOME", ""},
               {"HOME", folder / "home"}});
  EXPECT_TRUE(std::filesystem::exists(folder / "home/.cache/cuda_shim"));
}

TEST_F(CacheProcess, AReadOnlyDirectoryIsLookedInToo) {
  run_kernels(2);
  const Environment elsewhere = {{"CUDA_SHIM_CACHE", folder / "other"},
                                 {"CUDA_SHIM_CACHE_READONLY", path}};
  EXPECT_EQ(run_kernels(2, 0, elsewhere).output, kWarm);
}

TEST_F(CacheProcess, ADirectoryThatCannotBeUsedIsReportedOnceAndDoesNotStopThePrograms) {
  const Outcome outcome = run_kernels(3, 0, {{"CUDA_SHIM_CACHE", "/proc/no/such"}});
  EXPECT_EQ(outcome.output, kCold);
  EXPECT_EQ(warnings(outcome), 1u) << outcome.errors;
}

TEST_F(CacheProcess, DamagedEntriesAreMadeAnew) {
  run_kernels(3);
  for (const auto& file : std::filesystem::directory_iterator(path)) {
    if (file.path().filename() == "lock") continue;
    std::fstream stream(file.path(), std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(-1, std::ios::end);
    stream.put('#');
  }
  const Outcome outcome = run_kernels(3);
  EXPECT_EQ(outcome.output, kCold);
  EXPECT_EQ(translations(outcome), 3u) << outcome.errors;
  EXPECT_EQ(run_kernels(3).output, kWarm);
}

TEST_F(CacheProcess, VerifyingFindsCodeThatATranslationWouldNotGive) {
  run_kernels(1);
  const Environment verify = {{"CUDA_SHIM_CACHE", "verify"}, {"CUDA_CACHE_PATH", path}};
  EXPECT_EQ(run_kernels(1, 0, verify).errors.find("differs"), std::string::npos);

  const Directory directory = std::move(*Directory::open(path, Access::kReadWrite));
  for (const Directory::Listed& listed : directory.list()) {
    const std::string bytes = *directory.peek(*support::Digest::from_hex(listed.names[0]));
    const FileContents file = *read_file(bytes);
    if (file.header.kind != EntryKind::kKernel) continue;
    KernelEntry entry = *decode_kernel(file.contents);
    entry.code.bytes.push_back(std::byte{1});  // behind the ELF file's last part
    for (const std::string& name : listed.names) directory.remove(*support::Digest::from_hex(name));
    ASSERT_TRUE(directory.publish(file.header.key,
                                  write_file(file.header.kind, file.header.key, encode(entry))));
    for (const std::string& name : listed.names)
      directory.link(file.header.key, *support::Digest::from_hex(name));
  }
  const Outcome outcome = run_kernels(1, 0, verify);
  EXPECT_NE(outcome.errors.find("differs"), std::string::npos) << outcome.errors;
  EXPECT_EQ(outcome.output, kCold);
}

TEST_F(CacheProcess, StaysWithinItsBound) {
  constexpr std::uint64_t kBound = 64 << 10;
  run_kernels(40, 0, {{"CUDA_CACHE_MAXSIZE", std::to_string(kBound)}});
  std::uint64_t bytes = 0;
  for (const auto& file : Directory::open(path, Access::kReadWrite)->list()) bytes += file.bytes;
  EXPECT_GT(bytes, 0u);
  EXPECT_LE(bytes, kBound * 5 / 4) << "a sixteenth of the bound is written between two looks";
}

TEST_F(CacheProcess, ProcessesThatStartColdTogetherTranslateEachKernelOnce) {
  std::vector<Outcome> outcomes(32);
  std::vector<std::thread> threads;
  for (Outcome& outcome : outcomes) threads.emplace_back([&] { outcome = run_kernels(4); });
  for (std::thread& thread : threads) thread.join();
  std::size_t all = 0;
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.output.find("all right"), 0u) << outcome.errors;
    all += translations(outcome);
  }
  EXPECT_EQ(all, 4u);
}

TEST_F(CacheProcess, ProcessesThatAlsoTranslateAheadDoAKernelAtMostTwice) {
  std::vector<Outcome> outcomes(16);
  std::vector<std::thread> threads;
  for (Outcome& outcome : outcomes)
    threads.emplace_back([&] { outcome = run_kernels(10, 0, {{"CUDA_SHIM_BACKGROUND", "on"}}); });
  for (std::thread& thread : threads) thread.join();
  std::size_t all = 0;
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.output.find("all right"), 0u) << outcome.errors;
    all += translations(outcome);
  }
  EXPECT_GE(all, 10u);
  EXPECT_LE(all, 20u) << "once by a launch that did not want to wait, and once ahead";
}

TEST_F(CacheProcess, KilledProcessesDoNoHarm) {
  std::minstd_rand random(7);
  for (int i = 0; i < 40; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::setenv("CUDA_SHIM_CACHE", path.c_str(), 1);
      ::freopen("/dev/null", "w", stdout);
      ::execl(PROGRAM, PROGRAM, "30", std::to_string(10 * i).c_str(), nullptr);
      ::_exit(127);
    }
    ::usleep(random() % 200'000);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  const Outcome outcome = run_kernels(100, 200);
  EXPECT_EQ(outcome.output.find("all right"), 0u) << outcome.errors;
  EXPECT_EQ(warnings(outcome), 0u) << outcome.errors;
  EXPECT_EQ(run_kernels(100, 200).output, kWarm);
}

class CacheCommand : public CacheProcess {};

TEST_F(CacheCommand, ListsWhatIsThere) {
  run_kernels(2, 5);
  run_kernels(2, 5);
  const std::string list = run({COMMAND, "cache", "list"}).output;
  EXPECT_NE(list.find("k5"), std::string::npos) << list;
  EXPECT_NE(list.find("k6"), std::string::npos);
  const std::string stats = run({COMMAND, "cache", "stats", "--json"}).output;
  EXPECT_NE(stats.find("\"kernels\": 2"), std::string::npos) << stats;
  EXPECT_NE(stats.find("\"hits\": 2"), std::string::npos) << stats;
}

TEST_F(CacheCommand, ShowsAnEntryByTheBeginningOfItsKey) {
  run_kernels(1, 5);
  const std::string list = run({COMMAND, "cache", "list"}).output;
  const std::string key = testing::lines_of(list)[1].substr(0, 8);
  const Outcome shown = run({COMMAND, "cache", "show", key});
  EXPECT_NE(shown.output.find("kernel: k5"), std::string::npos) << shown.output;
  EXPECT_EQ(run({COMMAND, "cache", "show", "nosuchkey"}).exit_code, 1);
}

TEST_F(CacheCommand, ClearsAndPrunes) {
  run_kernels(2);
  EXPECT_EQ(run({COMMAND, "cache", "prune", "--max-bytes", "1000000000"}).output,
            "0 files removed\n");
  EXPECT_EQ(files(), 3u);
  EXPECT_EQ(run({COMMAND, "cache", "clear"}).output, "3 files removed\n");
  EXPECT_EQ(files(), 0u);
}

TEST_F(CacheCommand, CarriesTheCacheElsewhere) {
  run_kernels(2);
  ASSERT_EQ(run({COMMAND, "cache", "export", folder / "archive"}).exit_code, 0);
  const Environment elsewhere = {{"CUDA_SHIM_CACHE", folder / "other"}};
  ASSERT_EQ(run({COMMAND, "cache", "import", folder / "archive"}, elsewhere).exit_code, 0);
  EXPECT_EQ(run_kernels(2, 0, elsewhere).output, kWarm);
}

TEST_F(CacheCommand, PrecompilesWhatAProgramWillLoad) {
  std::ofstream(folder / "module.ptx") << run({PROGRAM, "3", "0", "print"}).output;
  const Outcome outcome = run({COMMAND, "precompile", "--block", "1", folder / "module.ptx"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_NE(outcome.output.find("3 kernels ready"), std::string::npos) << outcome.output;
  EXPECT_EQ(translations(run_kernels(3)), 0u);
}

TEST_F(CacheCommand, PrecompilingTellsWhatIsNotUsable) {
  std::ofstream(folder / "module.ptx") << ".version 8.0\n.target sm_75\n.address_size 64\n"
                                          ".entry good() { ret; }\n.entry bad() { nosuch; }\n";
  const Outcome outcome = run({COMMAND, "precompile", folder / "module.ptx"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.output.find("1 kernels ready, 1 not usable"), std::string::npos)
      << outcome.output;
}

}  // namespace
}  // namespace cuda_shim::kernels::cache
