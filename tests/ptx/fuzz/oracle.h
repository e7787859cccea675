#pragma once
// What must hold for any text: it is refused with a line and a column, or goes through; and what
// goes through is IR that LLVM's verifier accepts.

#include <cstdint>
#include <string>

namespace cuda_shim::tests::fuzz {

/// How far a text is taken. Each stage includes those before it.
enum class Stage {
  kParse,     ///< the outline of the module, its variables, every body; printed again
  kLower,     ///< every kernel to neutral IR, verified
  kTranslate  ///< every kernel to machine code of this CPU
};

/// What a run of texts came to.
struct Counts {
  std::uint64_t texts = 0;
  std::uint64_t opened = 0;   ///< texts that are a program
  std::uint64_t kernels = 0;  ///< kernels that went all the way
};

struct Outcome {
  std::string refusal;  ///< what the text was refused for last; empty if it was not
  std::string fault;    ///< what was wrong with how that went; empty if nothing was
};

/// Takes a text as far as `stage`. Crashes and hangs are the caller's to see.
Outcome try_text(const std::string& text, Stage stage, Counts& counts);

}  // namespace cuda_shim::tests::fuzz
