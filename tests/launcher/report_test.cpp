#include "launcher/report.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "loader/process.h"

namespace cuda_shim::launcher {
namespace {

// The folder that the command under test belongs to.
Installation installation() {
  return {std::filesystem::path(PRELOAD_OBJECT).parent_path().string()};
}

ProgramReport report_of(const std::string& name) {
  std::string path = std::string(PROGRAMS) + "/" + name;
  auto report = report_program(installation(), {path, path});
  if (!report) {
    ADD_FAILURE() << report.error().message();
    return {};
  }
  return std::move(*report);
}

[[maybe_unused]] bool mentions(const ProgramReport& report, const std::string& what,
                               const std::string& mend) {
  return std::ranges::any_of(report.problems, [&](const Problem& problem) {
    return problem.what.find(what) != std::string::npos &&
           problem.mend.find(mend) != std::string::npos;
  });
}

TEST(Report, AProgramWithoutCudaHasNothingToReport) {
  ProgramReport report = report_of("launcher_say");
  EXPECT_TRUE(report.libraries.empty());
  EXPECT_TRUE(report.objects.empty());
  EXPECT_TRUE(report.problems.empty());
}

TEST(Report, AnInstallationWithoutItsPartsSaysWhichAreMissing) {
  InstallationReport report = report_installation({"/nowhere"});
  EXPECT_TRUE(report.runtime_libraries.empty());
  bool names_compiler = std::ranges::any_of(report.problems, [](const Problem& problem) {
    return problem.what.find("/nowhere/libcuda_shim_compiler.so") != std::string::npos;
  });
  EXPECT_TRUE(names_compiler);
}

TEST(Report, TheJsonReportIsJson) {
  testing::Outcome outcome =
      testing::run({COMMAND, "info", "--json", std::string(PROGRAMS) + "/launcher_say"});
  auto json = nlohmann::json::parse(outcome.output, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << outcome.output;
  EXPECT_EQ(json["program"]["executable"], std::string(PROGRAMS) + "/launcher_say");
  EXPECT_TRUE(json["cuda_shim"]["devices"].is_array());
}

#ifdef HAVE_NVCC
TEST(Report, ALinkedInRuntimeIsFound) {
  ProgramReport report = report_of("kernel");
  ASSERT_EQ(report.objects.size(), 1u);
  EXPECT_NE(report.objects[0].runtime.find("linked in; will be replaced"), std::string::npos);
  EXPECT_EQ(report.objects[0].code.ptx.size(), 1u);
  EXPECT_TRUE(report.problems.empty());
}

TEST(Report, AStrippedRuntimeIsAProblemWithAMend) {
  EXPECT_TRUE(mentions(report_of("kernel_stripped"), "symbol table stripped", "-cudart shared"));
}

TEST(Report, MachineCodeAloneIsAProblemWithAMend) {
  EXPECT_TRUE(
      mentions(report_of("kernel_machine_code"), "sm_80", "arch=compute_80,code=compute_80"));
}

TEST(Report, ASharedRuntimeIsListedWithItsPlace) {
  ProgramReport report = report_of("kernel_shared");
  // Ours, and the libcuda.so.1 that ours needs.
  EXPECT_TRUE(std::ranges::any_of(report.libraries, [](const auto& library) {
    return library.name.starts_with("libcudart.so.") && library.path.ends_with("/" + library.name);
  }));
}
#endif

}  // namespace
}  // namespace cuda_shim::launcher
