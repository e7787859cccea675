// How the time to translate a kernel grows with its size.
//
//   measure_scaling SIZE... [SHAPE...]   a table: seconds of processor time for each shape and size
//   measure_scaling --check              fails if four times the instructions take more than
//                                        kMostGrowth times the time, for any shape
//
// A shape with quadratic time would take 16 times as long for four times the size. Both sizes of
// the check are small, so that it is quick, but large enough for what is meant for large kernels to
// be in use.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "kernels/compiler/kernel_runner.h"
#include "kernels/translate.h"
#include "ptx/scaling/shapes.h"

namespace {

using namespace cuda_shim;

constexpr unsigned kSmall = 6'000, kLarge = 24'000;
constexpr double kMostGrowth = 11;
constexpr int kMostAttempts = 4;

double processor_seconds() {
  timespec now = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Processor time of reading and translating the shape's kernel; negative if that fails.
double seconds_for(const tests::Shape& shape, unsigned instructions) {
  std::string text = shape.module(instructions);
  const double begin = processor_seconds();
  const auto program = kernels::Program::from_ptx({{"scaling", std::move(text)}});
  if (!program) {
    fmt::print("{}: {}\n", shape.name, program.error().message());
    return -1;
  }
  const kernels::ProgramKernel& kernel = (*program)->kernels()[0];
  const auto compiled =
      kernels::translate({kernels::KernelSource(**program, kernel), {tests::this_machine(), 3}});
  if (!compiled) fmt::print("{}: {}\n", shape.name, compiled.error().message());
  return compiled ? processor_seconds() - begin : -1;
}

/// The least times of a few: what else the machine does can only lengthen them.
bool check(const tests::Shape& shape) {
  double small = 0, large = 0;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const double times[] = {seconds_for(shape, kSmall), seconds_for(shape, kLarge)};
    if (times[0] < 0 || times[1] < 0) return false;
    small = attempt == 0 ? times[0] : std::min(small, times[0]);
    large = attempt == 0 ? times[1] : std::min(large, times[1]);
    if (large <= small * kMostGrowth) break;
  }
  fmt::print("{:16} {:6} instructions {:6.2f} s, {:6} instructions {:6.2f} s: {:.1f} times\n",
             shape.name, kSmall, small, kLarge, large, large / small);
  std::fflush(stdout);
  return large <= small * kMostGrowth;
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<unsigned> sizes;
  std::vector<std::string_view> names;
  bool only_check = false;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = arguments[i];
    if (word == "--check")
      only_check = true;
    else if (word[0] >= '0' && word[0] <= '9')
      sizes.push_back(static_cast<unsigned>(std::strtoul(arguments[i], nullptr, 10)));
    else
      names.push_back(word);
  }
  // LLVM's start is not the kernel's time.
  bool good = seconds_for(tests::shapes()[0], 100) > 0;
  for (const tests::Shape& shape : tests::shapes()) {
    if (!names.empty() && std::ranges::find(names, shape.name) == names.end()) continue;
    if (only_check) {
      good &= check(shape);
      continue;
    }
    fmt::print("{:16}", shape.name);
    for (unsigned size : sizes) {
      fmt::print(" {:8.2f}", seconds_for(shape, size));
      std::fflush(stdout);
    }
    fmt::print("\n");
  }
  return good ? 0 : 1;
}
