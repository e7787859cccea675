#pragma once
// The forms of forms.txt: single instructions to be run on many values.

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace cuda_shim::tests {

/// How the values of an operand are chosen and a result is compared.
struct ValueType {
  std::string name;         ///< "f16x2"
  unsigned bits = 32;       ///< of the register; 1 for a predicate
  std::string format;       ///< "f16"; empty for integers
  unsigned part_bits = 32;  ///< of one number in the register

  unsigned memory_bytes() const { return bits == 1 ? 4 : bits / 8; }
};

struct Form {
  std::string text;  ///< the instruction, with d a b c e as operands
  ValueType result;
  std::vector<ValueType> operands;
  unsigned ulp = 0;

  /// A module with the one kernel `form`, each of whose threads takes one value of each operand.
  std::string module() const;
};

/// A line of the file, written out.
struct FormLine {
  std::string line;
  unsigned number = 0;
  bool engine_is_wrong = false;
  std::vector<Form> forms;
};

std::vector<FormLine> read_forms(const std::filesystem::path& path);

inline constexpr unsigned kFormThreads = 128;
inline constexpr unsigned kFormBlocks = 4;
inline constexpr unsigned kFormValues = kFormThreads * kFormBlocks;

/// kFormValues values as they lie in memory: edge values and random ones.
std::vector<std::byte> values_of(const ValueType& type, std::mt19937_64& random);

/// Empty if the two results are as good as the same; else what is different.
std::string difference(const Form& form, std::uint64_t engine, std::uint64_t interpreter);

}  // namespace cuda_shim::tests
