// fuzz_structured: random structured kernels on the simd engine, the scalar engine and the
// reference interpreter, whose memory must be the same afterwards, bit for bit.
//
//   fuzz_structured [options]
//     --seeds FROM..TO      which kernels (1..100)
//     --seconds N           end earlier, after so much time
//     --kernel-seconds N    what takes longer hangs (30)
//     --save FOLDER         where the texts go of kernels that differ, reduced
//     --no-interpreter      the engines alone
//     --show SEED           print a kernel and end
//     --without N,N,...     leave these statements out (with --show)
//
// A kernel that differs is reduced: statements are left out as long as there is a difference.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "ptx/interpreter/interpreter.h"
#include "ptx/structured/engine_worker.h"
#include "ptx/structured/generator.h"

namespace cuda_shim::tests::structured {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::uint64_t from = 1, to = 100;
  double seconds = 1e9;
  unsigned kernel_seconds = 30;
  std::string save;
  bool interpreter = true;
  std::uint64_t show = 0;
  LeftOut left_out;
};

std::vector<std::byte> as_bytes(const void* data, std::size_t bytes) {
  const auto* begin = static_cast<const std::byte*>(data);
  return {begin, begin + bytes};
}

EngineResult interpret(const Kernel& kernel, const std::string& text, std::uint64_t seed) {
  EngineResult result;
  // Aligned as the engine's memory is.
  std::vector<std::byte> initial = initial_memory(kernel, seed);
  const std::size_t bytes = (initial.size() + 255) / 256 * 256;
  std::byte* memory = static_cast<std::byte*>(std::aligned_alloc(256, bytes));
  std::ranges::copy(initial, memory);
  interpreter::Launch launch;
  launch.text = text;
  launch.kernel = "kernel";
  for (unsigned i = 0; i < 3; ++i) {
    launch.grid[i] = kernel.grid[i];
    launch.block[i] = kernel.block[i];
  }
  const auto address = reinterpret_cast<std::uint64_t>(memory);
  const std::uint32_t numbers[] = {number_of(seed, 0), number_of(seed, 1)};
  launch.arguments = {as_bytes(&address, 8), as_bytes(&numbers[0], 4), as_bytes(&numbers[1], 4)};
  launch.memory = {{address, initial.size()}};
  const interpreter::Outcome outcome = interpreter::run(launch);
  if (!outcome.ok) result.error = outcome.message;
  result.memory.assign(memory, memory + initial.size());
  std::free(memory);
  return result;
}

std::string difference(const EngineResult& a, const EngineResult& b, const char* name_a,
                       const char* name_b) {
  if (!a.error.empty()) return fmt::format("{}: {}", name_a, a.error);
  if (!b.error.empty()) return fmt::format("{}: {}", name_b, b.error);
  for (std::size_t i = 0; i < a.memory.size(); ++i)
    if (a.memory[i] != b.memory[i])
      return fmt::format("Byte {} is {:#04x} with {} and {:#04x} with {}.", i,
                         std::to_integer<unsigned>(a.memory[i]), name_a,
                         std::to_integer<unsigned>(b.memory[i]), name_b);
  return {};
}

class Driver {
 public:
  explicit Driver(const Options& options)
      : options_(options),
        log_(std::filesystem::temp_directory_path() /
             fmt::format("fuzz_structured.{}.log", getpid())),
        simd_("simd", options.kernel_seconds, log_),
        scalar_("scalar", options.kernel_seconds) {}
  ~Driver() { std::filesystem::remove(log_); }

  int run() {
    const auto begin = Clock::now();
    std::chrono::duration<double> time{};
    std::uint64_t kernels = 0, findings = 0;
    for (std::uint64_t seed = options_.from; seed <= options_.to; ++seed) {
      time = Clock::now() - begin;
      if (time.count() > options_.seconds) break;
      ++kernels;
      if (const std::string found = compare(seed, options_.left_out); !found.empty()) {
        ++findings;
        report(seed, found);
      }
    }
    time = Clock::now() - begin;
    fmt::print("{} kernels in {:.1f} s ({:.1f}/s), {} differ.\n", kernels, time.count(),
               static_cast<double>(kernels) / time.count(), findings);
    print_refusals();
    return findings == 0 && kernels > 0 ? 0 : 1;
  }

