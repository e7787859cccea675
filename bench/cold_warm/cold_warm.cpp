// What the kernel cache saves: the same program started with an empty cache, with a full one, and
// with its kernels already in memory.
//
//   bench_cold_warm            the tables
//   bench_cold_warm compiling  the time of compiling alone, against clang's
//   bench_cold_warm child ...  one start, as the tables' rows use it
//
// Times run from main to the result of the last launch. "In memory" is the same process launching
// every kernel once more, with the opening of the device and the loading of the module added, as
// any start has them.

#include <cuda.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRuns = 5;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void check(CUresult result) {
  if (result != CUDA_SUCCESS)
    throw std::runtime_error(fmt::format("CUDA error {}", static_cast<int>(result)));
}

// --- The kernels: chains of integer and floating-point operations that no optimiser shortens.

std::string kernel_text(int number, int operations) {
  std::string text = fmt::format(
      ".visible .entry k{}(.param .u64 p) {{\n.reg .b64 %a; .reg .b32 %x, %y; .reg .f32 %f;\n"
      "ld.param.u64 %a, [p];\nld.global.u32 %x, [%a];\nld.global.u32 %y, [%a+4];\n"
      "ld.global.f32 %f, [%a+8];\n",
      number);
  for (int i = 0; i < operations; i += 4)
    text += fmt::format(
        "mad.lo.s32 %x, %x, %y, {};\nxor.b32 %y, %y, %x;\nshf.l.wrap.b32 %x, %x, %y, {};\n"
        "fma.rn.f32 %f, %f, %f, 0f3F800{:03X};\n",
        number + i, i % 31 + 1, (number + i) % 4096);
  return text + "st.global.u32 [%a], %x;\nst.global.f32 [%a+8], %f;\nret;\n}\n";
}

std::string module_text(int kernels, int operations) {
  std::string text = ".version 8.0\n.target sm_80\n.address_size 64\n";
  for (int i = 0; i < kernels; ++i) text += kernel_text(i, operations);
  return text;
}

/// The same work as C.
std::string c_text(int operations) {
  std::string text =
      "void k(unsigned* p, float* q) { unsigned x = p[0], y = p[1]; float f = q[0];\n";
  for (int i = 0; i < operations; i += 4)
    text += fmt::format(
        "x = x * y + {}u; y ^= x; x = (x << {}) | (y >> {}); f = __builtin_fmaf(f, f, {}.0f);\n", i,
        i % 31 + 1, 31 - i % 31, i % 4096);
  return text + "p[0] = x; q[0] = f; }\n";
}

// --- One start

void launch_all(CUmodule module, int kernels, CUdeviceptr place) {
  for (int i = 0; i < kernels; ++i) {
    CUfunction function = nullptr;
    check(cuModuleGetFunction(&function, module, fmt::format("k{}", i).c_str()));
    void* parameters[] = {&place};
    check(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, parameters, nullptr));
  }
  check(cuCtxSynchronize());
}

/// Prints the milliseconds of the first and the second time through.
int run_child(Clock::time_point begin, int kernels, int operations) {
  const std::string text = module_text(kernels, operations);
  const double preparing = milliseconds_since(begin);
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CUdeviceptr place = 0;
  check(cuInit(0));
  check(cuDevicePrimaryCtxRetain(&context, 0));
  check(cuCtxSetCurrent(context));
  check(cuModuleLoadData(&module, text.c_str()));
  check(cuMemAlloc(&place, 64));
  check(cuMemsetD8(place, 0, 64));
  const double opening = milliseconds_since(begin) - preparing;
  launch_all(module, kernels, place);
  const double first = milliseconds_since(begin) - preparing;
  const auto again = Clock::now();
  launch_all(module, kernels, place);
  fmt::print("{} {}\n", first, opening + milliseconds_since(again));
  return 0;
}

// --- The tables

struct Times {
  double first = 0, in_memory = 0;
};

