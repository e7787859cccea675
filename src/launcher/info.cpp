// cuda-shim info: the reports for people and, with --json, for programs. Exit code 1 where
// something is missing.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cuda_shim/version.h"
#include "launcher/commands.h"
#include "launcher/report.h"

namespace cuda_shim::launcher {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const std::vector<Problem>& problems) {
  Json list = Json::array();
  for (const Problem& problem : problems)
    list.push_back({{"what", problem.what}, {"mend", problem.mend}});
  return list;
}

Json to_json(const InstallationReport& report) {
  Json devices = Json::array();
  for (const Device& device : report.driver.devices)
    devices.push_back(
        {{"name", device.name},
         {"compute_capability", fmt::format("{}.{}", device.compute_major, device.compute_minor)},
         {"multiprocessors", device.multiprocessors},
         {"memory_bytes", device.memory}});
  return {{"version", CUDA_SHIM_VERSION_STRING},
          {"driver_api", report.driver.version},
          {"devices", devices},
          {"engines", report.engines},
          {"libraries", report.runtime_libraries},
          {"llvm", report.llvm},
          {"problems", to_json(report.problems)}};
}

Json to_json(const ProgramReport& report) {
  Json libraries = Json::array(), objects = Json::array();
  for (const LibraryRow& row : report.libraries)
    libraries.push_back({{"name", row.name}, {"path", row.path}, {"served_by", row.served}});
  for (const ObjectRow& row : report.objects)
    objects.push_back({{"path", row.path},
                       {"runtime", row.runtime},
                       {"ptx", row.code.ptx},
                       {"machine_code", row.code.machine_code}});
  return {{"executable", report.executable},
          {"libraries", libraries},
          {"objects", objects},
          {"problems", to_json(report.problems)}};
}

void print(const std::vector<Problem>& problems) {
  for (const Problem& problem : problems)
    fmt::print("problem: {}\n    {}\n", problem.what, problem.mend);
}

void print(const InstallationReport& report) {
  fmt::print("cuda_shim {}, driver API {}.{}\n", CUDA_SHIM_VERSION_STRING,
             report.driver.version / 1000, report.driver.version % 1000 / 10);
  for (const Device& device : report.driver.devices)
    fmt::print("device: {}, compute capability {}.{}, {} multiprocessors, {} MiB\n", device.name,
               device.compute_major, device.compute_minor, device.multiprocessors,
               device.memory >> 20);
  fmt::print("engines: {}\n", fmt::join(report.engines, ", "));
  fmt::print("libraries: {}\n", fmt::join(report.runtime_libraries, ", "));
  if (!report.llvm.empty()) fmt::print("compiler: LLVM {}\n", report.llvm);
  print(report.problems);
}

std::string join_targets(const std::set<unsigned>& targets, std::string_view prefix) {
  if (targets.empty()) return "none";
  return fmt::format("{}{}", prefix, fmt::join(targets, fmt::format(", {}", prefix)));
}

void print(const ProgramReport& report) {
  fmt::print("program: {}\n", report.executable);
  for (const LibraryRow& row : report.libraries)
    fmt::print("library: {} => {}\n", row.name,
               row.path.empty() ? "not found" : fmt::format("{} ({})", row.path, row.served));
  for (const ObjectRow& row : report.objects) {
    fmt::print("object: {}\n", row.path);
    if (!row.runtime.empty()) fmt::print("    runtime: {}\n", row.runtime);
    if (row.code.present)
      fmt::print("    PTX: {}; machine code: {}\n", join_targets(row.code.ptx, "compute_"),
                 join_targets(row.code.machine_code, "sm_"));
  }
  if (report.libraries.empty() && report.objects.empty())
    fmt::print("    no CUDA in it or in the libraries that it needs\n");
  print(report.problems);
}

struct Request {
  std::string program;
  bool json = false;
};

int fail(const Status& status) {
  fmt::print(stderr, "cuda-shim: {}\n", status.message());
  return status.code() == StatusCode::kFileNotFound ? kNotFound : kNotExecutable;
}

int info(const Request& request) {
  Installation installation = find_installation();
  std::optional<ProgramReport> program_report;
  if (!request.program.empty()) {
    auto program = find_program(request.program);
    if (!program) return fail(program.error());
    if (Status status = check_program(*program); !status.ok()) return fail(status);
    auto report = report_program(installation, *program);
    if (!report) return fail(report.error());
    program_report = std::move(*report);
  }
  InstallationReport report = report_installation(installation);
  if (request.json) {
    Json json = {{"cuda_shim", to_json(report)}};
    if (program_report) json["program"] = to_json(*program_report);
    fmt::print("{}\n", json.dump(2));
  } else {
    print(report);
    if (program_report) print(*program_report);
  }
  return report.problems.empty() && (!program_report || program_report->problems.empty()) ? 0 : 1;
}

}  // namespace

void add_info(CLI::App& app, int& exit_code) {
  auto request = std::make_shared<Request>();
  CLI::App* command =
      app.add_subcommand("info", "Show devices and libraries, and what a program would get");
  command->add_option("program", request->program, "Program to look at");
  command->add_flag("--json", request->json, "Machine-readable report");
  command->callback([request, &exit_code] { exit_code = info(*request); });
}

}  // namespace cuda_shim::launcher
