#pragma once
// Finds the row of an instruction quickly: rows grouped by opcode, their words as sets. Built once
// from the chapters; then immutable, so that any number of threads may search it.

#include <array>
#include <bitset>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "cuda_shim/status.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {

using WordSet = std::bitset<kWordCount>;

/// A row made ready for matching.
struct RowPattern {
  struct Element {
    WordSet words;
    bool is_type = false;  ///< all its words are types: keeps its place among the types
    bool optional = false;
  };

  const Row* row = nullptr;
  ParsedRow parsed;
  std::vector<Element> elements;
  WordSet words;                ///< of all elements
  std::uint32_t mandatory = 0;  ///< bit per element
  unsigned fewest_operands = 0, most_operands = 0;
};

class RowIndex {
 public:
  explicit RowIndex(std::span<const Chapter> chapters);

  /// As instructions::match.
  Result<const Row*> match(const ptx::Instruction& instruction) const;

 private:
  std::unordered_map<std::string_view, std::vector<RowPattern>> patterns_;
};

}  // namespace cuda_shim::kernels::instructions