Times start(const std::string& cache, int kernels, int operations) {
  const std::string command =
      fmt::format("CUDA_SHIM_CACHE='{}' '{}' child {} {}", cache,
                  std::filesystem::read_symlink("/proc/self/exe").string(), kernels, operations);
  FILE* output = ::popen(command.c_str(), "r");
  Times times;
  const bool read =
      output != nullptr && std::fscanf(output, "%lf %lf", &times.first, &times.in_memory) == 2;
  if (output == nullptr || ::pclose(output) != 0 || !read)
    throw std::runtime_error("A child failed: " + command);
  return times;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void print_row(const std::string& folder, int kernels, int operations) {
  std::vector<double> cold, warm, in_memory, ratio;
  for (int run = 0; run < kRuns; ++run) {
    const std::string cache = fmt::format("{}/{}-{}-{}", folder, kernels, operations, run);
    const Times first = start(cache, kernels, operations),
                second = start(cache, kernels, operations);
    cold.push_back(first.first);
    warm.push_back(second.first);
    in_memory.push_back(second.in_memory);
    ratio.push_back(first.first / second.first);
  }
  const double limit = 1.2 * median(in_memory) + 0.05 * kernels;
  fmt::print("{:8} {:12} {:10.1f} {:10.2f} {:10.2f} {:10.2f} {:11.1f}\n", kernels, operations,
             median(cold), median(warm), median(in_memory), limit, median(ratio));
  std::fflush(stdout);
}

double time_of_clang(const std::string& folder, int operations) {
  const std::string source = folder + "/kernel.c";
  std::ofstream(source) << c_text(operations);
  std::vector<double> times;
  for (int run = 0; run < kRuns; ++run) {
    const auto begin = Clock::now();
    if (std::system(fmt::format("'{}' -O3 -c -o /dev/null '{}'", CLANG, source).c_str()) != 0)
      throw std::runtime_error("clang failed");
    times.push_back(milliseconds_since(begin));
  }
  return median(times);
}

double time_of_ours(const std::string& folder, int operations) {
  std::vector<double> times;
  for (int run = 0; run < kRuns; ++run)
    times.push_back(
        start(fmt::format("{}/one-{}-{}", folder, operations, run), 1, operations).first);
  return median(times);
}

/// By the difference between a large and a small kernel, so that starting up does not count.
void print_per_instruction(const std::string& folder) {
  constexpr int kSmall = 400, kLarge = 4400;
  const double ours = time_of_ours(folder, kLarge) - time_of_ours(folder, kSmall);
  const double clang = time_of_clang(folder, kLarge) - time_of_clang(folder, kSmall);
  constexpr double kMicroseconds = 1000.0 / (kLarge - kSmall);
  fmt::print(
      "\ncompiling, for each instruction: {:.1f} us, clang -O3 of the same C {:.1f} us, ratio "
      "{:.2f}\n",
      ours * kMicroseconds, clang * kMicroseconds, ours / clang);
}

struct TemporaryFolder {
  std::string path = std::filesystem::temp_directory_path() / "cuda_shim-cold-warm-XXXXXX";
  TemporaryFolder() {
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
};

int run_compiling() {
  const TemporaryFolder folder;
  print_per_instruction(folder.path);
  return 0;
}

int run_tables() {
  const TemporaryFolder folder;
  fmt::print("milliseconds from main to the last result, medians of {}\n", kRuns);
  fmt::print("{:>8} {:>12} {:>10} {:>10} {:>10} {:>10} {:>11}\n", "kernels", "instructions", "cold",
             "warm", "in memory", "limit", "cold/warm");
  for (const auto& [kernels, operations] :
       {std::pair{1, 100}, {1, 2000}, {100, 20}, {100, 400}, {1000, 20}})
    print_row(folder.path, kernels, operations);
  print_per_instruction(folder.path);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto begin = Clock::now();
  try {
    if (argc == 4) return run_child(begin, std::atoi(argv[2]), std::atoi(argv[3]));
    return argc == 2 && std::string_view(argv[1]) == "compiling" ? run_compiling() : run_tables();
  } catch (const std::exception& failure) {
    fmt::print(stderr, "bench_cold_warm: {}\n", failure.what());
    return 1;
  }
}
