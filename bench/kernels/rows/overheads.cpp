#include "overheads.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "../buffer.h"
#include "overheads_by_hand.h"

void launch_empty();

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kLaunches = 1000;

void launch_and_wait() {
  launch_empty();
  check(cudaDeviceSynchronize());
}

void launch_many() {
  for (int i = 0; i < kLaunches; ++i) launch_empty();
  check(cudaDeviceSynchronize());
}

/// The first launch after a rest that is long enough for all threads to sleep.
double cold_launch(int rounds) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    times.push_back(seconds_of(launch_and_wait));
  }
  return median(times);
}

void add_launches(const Settings& settings, Json& result) {
  launch_and_wait();
  const auto times = take_turns(settings, {launch_and_wait, launch_many, empty_parallel_region});
  result["empty_launch_us"] = 1e6 * median(times[0]);
  result["empty_launch_cold_us"] = 1e6 * cold_launch(settings.rounds);
  result["back_to_back_us"] = 1e6 * median(times[1]) / kLaunches;
  result["empty_openmp_us"] = 1e6 * median(times[2]);
}

/// Three arrays of 256 MiB, each read or written once.
void add_bandwidth(const Settings& settings, Json& result) {
  constexpr std::size_t kCount = 1 << 26;
  const auto a = allocate_host<float>(kCount), b = allocate_host<float>(kCount),
             c = allocate_host<float>(kCount);
  for (std::size_t i = 0; i < kCount; ++i) a[i] = b[i] = c[i] = 1;
  const auto times =
      take_turns(settings, {[&] { triad(kCount, 2, b.get(), c.get(), a.get()); },
                            [&] { triad_streamed(kCount, 2, b.get(), c.get(), a.get()); }});
  constexpr double kGigabytes = 3e-9 * kCount * sizeof(float);
  result["triad_gb_s"] = kGigabytes / median(times[0]);
  result["triad_streamed_gb_s"] = kGigabytes / median(times[1]);
}

}  // namespace

Json measure_overheads(const Settings& settings) {
  Json result;
  add_launches(settings, result);
  add_bandwidth(settings, result);
  return result;
}

}  // namespace bench
