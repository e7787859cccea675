// Times of several ways to do the same, taken in turns: first way, second way, first way again, so
// that whatever the machine does meanwhile happens to all of them alike, and a ratio is one of the
// same minute.
#pragma once

#include <functional>
#include <vector>

namespace bench {

struct Settings {
  int rounds = 7;
  double seconds_each = 0.02;  ///< for how long a way is repeated in one round, at least once
};

using Way = std::function<void()>;

double seconds_of(const Way& way);

double median(std::vector<double> values);

/// For each way the median time of each round, in seconds. Before a way is timed it runs once
/// untimed (unless that takes long and it has run in a round before), and the machine rests for
/// long enough that threads which spin while they wait for the other way's work have gone to sleep.
std::vector<std::vector<double>> take_turns(const Settings& settings, const std::vector<Way>& ways);

/// The median over the rounds of a / b.
double median_ratio(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace bench
