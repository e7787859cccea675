// Measures CUDA kernels against solutions of the same problems by hand, in one process. Writes
// JSON, which tools/bench turns into the table; on its own it prints a line for each problem. Ends
// with 1 if any result is wrong.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "measure_problem.h"
#include "registry.h"
#include "rows/images.h"
#include "rows/overheads.h"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> filters;
  std::string json;
  bool list = false, overheads = false, opencl = false;
  Plan plan;
};

bool is_chosen(const std::string& name, const std::vector<std::string>& filters) {
  return filters.empty() || std::ranges::any_of(filters, [&](const std::string& filter) {
           return name.find(filter) != std::string::npos;
         });
}

void print_row(const Json& row) {
  if (!row["ok"])
    fmt::print("{:20} WRONG: differs by {:.3g}, {:.3g} is allowed\n",
               row["name"].get<std::string>(), row["difference"].get<double>(),
               row["tolerance"].get<double>());
  else if (row.contains("ratio"))
    fmt::print("{:20} {:12.3f} ms {:12.3f} ms {:9.2f}\n", row["name"].get<std::string>(),
               row["cuda_ms"].get<double>(), row["reference_ms"].get<double>(),
               row["ratio"].get<double>());
  else if (row.contains("reference_ms"))
    fmt::print("{:20} by hand {:12.3f} ms, {:8.1f} GB/s, {:8.1f} G operations/s\n",
               row["name"].get<std::string>(), row["reference_ms"].get<double>(),
               1e-6 * row["bytes"].get<double>() / row["reference_ms"].get<double>(),
               1e-6 * row["operations"].get<double>() / row["reference_ms"].get<double>());
  else
    fmt::print("{:20} right\n", row["name"].get<std::string>());
  if (!row.value("opencl_ok", true))
    fmt::print("{:20} OpenCL's result is WRONG: no time of it\n", "");
  std::fflush(stdout);
}

bool measure_problems(const Options& options, Json& report) {
  bool all_right = true;
  for (const Row& row : all_problems()) {
    if (!is_chosen(row.name, options.filters)) continue;
    report["kernels"].push_back(measure_problem(row, options.plan));
    print_row(report["kernels"].back());
    all_right &= report["kernels"].back()["ok"].get<bool>();
  }
  return all_right;
}

/// Launches, bandwidth and image sizes.
bool measure_rows(const Options& options, Json& report) {
  report["images"] = measure_images(options.plan.settings, options.plan.only_check);
  if (!options.plan.only_check) report["overheads"] = measure_overheads(options.plan.settings);
  return std::ranges::all_of(report["images"],
                             [](const Json& family) { return family["ok"].get<bool>(); });
}

int run(const Options& options) {
  if (options.list) {
    for (const Row& row : all_problems())
      fmt::print("{:20} {:8} {} {}\n", row.name, name_of(row.group), row.full, row.unit);
    return 0;
  }
  Json report;
  bool all_right = measure_problems(options, report);
  if (options.overheads && !measure_rows(options, report)) {
    fmt::print("blur of images: WRONG\n");
    all_right = false;
  }
  if (!options.json.empty()) std::ofstream(options.json) << report.dump(1) << '\n';
  return all_right ? 0 : 1;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::Options options;
  CLI::App app("CUDA kernels against solutions by hand");
  const std::map<std::string, bench::Scale> scales = {
      {"tiny", bench::Scale::Tiny}, {"small", bench::Scale::Small}, {"full", bench::Scale::Full}};
  app.add_option("--filter", options.filters, "Only problems whose name contains one of these")
      ->delimiter(',');
  app.add_option("--scale", options.plan.scale, "Which size: tiny, small or full")
      ->transform(CLI::CheckedTransformer(scales));
  app.add_option("--rounds", options.plan.settings.rounds, "How often the ways take turns")
      ->check(CLI::PositiveNumber);
  app.add_flag("--check", options.plan.only_check, "Compare results only, time nothing");
  app.add_flag("--by-hand", options.plan.only_by_hand, "Time the solutions by hand only");
  app.add_option("--json", options.json, "File for the report");
  app.add_flag("--overheads", options.overheads, "Launches, bandwidth and image sizes as well");
  app.add_flag("--opencl", options.opencl, "The problems' OpenCL twins as well");
  app.add_flag("--list", options.list, "List the problems");
  CLI11_PARSE(app, argc, argv);
  try {
    const std::unique_ptr<bench::OpenCl> opencl = options.opencl ? bench::OpenCl::open() : nullptr;
    if (options.opencl && opencl == nullptr) return 1;
    options.plan.opencl = opencl.get();
    return bench::run(options);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "bench_kernels: {}\n", failure.what());
    return 1;
  }
}
