// What happens to programs under LD_PRELOAD. The stand-ins for our libraries print the name of each
// function that is called.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "loader/process.h"

namespace cuda_shim::loader {
namespace {

using testing::lines_of;
using testing::Outcome;

const std::string kPrograms = PROGRAMS;
const std::string kOurs = kPrograms + "/ours";

Outcome preloaded(const std::vector<std::string>& command, const std::string& folder = kOurs,
                  const std::string& log = "warning") {
  return testing::run(command,
                      {{"LD_PRELOAD", folder + "/libcuda_shim.so"}, {"CUDA_SHIM_LOG", log}});
}

std::vector<std::string> all_functions() {
  std::ifstream file(kPrograms + "/generated/names.txt");
  std::vector<std::string> names;
  for (std::string name; std::getline(file, name);) names.push_back("ours " + name);
  return names;
}

// A stand-in's __cudaUnregisterFatBinary and the like may come in any order, but each function is
// called once.
void expect_all_were_ours(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.errors, "");
  std::vector<std::string> called = lines_of(outcome.output);
  std::erase_if(called, [](const std::string& line) { return !line.starts_with("ours "); });
  std::ranges::sort(called);
  std::vector<std::string> expected = all_functions();
  std::ranges::sort(expected);
  EXPECT_GT(expected.size(), 400u);
  EXPECT_EQ(called, expected);
}

TEST(Preload, EveryFunctionLinkedIntoAnExecutableIsReplaced) {
  expect_all_were_ours(preloaded({kPrograms + "/loader_call_all_pie"}));
}

TEST(Preload, EveryFunctionLinkedIntoAnExecutableAtAFixedAddressIsReplaced) {
  expect_all_were_ours(preloaded({kPrograms + "/loader_call_all_no-pie"}));
}

TEST(Preload, ALibraryThatTheExecutableNeedsIsServedBeforeItsConstructors) {
  expect_all_were_ours(preloaded({kPrograms + "/loader_needs_library"}));
}

TEST(Preload, ALibraryThatIsOpenedLaterIsServedBeforeItsConstructors) {
  expect_all_were_ours(
      preloaded({kPrograms + "/loader_open_library", kPrograms + "/libcall_all.so"}));
}

TEST(Preload, TheRuntimeOfAnNvccProgramIsReplacedBeforeItRegistersItsKernels) {
  Outcome outcome = preloaded({kPrograms + "/kernel"});
  std::vector<std::string> lines = lines_of(outcome.output);
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.front(), "ours __cudaRegisterFatBinary");
  EXPECT_TRUE(std::ranges::count(lines, "ours cudaDeviceSynchronize") == 1) << outcome.output;
}

