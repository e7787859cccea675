// Unary forms of 32 bits on all their 2^32 values: the engine against the host.
//
//   ptx_every_word [--seconds N] [--only WORD] [--skip N] [--list 1]
//     --skip N   forms, which an earlier run has done
//
// What the host says is not the last word: where it differs from the engine, the interpreter is
// asked. So each value that passes is what the host or the interpreter gives, and a mistake of the
// host's (it rounds by its own hardware) does not fail a form but shows as "asked". No form is left
// before all its values are done; --seconds says when no further one is begun. Each of the
// machine's processors takes a part of the values.

#include <cuda.h>
#include <fmt/format.h>

#include <cfenv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "ptx/exhaustive/engine_form.h"
#include "ptx/exhaustive/host_form.h"
#include "ptx/exhaustive/interpreted_form.h"
#include "ptx/first_device.h"

namespace cuda_shim::tests {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kValues = std::uint64_t{1} << 32;
constexpr unsigned kChunk = 1 << 16;  // operands and results stay in the second-level cache
constexpr std::uint64_t kMostAsked = std::uint64_t{1} << 26;
constexpr unsigned kShownDifferences = 4;

struct Options {
  double seconds = 1e9;
  std::string only;
  unsigned long skip = 0;
  bool list = false;
};

struct Tally {
  std::uint64_t asked = 0, different = 0;
  std::string error, shown;

  void add(const Tally& part) {
    asked += part.asked;
    different += part.different;
    if (error.empty()) error = part.error;
    shown += part.shown;
  }
};

/// Some of a form's values, on one thread.
class Part {
 public:
  Part(const Form& form, const HostForm& host)
      : form_(form),
        host_(host),
        size_(form.result.memory_bytes()),
        engine_(form, kChunk),
        operands_{std::vector<std::byte>(std::size_t{kChunk} * 4)},
        results_(std::size_t{kChunk} * size_),
        expected_(kChunk) {}

  Tally run(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t first = from; first < to && goes_on(); first += kChunk) {
      const auto begin = static_cast<std::uint32_t>(first);
      for (std::uint32_t k = 0; k < kChunk; ++k) {
        const std::uint32_t value = begin + k;
        std::memcpy(operands_[0].data() + std::size_t{4} * k, &value, sizeof value);
      }
      engine_.run(operands_, results_);
      ask_host(begin);
      if (are_expected()) continue;
      for (std::uint32_t k = 0; k < kChunk; ++k) compare(begin + k, k);
    }
    tally_.error = engine_.error();
    if (tally_.asked > kMostAsked) tally_.error = "The host differs too often to be of use.";
    return tally_;
  }

 private:
  bool goes_on() const { return engine_.error().empty() && tally_.asked <= kMostAsked; }

  void ask_host(std::uint32_t begin) {
    std::fesetround(host_.rounding);
    host_.results(host_, begin, expected_);
    std::fesetround(FE_TONEAREST);
  }

  /// Whether all of a chunk is as the host says.
  bool are_expected() const {
    switch (size_) {
      case 1:
        return are_expected_as<std::uint8_t>();
      case 2:
        return are_expected_as<std::uint16_t>();
      case 4:
        return are_expected_as<std::uint32_t>();
      default:
        return are_expected_as<std::uint64_t>();
    }
  }
  template <typename Result>
  bool are_expected_as() const {
    Result different = 0;
    for (std::size_t k = 0; k < kChunk; ++k) {
      Result actual;
      std::memcpy(&actual, results_.data() + sizeof actual * k, sizeof actual);
      different |= static_cast<Result>(actual ^ static_cast<Result>(expected_[k]));
    }
    return different == 0;
  }

  void compare(std::uint32_t value, std::uint32_t k) {
    std::uint64_t actual = 0;
    std::memcpy(&actual, results_.data() + std::size_t{size_} * k, size_);
    if (actual == (size_ == 8 ? expected_[k] : expected_[k] & ((1ull << 8 * size_) - 1))) return;
    ++tally_.asked;
    if (interpreted_ == nullptr) interpreted_ = std::make_unique<InterpretedForm>(form_);
    const std::uint64_t last_word = interpreted_->result({value});
    if (actual == last_word) return;
    const std::string text = difference(form_, actual, last_word);
    if (text.empty()) return;
    if (tally_.different++ < kShownDifferences)
      tally_.shown += fmt::format("\n    {} of {:#x}; the host {:#x}", text, value, expected_[k]);
  }

