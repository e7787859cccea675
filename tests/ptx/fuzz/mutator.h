#pragma once
// Changes PTX texts: at the level of words, of lines and statements, and of bytes.

#include <string>
#include <vector>

#include "ptx/fuzz/random.h"

namespace cuda_shim::tests::fuzz {

/// Changes the text in one place; `others` are texts that lines may come from.
void mutate(std::string& text, Random& random, const std::vector<std::string>& others);

/// Input `index` of the stream `seed`: one of the seeds with a few changes. A function of its
/// arguments, so that two numbers are enough to see an input again.
std::string input(std::uint64_t seed, std::uint64_t index, const std::vector<std::string>& seeds);

}  // namespace cuda_shim::tests::fuzz
