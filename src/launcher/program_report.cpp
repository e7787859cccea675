#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "launcher/environment.h"
#include "launcher/needed_libraries.h"
#include "launcher/report.h"
#include "loader/held_runtime.h"

namespace cuda_shim::launcher {
namespace {

using loader::Holding;

// Beginnings of the file names of NVIDIA's libraries.
constexpr std::string_view kLibraryFamilies[] = {
    "libcuda.so",   "libcudart.so", "libcublas",     "libcudnn", "libcufft",  "libcurand",
    "libcusolver",  "libcusparse",  "libcutensor",   "libcupti", "libnccl",   "libnvrtc",
    "libnvJitLink", "libnvidia-",   "libnvToolsExt", "libnpp",   "libnvjpeg", "libnvgraph",
    "libnvblas",    "libcufile",    "libnvshmem"};

bool is_cuda_library(std::string_view name) {
  return std::ranges::any_of(kLibraryFamilies, [name](std::string_view family) {
    return loader::base_name(name).starts_with(family);
  });
}

// Compile libraries run on the host alone: NVIDIA's own do their work anywhere.
bool works_without_gpu(std::string_view name) {
  std::string_view base = loader::base_name(name);
  return base.starts_with("libnvrtc") || base.starts_with("libnvJitLink") ||
         base.starts_with("libnvToolsExt");
}

void add_library(const Installation& installation, const NeededLibrary& needed,
                 ProgramReport& report) {
  bool replaceable = loader::runtime_library_named(needed.name).has_value();
  bool ours = needed.path.starts_with(installation.library_folder + "/");
  LibraryRow row = {needed.name, needed.path,
                    ours          ? "cuda_shim"
                    : replaceable ? "replaced in memory"
                                  : "NVIDIA's"};
  if (needed.path.empty()) {
    row.served.clear();
    report.problems.push_back(
        {fmt::format("'{}' was not found.", needed.name),
         replaceable ? "cuda_shim has no runtime of this version; rebuild with CUDA 11, 12 or 13."
                     : "cuda_shim does not have this library yet; install NVIDIA's to load the "
                       "program at all."});
  } else if (!ours && !replaceable && !works_without_gpu(needed.name)) {
    report.problems.push_back(
        {fmt::format("'{}' comes from '{}' and works on NVIDIA's hardware only.", needed.name,
                     needed.path),
         "cuda_shim does not have this library yet; calls into it will report errors."});
  }
  report.libraries.push_back(std::move(row));
}

std::string describe_runtime(const loader::HeldRuntime& held) {
  switch (held.holding) {
    case Holding::kNothing:
      return "";
    case Holding::kStaticCudart:
      return fmt::format("{}, linked in; will be replaced", row(held.library).description);
    case Holding::kStrippedCudart:
      return "CUDA runtime, linked in and stripped of its symbols";
    case Holding::kUnknownCudart:
      return "CUDA runtime before 11.0, linked in";
    case Holding::kSharedLibrary:
      return row(held.library).description;
  }
  return "";
}

void add_runtime_problem(const std::string& path, const loader::HeldRuntime& held,
                         ProgramReport& report) {
  if (held.holding == Holding::kStrippedCudart)
    report.problems.push_back(
        {fmt::format("'{}' has NVIDIA's CUDA runtime linked in and its symbol table stripped.",
                     path),
         "Rebuild with -cudart shared or without stripping."});
  if (held.holding == Holding::kUnknownCudart)
    report.problems.push_back({fmt::format("'{}' has a CUDA runtime before 11.0 linked in.", path),
                               "Rebuild with CUDA 11, 12 or 13."});
}

void add_code_problem(const std::string& path, const DeviceCode& code, ProgramReport& report) {
  if (!code.damage.empty())
    report.problems.push_back(
        {fmt::format("The device code in '{}' is damaged: {}", path, code.damage),
         "Rebuild the file."});
  if (!code.ptx.empty() || code.machine_code.empty()) return;
  unsigned newest = *code.machine_code.rbegin();
  report.problems.push_back(
      {fmt::format("'{}' has only machine code, for sm_{}.", path,
                   fmt::join(code.machine_code, ", sm_")),
       fmt::format("Rebuild with PTX: -gencode arch=compute_{0},code=compute_{0}.", newest)});
}

void add_object(const std::string& path, ProgramReport& report) {
  auto file = loader::ElfFile::open(path.c_str());
  if (!file) return;
  loader::HeldRuntime held = loader::find_held_runtime(*file);
  ObjectRow object = {path, describe_runtime(held), find_device_code(*file)};
  if (held.holding == Holding::kSharedLibrary) return;  // a row of the libraries already
  if (held.holding == Holding::kNothing && !object.code.present) return;
  add_runtime_problem(path, held, report);
  add_code_problem(path, object.code, report);
  report.objects.push_back(std::move(object));
}

}  // namespace

Result<ProgramReport> report_program(const Installation& installation,
                                     const FoundProgram& program) {
  auto environment = environment_for(installation);
  if (!environment) return error(std::move(environment.error()));
  auto needed = list_needed_libraries(program.executable, *environment);
  if (!needed) return error(std::move(needed.error()));
  ProgramReport report;
  report.executable = program.executable;
  add_object(program.executable, report);
  for (const NeededLibrary& library : *needed) {
    if (is_cuda_library(library.name))
      add_library(installation, library, report);
    else if (!library.path.empty() && library.path != installation.preload_object())
      add_object(library.path, report);
    else if (library.path.empty())
      report.problems.push_back(
          {fmt::format("'{}' was not found.", library.name), "Install the library."});
  }
  return report;
}

}  // namespace cuda_shim::launcher
