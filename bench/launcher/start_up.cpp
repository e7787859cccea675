// Start to end of a process, with the preload object and without: wall time, and processor time,
// which other work on the machine disturbs less. Limits: a program without CUDA pays less than 1
// ms, one that only counts devices less than 15 ms.

#include <benchmark/benchmark.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>
#include <vector>

extern char** environ;

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

void start_up(benchmark::State& state, const char* program, bool preload) {
  std::vector<char*> environment;
  std::string variable = "LD_PRELOAD=" PRELOAD_OBJECT;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
  if (preload) environment.push_back(variable.data());
  environment.push_back(nullptr);
  std::string path = program;
  char* arguments[] = {path.data(), nullptr};
  double processor = 0;
  for (auto _ : state) {
    pid_t child = 0;
    int status = 0;
    rusage usage = {};
    if (::posix_spawn(&child, program, nullptr, nullptr, arguments, environment.data()) != 0 ||
        ::wait4(child, &status, 0, &usage) != child || status != 0) {
      state.SkipWithError("The program did not run to its end.");
      break;
    }
    processor += seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  state.counters["processor_ms"] =
      benchmark::Counter(1e3 * processor, benchmark::Counter::kAvgIterations);
}

BENCHMARK_CAPTURE(start_up, nothing_plain, NOTHING, false)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(start_up, nothing_preloaded, NOTHING, true)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
#ifdef COUNT_DEVICES
BENCHMARK_CAPTURE(start_up, count_devices_plain, COUNT_DEVICES, false)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(start_up, count_devices_preloaded, COUNT_DEVICES, true)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
#endif

}  // namespace