 private:
  std::string compare(std::uint64_t seed, const LeftOut& left_out) {
    simd_.begin(seed, left_out);
    scalar_.begin(seed, left_out);
    const Kernel kernel = Generator(seed).run();
    EngineResult interpreted;
    const bool interprets = options_.interpreter && kernel.interpretable;
    if (interprets) interpreted = interpret(kernel, text_of(kernel, left_out), seed);
    const EngineResult simd = simd_.result(), scalar = scalar_.result();
    std::string found = difference(simd, scalar, "simd", "scalar");
    if (found.empty() && interprets)
      found = difference(scalar, interpreted, "scalar", "the interpreter");
    else if (interprets && scalar.error.empty() && interpreted.error.empty())
      found += scalar.memory == interpreted.memory ? " The interpreter agrees with scalar."
               : simd.memory == interpreted.memory ? " The interpreter agrees with simd."
                                                   : " The interpreter agrees with neither.";
    return found;
  }

  /// Leaves out statements, those around others first, as long as something differs.
  LeftOut reduced(std::uint64_t seed) {
    const Kernel kernel = Generator(seed).run();
    LeftOut left_out = options_.left_out;
    for (bool smaller = true; smaller;) {
      smaller = false;
      for (unsigned number = 1; number <= kernel.statements; ++number) {
        LeftOut more = left_out;
        more.insert(number);
        // What lies in a statement that is left out has gone with it.
        if (text_of(kernel, more) == text_of(kernel, left_out)) continue;
        if (compare(seed, more).empty()) continue;
        left_out = std::move(more);
        smaller = true;
      }
    }
    return left_out;
  }

  void report(std::uint64_t seed, const std::string& found) {
    fmt::print("Seed {}: {}\n", seed, found);
    std::fflush(stdout);
    if (options_.save.empty()) return;
    const LeftOut left_out = reduced(seed);
    const Kernel kernel = Generator(seed).run();
    const std::string path = fmt::format("{}/{}.ptx", options_.save, seed);
    std::ofstream(path)
        << fmt::format("// Seed {}, grid {}, block {}, numbers {:#x} {:#x}; without {}\n// {}\n",
                       seed, kernel.grid[0], fmt::join(kernel.block, " "), number_of(seed, 0),
                       number_of(seed, 1), fmt::join(left_out, ","), compare(seed, left_out))
        << text_of(kernel, left_out);
    fmt::print("  Reduced: {}\n", path);
    std::fflush(stdout);
  }

  void print_refusals() const {
    std::map<std::string, unsigned> reasons;
    std::ifstream log(log_);
    static constexpr std::string_view kMark = "runs thread by thread: ";
    for (std::string each; std::getline(log, each);)
      if (const std::size_t at = each.find(kMark); at != std::string::npos)
        ++reasons[each.substr(at + kMark.size())];
    for (const auto& [reason, count] : reasons)
      fmt::print("{} left to the scalar engine: {}\n", count, reason);
  }

  Options options_;
  std::string log_;
  EngineWorker simd_, scalar_;
};

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    const auto value = [&] { return i + 1 < count ? std::string(arguments[++i]) : std::string(); };
    if (name == "--seeds") {
      const std::string range = value();
      options.from = std::strtoull(range.c_str(), nullptr, 10);
      const std::size_t dots = range.find("..");
      options.to = dots == std::string::npos ? options.from
                                             : std::strtoull(range.c_str() + dots + 2, nullptr, 10);
    } else if (name == "--seconds") {
      options.seconds = std::strtod(value().c_str(), nullptr);
    } else if (name == "--kernel-seconds") {
      options.kernel_seconds = static_cast<unsigned>(std::strtoul(value().c_str(), nullptr, 10));
    } else if (name == "--save") {
      options.save = value();
    } else if (name == "--no-interpreter") {
      options.interpreter = false;
    } else if (name == "--show") {
      options.show = std::strtoull(value().c_str(), nullptr, 10);
    } else if (name == "--without") {
      const std::string numbers = value();
      for (const char* at = numbers.c_str(); *at != '\0';) {
        char* end = nullptr;
        options.left_out.insert(static_cast<unsigned>(std::strtoul(at, &end, 10)));
        at = *end == ',' ? end + 1 : end;
        if (*end != ',' && *end != '\0') break;
      }
    } else {
      fmt::print(stderr, "Unknown option {}.\n", name);
      std::exit(2);
    }
  }
  return options;
}

}  // namespace
}  // namespace cuda_shim::tests::structured

int main(int count, char** arguments) {
  using namespace cuda_shim::tests::structured;
  const Options options = parse(count, arguments);
  if (options.show != 0) {
    fmt::print("{}", text_of(Generator(options.show).run(), options.left_out));
    return 0;
  }
  return Driver(options).run();
}
