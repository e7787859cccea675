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

/// The first launch holds the translation of the kernels.
void compare_results(Problem& problem, const Row& row, Json& result) {
  problem.reset();
  result["first_launch_ms"] = 1e3 * seconds_of([&] { launch_and_wait(problem); });
  problem.reference();
  const double difference = problem.difference();
  result["difference"] = difference;
  result["tolerance"] = row.tolerance;
  result["ok"] = difference <= row.tolerance;
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

void time_both_ways(Problem& problem, const Settings& settings, Json& result) {
  const std::vector<std::vector<double>> times =
      take_turns(settings, {[&] { launch_and_wait(problem); }, [&] { problem.reference(); }});
  add_times("cuda", times[0], result);
  add_times("reference", times[1], result);
  result["ratio"] = median_ratio(times[0], times[1]);
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
  compare_results(*problem, row, result);
  if (result["ok"] && !plan.only_check) time_both_ways(*problem, plan.settings, result);
  return result;
}

}  // namespace bench
