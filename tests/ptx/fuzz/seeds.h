#pragma once
// The texts that mutation begins with: the repository's PTX tests, and one text with something of
// everything in seeds/, which is drawn as often as all others together.

#include <string>
#include <vector>

namespace cuda_shim::tests::fuzz {

/// Every .ptx file of the folders, in the order of the folders and of the paths in each, without
/// its comments (whose values are most of it).
std::vector<std::string> read_seeds(const std::vector<std::string>& folders);

}  // namespace cuda_shim::tests::fuzz
