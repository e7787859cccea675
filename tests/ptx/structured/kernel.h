#pragma once
// A random kernel as a tree of statements, so that statements can be left out of it one by one.
//
// Every statement stands on its own: it reads variables that the prologue has set, and what else it
// needs it brings along. So any part of the tree is a valid kernel, too.

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace cuda_shim::tests::structured {

/// A statement: text, and where other statements go in it. Bodies lie between the parts of the
/// text: part 0, body 0, part 1, body 1, ..., part n.
struct Statement {
  unsigned number = 0;
  std::vector<std::string> parts = {""};
  std::vector<std::vector<Statement>> bodies;
};

struct Kernel {
  std::array<unsigned, 3> grid = {1, 1, 1};
  std::array<unsigned, 3> block = {32, 1, 1};
  std::vector<Statement> prologue, body, epilogue;
  std::vector<std::vector<Statement>> functions;
  std::vector<std::string> declarations;    ///< of the module: shared memory
  std::vector<std::string> function_heads;  ///< of the functions, up to the parameters
  std::string local;                        ///< declaration of the local array, if there is one
  std::size_t memory_bytes = 0;
  /// False: NaNs of 64 bits show, whose bits the manual leaves open.
  bool interpretable = true;
  unsigned statements = 0;  ///< numbers of statements that may be left out: 1 ... statements

  unsigned threads() const { return block[0] * block[1] * block[2]; }
  unsigned all_threads() const { return threads() * grid[0]; }
};

/// Statements that are left out, by number.
using LeftOut = std::set<unsigned>;

/// The module's text.
std::string text_of(const Kernel& kernel, const LeftOut& left_out = {});

/// What the kernel's memory holds before it runs.
std::vector<std::byte> initial_memory(const Kernel& kernel, std::uint64_t seed);

}  // namespace cuda_shim::tests::structured
