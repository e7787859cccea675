// Every value of every form of forms.txt with few enough bits of operands, engine against
// interpreter.
//
//   ptx_exhaustive [--from BITS] [--to BITS] [--seconds N] [--only WORD]
//
// Forms whose operands have --from to --to bits together (1 to 17: all of 16 bits, also with a
// predicate). 32 bits are the nightly tier: 4 billion values a form, of which each form gets the
// same share of --seconds. Values are taken in an order that jumps all over their range, so that a
// part of them is a sample of all.

#include <cuda.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <cstring>

#include "ptx/exhaustive/engine_form.h"
#include "ptx/exhaustive/interpreted_form.h"
#include "ptx/first_device.h"

namespace cuda_shim::tests {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kLargestChunk = 1 << 16;
constexpr unsigned kShownDifferences = 4;
/// Odd, so that multiplying by it visits every value of 2^n once.
constexpr std::uint64_t kJump = 0x9e3779b97f4a7c15u;

struct Options {
  unsigned from = 1, to = 17;
  double seconds = 1e9;
  std::string only;
};

unsigned bits_of(const Form& form) {
  unsigned bits = 0;
  for (const ValueType& type : form.operands) bits += type.bits;
  return bits;
}

std::uint64_t low(std::uint64_t value, unsigned bits) {
  return bits >= 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
}

/// An angle stands for the range in which the manual bounds the error of sin and cos.
bool is_meant(const ValueType& type, std::uint64_t bits) {
  if (type.name != "angle") return true;
  const auto word = static_cast<std::uint32_t>(bits);
  float value = 0;
  std::memcpy(&value, &word, sizeof value);
  return value >= -3.0F && value <= 3.0F;
}

struct Tally {
  std::uint64_t values = 0, different = 0;
  bool all = false;
  std::string error, shown;
};

class Comparison {
 public:
  explicit Comparison(const Form& form)
      : form_(form),
        bits_(bits_of(form)),
        chunk_(static_cast<unsigned>(
            std::min<std::uint64_t>(kLargestChunk, std::uint64_t{1} << std::max(bits_, 7u)))),
        interpreted_(form),
        engine_(form, chunk_),
        results_(std::size_t{form.result.memory_bytes()} * chunk_) {
    for (const ValueType& type : form.operands)
      operands_.emplace_back(std::size_t{type.memory_bytes()} * chunk_);
    values_.resize(form.operands.size());
  }

  Tally run(double seconds) {
    const Clock::time_point begin = Clock::now();
    const std::uint64_t count = std::uint64_t{1} << bits_;
    for (std::uint64_t first = 0; first < count && engine_.error().empty(); first += chunk_) {
      run_chunk(first, std::min<std::uint64_t>(chunk_, count - first));
      if (std::chrono::duration<double>(Clock::now() - begin).count() > seconds) break;
    }
    tally_.all = tally_.values >= count;
    tally_.error = engine_.error();
    return tally_;
  }

 private:
  /// The operands' values, side by side in one number.
  void split(std::uint64_t index) {
    std::uint64_t all = low(index * kJump, bits_);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      values_[i] = low(all, form_.operands[i].bits);
      all >>= form_.operands[i].bits;
    }
  }

  void run_chunk(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t k = 0; k < count; ++k) {
      split(first + k);
      for (std::size_t i = 0; i < values_.size(); ++i) {
        const unsigned size = form_.operands[i].memory_bytes();
        std::memcpy(operands_[i].data() + size * k, &values_[i], size);
      }
    }
    engine_.run(operands_, results_);
    for (std::uint64_t k = 0; k < count; ++k) compare(first, k);
    tally_.values += count;
  }

  void compare(std::uint64_t first, std::uint64_t k) {
    split(first + k);
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (!is_meant(form_.operands[i], values_[i])) return;
    std::uint64_t actual = 0;
    const unsigned size = form_.result.memory_bytes();
    std::memcpy(&actual, results_.data() + size * k, size);
    const std::uint64_t expected = interpreted_.result(values_);
    if (actual == expected) return;
    const std::string text = difference(form_, actual, expected);
    if (text.empty()) return;
    if (tally_.different++ >= kShownDifferences) return;
    tally_.shown += "\n    " + text;
    for (std::uint64_t value : values_) tally_.shown += fmt::format(" {:#x}", value);
  }

  const Form& form_;
  unsigned bits_, chunk_;
  InterpretedForm interpreted_;
  EngineForm engine_;
  std::vector<std::vector<std::byte>> operands_;
  std::vector<std::byte> results_;
  std::vector<std::uint64_t> values_;
  Tally tally_;
};

std::vector<Form> chosen_forms(const Options& options) {
  std::vector<Form> forms;
  for (const FormLine& line : read_forms(CUDA_SHIM_FORMS))
    for (const Form& form : line.forms) {
      const unsigned bits = bits_of(form);
      const bool fits = bits >= options.from && bits <= options.to;
      if (!line.engine_is_wrong && fits && form.text.contains(options.only)) forms.push_back(form);
    }
  return forms;
}

/// Whether the form is right, for all that was seen of it.
bool check(const Form& form, double seconds, std::uint64_t& values, unsigned& complete) {
  Tally tally;
  try {
    tally = Comparison(form).run(seconds);
  } catch (const interpreter::Fault& fault) {
    tally.error = fmt::format("The interpreter: {}", fault.what());
  }
  values += tally.values;
  complete += tally.all;
  const bool good = tally.error.empty() && tally.different == 0;
  if (!good)
    fmt::print("{}: {}{} of {} values differ.{}\n", form.text, tally.error, tally.different,
               tally.values, tally.shown);
  else if (!tally.all)
    fmt::print("{}: {} values.\n", form.text, tally.values);
  std::fflush(stdout);
  return good;
}

int run(const Options& options) {
  const std::vector<Form> forms = chosen_forms(options);
  const Clock::time_point begin = Clock::now();
  std::uint64_t values = 0;
  unsigned complete = 0, wrong = 0;
  for (std::size_t i = 0; i < forms.size(); ++i) {
    const double passed = std::chrono::duration<double>(Clock::now() - begin).count();
    const double share = (options.seconds - passed) / static_cast<double>(forms.size() - i);
    wrong += !check(forms[i], share, values, complete);
  }
  fmt::print("{} forms, {} of them with all values, {} values, {} forms wrong, {:.1f} s.\n",
             forms.size(), complete, values, wrong,
             std::chrono::duration<double>(Clock::now() - begin).count());
  return wrong == 0 && !forms.empty() ? 0 : 1;
}

bool read_options(int count, char** arguments, Options& options) {
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = arguments[i];
    const char* value = arguments[i + 1];
    if (name == "--from")
      options.from = static_cast<unsigned>(std::strtoul(value, nullptr, 10));
    else if (name == "--to")
      options.to = static_cast<unsigned>(std::strtoul(value, nullptr, 10));
    else if (name == "--seconds")
      options.seconds = std::strtod(value, nullptr);
    else if (name == "--only")
      options.only = value;
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
    fmt::print(stderr,
               "usage: ptx_exhaustive [--from BITS] [--to BITS] [--seconds N] [--only WORD]\n");
    return 2;
  }
  if (!open_first_device()) return 1;
  return run(options);
}
