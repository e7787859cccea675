// The same inputs and oracle under libFuzzer, whose coverage feedback chooses what is mutated
// further. CUDA_SHIM_FUZZ_STAGE says how far texts are taken.
//
//   ptx_fuzzer CORPUS_FOLDER FOLDER_OF_PTX_FILES

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "ptx/fuzz/mutator.h"
#include "ptx/fuzz/oracle.h"
#include "ptx/fuzz/seeds.h"

namespace {

using namespace cuda_shim::tests::fuzz;

Stage chosen_stage() {
  const char* word = std::getenv("CUDA_SHIM_FUZZ_STAGE");
  const std::string_view stage = word == nullptr ? "parse" : word;
  if (stage == "translate") return Stage::kTranslate;
  return stage == "lower" ? Stage::kLower : Stage::kParse;
}

const std::vector<std::string>& seeds() {
  static const auto all =
      read_seeds({CUDA_SHIM_FUZZ_SEEDS, CUDA_SHIM_PTX_CASES, CUDA_SHIM_GENERATED_PTX_CASES});
  return all;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  Random random(seed);
  std::string text(reinterpret_cast<const char*>(data), size);
  mutate(text, random, seeds());
  const std::size_t bytes = std::min(text.size(), most);
  std::memcpy(data, text.data(), bytes);
  return bytes;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Stage kStage = chosen_stage();
  static Counts counts;
  const Outcome outcome =
      try_text(std::string(reinterpret_cast<const char*>(data), size), kStage, counts);
  if (outcome.fault.empty()) return 0;
  fmt::print(stderr, "{} {}\n", outcome.fault, outcome.refusal);
  std::abort();
}
