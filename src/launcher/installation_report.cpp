#include <fmt/format.h>
#include <unistd.h>

#include <string_view>

#include "launcher/report.h"
#include "loader/runtime_library.h"

namespace cuda_shim::launcher {
namespace {

std::string llvm_version(const loader::ElfFile& compiler) {
  constexpr std::string_view kPrefix = "libLLVM.so.";
  for (std::string_view needed : compiler.dynamic_strings(DT_NEEDED))
    if (needed.starts_with(kPrefix)) return std::string(needed.substr(kPrefix.size()));
  return "linked in";
}

void add_driver(const Installation& installation, InstallationReport& report) {
  std::string path =
      installation.library_folder + "/" + row(loader::RuntimeLibrary::kDriver).soname;
  auto driver = ask_driver(path);
  if (driver)
    report.driver = std::move(*driver);
  else
    report.problems.push_back(
        {fmt::format("The driver cannot be asked for devices: {}", driver.error().message()),
         "Build or install cuda_shim completely."});
}

void add_libraries(const Installation& installation, InstallationReport& report) {
  for (const loader::RuntimeLibraryRow& library : loader::kRuntimeLibraryRows) {
    if (::access((installation.library_folder + "/" + library.soname).c_str(), R_OK) == 0)
      report.runtime_libraries.push_back(library.soname);
    else
      report.problems.push_back(
          {fmt::format("'{}' is missing in '{}'.", library.soname, installation.library_folder),
           "Build or install cuda_shim completely."});
  }
}

void add_compiler(const Installation& installation, InstallationReport& report) {
  auto compiler = loader::ElfFile::open(installation.compiler_library().c_str());
  if (compiler)
    report.llvm = llvm_version(*compiler);
  else
    report.problems.push_back(
        {fmt::format("There is no compiler library: {}", compiler.error().message()),
         "Build or install cuda_shim completely; without it no kernel can be translated."});
}

}  // namespace

InstallationReport report_installation(const Installation& installation) {
  InstallationReport report;
  report.engines = {"simd", "scalar"};
  add_driver(installation, report);
  add_libraries(installation, report);
  add_compiler(installation, report);
  return report;
}

}  // namespace cuda_shim::launcher
