#include "measure_problem.h"

#include <cuda_runtime_api.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "buffer.h"
#include "registry.h"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t size_of(const Row& row, Scale scale) {
  switch (scale) {
    case Scale::Tiny:
      return row.tiny;
    case Scale::Small:
      return row.small;
    case Scale::Full:
      return row.full;
  }
  throw std::logic_error("no such scale");
}

void launch_and_wait(Problem& problem) {
  problem.launch();
  check(cudaGetLastError());
  check(cudaDeviceSynchronize());
}

using Twin = std::unique_ptr<OpenCl::Program>;

/// The first launch holds the translation of the kernels.
void run_and_compare(Problem& problem, OpenCl::Program* twin, const Row& row, Json& result) {
  result["first_launch_ms"] = 1e3 * seconds_of([&] { launch_and_wait(problem); });
  if (twin != nullptr) twin->run_and_wait();
  problem.reference();
  const double difference = problem.difference();
  result["difference"] = difference;
  result["tolerance"] = row.tolerance;
  result["ok"] = difference <= row.tolerance;
  if (twin != nullptr) result["opencl_ok"] = twin->difference() <= row.tolerance;
}

Json milliseconds(const std::vector<double>& seconds) {
  Json list = Json::array();
  for (const double time : seconds) list.push_back(1e3 * time);
  return list;
}

void add_times(const std::string& name, const std::vector<double>& seconds, Json& result) {
  result[name + "_ms"] = 1e3 * median(seconds);
  result[name + "_rounds_ms"] = milliseconds(seconds);
}

void time_all_ways(Problem& problem, OpenCl::Program* twin, const Settings& settings,
                   Json& result) {
  std::vector<Way> ways = {[&] { launch_and_wait(problem); }, [&] { problem.reference(); }};
  if (twin != nullptr) ways.push_back([twin] { twin->run_and_wait(); });
  const std::vector<std::vector<double>> times = take_turns(settings, ways);
  add_times("cuda", times[0], result);
  add_times("reference", times[1], result);
  if (twin != nullptr) add_times("opencl", times[2], result);
  result["ratio"] = median_ratio(times[0], times[1]);
}

/// Null if the problem has no twin or there is no OpenCL.
Twin twin_of(const Problem& problem, const Row& row, OpenCl* opencl) {
  const OpenClTwin twin = problem.opencl();
  return opencl == nullptr || twin.steps.empty() ? nullptr : opencl->prepare(row.name, twin);
}

}  // namespace

Json measure_problem(const Row& row, const Plan& plan) {
  const std::int64_t size = size_of(row, plan.scale);
  Json result = {
      {"name", row.name}, {"group", name_of(row.group)}, {"size", size}, {"unit", row.unit}};
  const std::unique_ptr<Problem> problem = row.make(size);
  const Work work = problem->work();
  result["bytes"] = work.bytes;
  result["operations"] = work.operations;
  if (plan.only_by_hand) {
    result["ok"] = true;
    add_times("reference", take_turns(plan.settings, {[&] { problem->reference(); }})[0], result);
    return result;
  }
  problem->reset();
  Twin twin = twin_of(*problem, row, plan.opencl);
  run_and_compare(*problem, twin.get(), row, result);
  if (!result.value("opencl_ok", true)) twin.reset();
  if (result["ok"] && !plan.only_check) time_all_ways(*problem, twin.get(), plan.settings, result);
  return result;
}

}  // namespace bench