TEST(Preload, SharedLibrariesThatAnRpathLeadsToAreReplaced) {
  Outcome outcome = preloaded({kPrograms + "/loader_call_shared"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.output, "ours cudaRuntimeGetVersion\nours cuInit\n");
}

TEST(Preload, WithoutUsTheSameProgramReachesTheForeignLibraries) {
  Outcome outcome = testing::run({kPrograms + "/loader_call_shared"});
  EXPECT_EQ(outcome.exit_code, 100);
  EXPECT_EQ(outcome.output, "");
}

TEST(Preload, OpeningTheDriverByNameOpensOurs) {
  Outcome outcome = preloaded({kPrograms + "/loader_open_library", "libcuda.so.1"});
  EXPECT_EQ(outcome.output, "path " + kOurs + "/libcuda.so.1\n");
}

TEST(Preload, OpeningARuntimeByAnotherPathOpensOurs) {
  Outcome outcome = preloaded({kPrograms + "/loader_open_library", NVIDIA_CUDART});
  EXPECT_EQ(outcome.output, "path " + kOurs + "/libcudart.so.13\n");
}

TEST(Preload, AnOpenedLibraryThatNeedsARuntimeFindsOurs) {
  std::string library = kPrograms + "/needs_runtime.so";
  Outcome outcome = preloaded({kPrograms + "/loader_open_library", library});
  EXPECT_EQ(outcome.output, "ours cudaRuntimeGetVersion\npath " + library + "\n");
}

TEST(Preload, OpeningAnyOtherLibraryIsUntouched) {
  Outcome outcome = preloaded({kPrograms + "/loader_open_library", kPrograms + "/empty.so"});
  EXPECT_EQ(outcome.output, "path " + kPrograms + "/empty.so\n");
  EXPECT_EQ(outcome.errors, "");
}

TEST(Preload, AStrippedProgramIsNamedInOneSentence) {
  std::string program = kPrograms + "/kernel_stripped";
  Outcome outcome = preloaded({program});
  EXPECT_EQ(lines_of(outcome.errors).size(), 1u) << outcome.errors;
  EXPECT_EQ(outcome.errors,
            "cuda_shim: warning: '" + program +
                "' has NVIDIA's CUDA runtime linked in and its symbol table stripped, so the "
                "runtime cannot be replaced and its CUDA calls will fail (error 500, named symbol "
                "not found); relink it with -cudart shared, or do not strip it.\n");
}

TEST(Preload, FunctionsOfANewerRuntimeAreRefusedAndNamedOnceAndTheApplicationsOwnLeftAlone) {
  Outcome outcome = preloaded({kPrograms + "/loader_newer_runtime"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output,
            "cudaOfTheApplication 1\n__cudaOfTheApplication 13\n"
            "ours cudaLaunchKernel_ptsz\ncudaLaunchKernel 20\n"
            "cudaNewBefore 801\ncudaNewAmong 801\ncudaNewAmong 801\ncudaNewBehind 801\n");
  std::string end =
      " belongs to a newer CUDA runtime 13 than ours; it returns cudaErrorNotSupported.";
  std::vector<std::string> expected;
  for (const char* name : {"cudaNewBefore", "cudaNewAmong", "cudaNewBehind"})
    expected.push_back("cuda_shim: warning: " + (name + end));
  EXPECT_EQ(lines_of(outcome.errors), expected);
}

TEST(Preload, NoFunctionOfANewerRuntimeOfNvidiasIsLeftBehind) {
  // Ours lacks the last name here; the program calls every function of the real runtime.
  Outcome outcome = preloaded({kPrograms + "/loader_call_all_pie"}, kPrograms + "/partial");
  EXPECT_EQ(outcome.exit_code, 0);
  std::vector<std::string> called = lines_of(outcome.output), expected = all_functions();
  std::string lacking = expected.back().substr(5);
  expected.pop_back();
  std::ranges::sort(called);
  std::ranges::sort(expected);
  EXPECT_EQ(called, expected);
  EXPECT_EQ(lines_of(outcome.errors).size(), 1u) << outcome.errors;
  EXPECT_NE(outcome.errors.find(" " + lacking + " belongs to a newer"), std::string::npos);
}

TEST(Preload, ARuntimeOfAVersionThatWeLackIsLeftWholeAndReported) {
  // The folder has no libcudart.so.12.
  Outcome outcome =
      preloaded({kPrograms + "/loader_open_library", kPrograms + "/lookalike_v12.so"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.errors.find("CUDA runtime 12"), std::string::npos) << outcome.errors;
  EXPECT_NE(outcome.errors.find("libcudart.so.12"), std::string::npos) << outcome.errors;
}

TEST(Preload, AProgramWithoutCudaIsSilentAndGetsNoLibraryOfOurs) {
  Outcome outcome = preloaded({"/bin/cat", "/proc/self/maps"}, kOurs, "trace");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.errors, "");
  EXPECT_NE(outcome.output.find("libcuda_shim.so"), std::string::npos);
  EXPECT_EQ(outcome.output.find("libcudart"), std::string::npos);
  EXPECT_EQ(outcome.output.find("libcuda.so"), std::string::npos);
  EXPECT_EQ(outcome.output.find("libstdc++"), std::string::npos);
}

TEST(Preload, NoCodeStaysWritable) {
  Outcome outcome = preloaded({"/bin/cat", "/proc/self/maps"});
  for (const std::string& line : lines_of(outcome.output))
    EXPECT_EQ(line.find("rwx"), std::string::npos) << line;
}

}  // namespace
}  // namespace cuda_shim::loader
