// fuzz_ptx: mutated PTX texts, without libFuzzer: the same numbers give the same texts everywhere.
//
//   fuzz_ptx [options] [FILE...]
//     --stage parse|lower|translate   how far each text is taken (parse)
//     --seed N, --first N, --count N  which texts: N of the stream, from number N on (1, 0, 1000)
//     --seconds N                     end earlier, after so much time
//     --save FOLDER                   where the texts go that show a fault
//     --show N                        print text N of the stream and end
//   With files: these texts, one after the other, instead of mutated ones.
//
// The texts are run in a process of its own. When it dies, the text that it was at is a finding,
// and another process goes on behind it. A text that takes more than two seconds of processor time
// is a finding too.

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>

#include "ptx/fuzz/mutator.h"
#include "ptx/fuzz/oracle.h"
#include "ptx/fuzz/seeds.h"

namespace cuda_shim::tests::fuzz {
namespace {

constexpr unsigned kMostSeconds = 2;  // for one text
constexpr std::uint64_t kMostFindings = 50;

struct Options {
  Stage stage = Stage::kParse;
  std::uint64_t seed = 1, first = 0, count = 1000, seconds = ~0u;
  std::string save;
  bool show = false;
  std::vector<std::string> files;
};

/// What the process that runs the texts tells the one that watches it.
struct Progress {
  std::uint64_t index = 0;
  std::uint64_t findings = 0;
  Counts counts;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Driver {
 public:
  explicit Driver(const Options& options)
      : options_(options),
        seeds_(
            read_seeds({CUDA_SHIM_FUZZ_SEEDS, CUDA_SHIM_PTX_CASES, CUDA_SHIM_GENERATED_PTX_CASES})),
        end_(options.files.empty() ? options.first + options.count : options.files.size()),
        deadline_(std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds)) {
    void* memory =
        mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    progress_ = new (memory) Progress;
  }

  std::string text(std::uint64_t index) const {
    return options_.files.empty() ? input(options_.seed, index, seeds_)
                                  : read_file(options_.files[index]);
  }

  int run() {
    const auto begin = std::chrono::steady_clock::now();
    std::uint64_t next = options_.files.empty() ? options_.first : 0;
    while (next < end_ && progress_->findings < kMostFindings) next = run_from(next);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    const Counts& counts = progress_->counts;
    fmt::print("{} texts in {:.1f} s ({:.0f}/s), {} opened, {} kernels accepted, {} findings.\n",
               counts.texts, time.count(), static_cast<double>(counts.texts) / time.count(),
               counts.opened, counts.kernels, progress_->findings);
    return progress_->findings == 0 && counts.texts > 0 ? 0 : 1;
  }

 private:
  /// Runs texts in a process of its own; returns the first that is still to be run.
  std::uint64_t run_from(std::uint64_t first) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      run_here(first);
      std::fflush(nullptr);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return end_;
    const bool hangs = WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF;
    report(progress_->index, hangs ? fmt::format("It takes more than {} seconds.", kMostSeconds)
                             : WIFSIGNALED(status)
                                 ? fmt::format("Signal {}.", strsignal(WTERMSIG(status)))
                                 : "The process ended itself; what it said is above.");
    return progress_->index + 1;
  }

  void run_here(std::uint64_t first) {
    for (std::uint64_t i = first; i < end_; ++i) {
      if (std::chrono::steady_clock::now() > deadline_) return;
      progress_->index = i;
      const std::string each = text(i);
      const itimerval limit = {{0, 0}, {kMostSeconds, 0}};
      setitimer(ITIMER_PROF, &limit, nullptr);
      const Outcome outcome = try_text(each, options_.stage, progress_->counts);
      if (!outcome.fault.empty()) report(i, outcome.fault + " " + outcome.refusal);
      if (!options_.files.empty() && outcome.fault.empty())
        fmt::print("{}: {}\n", options_.files[i],
                   outcome.refusal.empty() ? "accepted" : outcome.refusal);
      if (progress_->findings >= kMostFindings) return;
    }
  }

  void report(std::uint64_t index, const std::string& what) {
    ++progress_->findings;
    const std::string name = options_.files.empty()
                                 ? fmt::format("seed {} text {}", options_.seed, index)
                                 : options_.files[index];
    fmt::print("FINDING {}: {}\n", name, what);
    if (options_.save.empty() || !options_.files.empty()) return;
    std::filesystem::create_directories(options_.save);
    std::ofstream(fmt::format("{}/{}_{}.ptx", options_.save, options_.seed, index)) << text(index);
  }

  Options options_;
  std::vector<std::string> seeds_;
  std::uint64_t end_;
  std::chrono::steady_clock::time_point deadline_;
  Progress* progress_ = nullptr;
};

bool set_stage(std::string_view word, Stage& stage) {
  constexpr std::string_view kStages[] = {"parse", "lower", "translate"};
  const auto* found = std::ranges::find(kStages, word);
  stage = static_cast<Stage>(found - kStages);
  return found != std::end(kStages);
}

bool set_option(std::string_view name, const char* value, Options& options) {
  if (name == "--stage") return set_stage(value, options.stage);
  if (name == "--save") return options.save = value, true;
  options.show |= name == "--show";
  std::uint64_t* number = name == "--seed"                        ? &options.seed
                          : name == "--count"                     ? &options.count
                          : name == "--seconds"                   ? &options.seconds
                          : name == "--first" || name == "--show" ? &options.first
                                                                  : nullptr;
  if (number == nullptr) return false;
  char* end = nullptr;
  *number = std::strtoull(value, &end, 0);
  return *end == '\0' && end != value;
}

bool read_options(int count, char** arguments, Options& options) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = arguments[i];
    if (!word.starts_with("--")) {
      options.files.emplace_back(word);
    } else if (i + 1 == count || !set_option(word, arguments[++i], options)) {
      fmt::print(stderr, "{} cannot be understood.\n", word);
      return false;
    }
  }
  return true;
}

}  // namespace
}  // namespace cuda_shim::tests::fuzz

int main(int count, char** arguments) {
  using namespace cuda_shim::tests::fuzz;
  Options options;
  if (!read_options(count, arguments, options)) return 2;
  Driver driver(options);
  if (!options.show) return driver.run();
  fmt::print("{}", driver.text(options.first));
  return 0;
}
