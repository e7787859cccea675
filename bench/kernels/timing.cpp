#include "timing.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace bench {
namespace {

constexpr auto kRest = std::chrono::milliseconds(30);
constexpr double kTooLongToWarmUp = 0.5;
constexpr std::size_t kMostRepetitions = 200;

double time_of_round(const Settings& settings, const Way& way, double last) {
  std::this_thread::sleep_for(kRest);
  if (last < kTooLongToWarmUp) way();
  std::vector<double> times;
  double spent = 0;
  while (times.empty() || (spent < settings.seconds_each && times.size() < kMostRepetitions)) {
    times.push_back(seconds_of(way));
    spent += times.back();
  }
  return median(times);
}

}  // namespace

double seconds_of(const Way& way) {
  const auto begin = std::chrono::steady_clock::now();
  way();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<std::vector<double>> take_turns(const Settings& settings,
                                            const std::vector<Way>& ways) {
  std::vector<std::vector<double>> times(ways.size());
  for (int round = 0; round < settings.rounds; ++round)
    for (std::size_t way = 0; way < ways.size(); ++way)
      times[way].push_back(time_of_round(settings, ways[way], round == 0 ? 0 : times[way].back()));
  return times;
}

double median_ratio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios(a.size());
  std::ranges::transform(a, b, ratios.begin(), std::divides());
  return median(ratios);
}

}  // namespace bench