  const Form& form_;
  const HostForm host_;
  const unsigned size_;
  EngineForm engine_;
  std::unique_ptr<InterpretedForm> interpreted_;
  std::vector<std::vector<std::byte>> operands_;
  std::vector<std::byte> results_;
  std::vector<std::uint64_t> expected_;
  Tally tally_;
};

/// Tallies part `index` of `count`.
Tally tally_part(const Form& form, const HostForm& host, unsigned index, unsigned count) {
  const auto begin_of = [count](std::uint64_t part) {
    return kValues / kChunk * part / count * kChunk;
  };
  try {
    return Part(form, host).run(begin_of(index), begin_of(index + 1));
  } catch (const interpreter::Fault& fault) {
    Tally failed;
    failed.error = fmt::format("The interpreter: {}", fault.what());
    return failed;
  }
}

Tally tally(const Form& form, const HostForm& host) {
  CUcontext context = nullptr;
  cuCtxGetCurrent(&context);
  std::vector<Tally> parts(std::max(1u, std::thread::hardware_concurrency()));
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < parts.size(); ++i)
      threads.emplace_back([&, i] {
        cuCtxSetCurrent(context);
        parts[i] = tally_part(form, host, i, static_cast<unsigned>(parts.size()));
      });
  }
  Tally whole;
  for (const Tally& part : parts) whole.add(part);
  return whole;
}

bool is_unary_word(const Form& form) {
  return form.operands.size() == 1 && form.operands[0].bits == 32;
}

/// Whether the form is right.
bool check(const Form& form, const HostForm& host) {
  const Clock::time_point begin = Clock::now();
  const Tally found = tally(form, host);
  fmt::print("{}: {}{} values differ, {} asked, {:.1f} s.{}\n", form.text, found.error,
             found.different, found.asked,
             std::chrono::duration<double>(Clock::now() - begin).count(), found.shown);
  std::fflush(stdout);
  return found.error.empty() && found.different == 0;
}

int run(const Options& options) {
  const Clock::time_point begin = Clock::now();
  unsigned done = 0, left = 0, wrong = 0;
  unsigned long skipped = 0;
  for (const FormLine& line : read_forms(CUDA_SHIM_FORMS))
    for (const Form& form : line.forms) {
      if (line.engine_is_wrong || !is_unary_word(form) || !form.text.contains(options.only))
        continue;
      const auto host = find_host_form(form.text.substr(0, form.text.find(' ')));
      if (options.list) fmt::print("{}{}\n", host ? "" : "no host: ", form.text);
      if (!host || options.list || skipped++ < options.skip) continue;
      const bool late =
          std::chrono::duration<double>(Clock::now() - begin).count() > options.seconds;
      left += late;
      if (late) continue;
      wrong += !check(form, *host);
      ++done;
    }
  fmt::print("{} forms on all 2^32 values, {} of them wrong; {} not begun.\n", done, wrong, left);
  return wrong == 0 && (done != 0 || options.list) ? 0 : 1;
}

bool read_options(int count, char** arguments, Options& options) {
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = arguments[i];
    if (name == "--seconds")
      options.seconds = std::strtod(arguments[i + 1], nullptr);
    else if (name == "--only")
      options.only = arguments[i + 1];
    else if (name == "--skip")
      options.skip = std::strtoul(arguments[i + 1], nullptr, 10);
    else if (name == "--list")
      options.list = true;
    else
      return false;
  }
  return count % 2 == 1;
}

}  // namespace
}  // namespace cuda_shim::tests

int main(int count, char** arguments) {
  using namespace cuda_shim::tests;
  Options options;
  if (!read_options(count, arguments, options)) {
    fmt::print(stderr, "usage: ptx_every_word [--seconds N] [--only WORD] [--skip N] [--list 1]\n");
    return 2;
  }
  if (!open_first_device()) return 1;
  return run(options);
}
