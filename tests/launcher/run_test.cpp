#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "launcher/commands.h"
#include "loader/process.h"

namespace cuda_shim::launcher {
namespace {

using testing::Outcome;

const std::string kSay = std::string(PROGRAMS) + "/launcher_say";

Outcome cuda_shim_run(std::vector<std::string> words) {
  words.insert(words.begin(), {COMMAND, "run"});
  return testing::run(words);
}

class RunFile : public ::testing::Test {
 protected:
  void SetUp() override { path_ = ::testing::TempDir() + "run" + std::to_string(::getpid()); }
  void TearDown() override { ::unlink(path_.c_str()); }
  void write(const std::string& bytes, mode_t mode) {
    std::ofstream(path_, std::ios::binary) << bytes;
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
  }
  std::string path_;
};

TEST(Run, TheExitCodeIsTheProgramsOwn) {
  EXPECT_EQ(cuda_shim_run({kSay, "HOME", "42"}).exit_code, 42);
  EXPECT_EQ(cuda_shim_run({kSay}).exit_code, 0);
}

TEST(Run, ASignalReachesTheCallerAsTheProgramsOwn) {
  EXPECT_EQ(cuda_shim_run({"sh", "-c", "kill -TERM $$"}).exit_code, 128 + 15);
}

TEST(Run, WordsBehindTheProgramAreTheProgramsOwn) {
  Outcome outcome =
      cuda_shim_run({"--log", "info", kSay, "CUDA_SHIM_LOG", "0", "--log", "--", "--help"});
  EXPECT_EQ(outcome.output,
            "argument CUDA_SHIM_LOG\nargument 0\nargument --log\nargument --\nargument "
            "--help\nvalue info\n");
}

TEST(Run, TwoDashesEndOurOptions) {
  Outcome outcome = cuda_shim_run({"--engine=scalar", "--", kSay, "CUDA_SHIM_ENGINE"});
  EXPECT_EQ(outcome.output, "argument CUDA_SHIM_ENGINE\nvalue scalar\n");
}

TEST(Run, ThePreloadObjectGoesBeforeWhatTheUserPreloads) {
  Outcome outcome =
      testing::run({COMMAND, "run", kSay, "LD_PRELOAD"}, {{"LD_PRELOAD", "libm.so.6"}});
  EXPECT_EQ(outcome.output, "argument LD_PRELOAD\nvalue " PRELOAD_OBJECT ":libm.so.6\n");
}

TEST(Run, RunningFromWithinARunChangesNothing) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "In a program that ThreadSanitizer has instrumented, as our command is then, no "
                  "preloaded object can allocate memory before the program's own constructors.";
#endif
  Outcome outcome = cuda_shim_run({COMMAND, "run", kSay, "LD_PRELOAD"});
  EXPECT_EQ(outcome.output, "argument LD_PRELOAD\nvalue " PRELOAD_OBJECT "\n");
}

TEST(Run, AnUnknownOptionIsRefused) {
  EXPECT_NE(cuda_shim_run({"--no-such-option", "x", kSay}).exit_code, 0);
}

TEST(Run, AMissingProgramIsNamed) {
  Outcome outcome = cuda_shim_run({"./no_such_program"});
  EXPECT_EQ(outcome.exit_code, kNotFound);
  EXPECT_EQ(outcome.errors, "cuda-shim: There is no file './no_such_program'.\n");
  outcome = cuda_shim_run({"no_such_program"});
  EXPECT_EQ(outcome.exit_code, kNotFound);
  EXPECT_EQ(outcome.errors, "cuda-shim: There is no program 'no_such_program' in PATH.\n");
}

TEST(Run, AStaticExecutableIsRefusedWithTheReason) {
  Outcome outcome = cuda_shim_run({std::string(PROGRAMS) + "/launcher_static"});
  EXPECT_EQ(outcome.exit_code, kNotExecutable);
  EXPECT_NE(outcome.errors.find("linked statically"), std::string::npos) << outcome.errors;
}

TEST_F(RunFile, AProgramOfAnotherMachineIsRefusedWithItsName) {
  std::ifstream file(kSay, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::uint16_t machine = EM_S390;
  std::memcpy(bytes.data() + offsetof(Elf64_Ehdr, e_machine), &machine, sizeof(machine));
  write(bytes, 0755);
  Outcome outcome = cuda_shim_run({path_});
  EXPECT_EQ(outcome.exit_code, kNotExecutable);
  EXPECT_NE(outcome.errors.find("is a program for S/390"), std::string::npos) << outcome.errors;
}

TEST_F(RunFile, AFileThatIsNotExecutableIsRefused) {
  write("text", 0644);
  Outcome outcome = cuda_shim_run({path_});
  EXPECT_EQ(outcome.exit_code, kNotExecutable);
  EXPECT_NE(outcome.errors.find("not an executable file"), std::string::npos) << outcome.errors;
}

TEST_F(RunFile, AScriptRunsInItsInterpreterWithUsInIt) {
  write("#!/usr/bin/env sh\ngrep -c libcuda_shim.so /proc/self/maps\nexit 3\n", 0755);
  Outcome outcome = cuda_shim_run({path_});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_NE(outcome.output, "0\n");
  EXPECT_EQ(outcome.errors, "");
}

TEST_F(RunFile, AScriptWithoutItsInterpreterIsRefused) {
  write("#!/usr/bin/env no_such_interpreter\n", 0755);
  Outcome outcome = cuda_shim_run({path_});
  EXPECT_EQ(outcome.exit_code, kNotFound);
  EXPECT_NE(outcome.errors.find("interpreter"), std::string::npos) << outcome.errors;
}

std::size_t split(std::vector<const char*> words) {
  return find_program_words(words);
}

TEST(ProgramWords, BeginAtTheFirstWordThatIsNoOptionOrValue) {
  EXPECT_EQ(split({"cuda-shim", "run", "--log", "debug", "./app", "--log"}), 4u);
  EXPECT_EQ(split({"cuda-shim", "run", "--log=debug", "./app"}), 3u);
  EXPECT_EQ(split({"cuda-shim", "run", "--help"}), 3u);
  EXPECT_EQ(split({"cuda-shim", "run", "--explain", "./app"}), 3u);
  EXPECT_EQ(split({"cuda-shim", "run", "--verify=0", "--log", "debug", "./app"}), 5u);
  EXPECT_EQ(split({"cuda-shim", "info", "./app"}), 3u);
  EXPECT_EQ(split({"cuda-shim"}), 1u);
}

}  // namespace
}  // namespace cuda_shim::launcher
