#pragma once
// The functions that a shared library exports, as "name@@node".

#include <set>
#include <string>

namespace cuda_shim::test {

/// Throws std::runtime_error if the file cannot be read.
std::set<std::string> exported_functions(const std::string& path);

}  // namespace cuda_shim::test
