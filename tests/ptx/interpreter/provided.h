#pragma once
// Functions that a program may call without defining them: vprintf, malloc, free, __assertfail.

#include <cstdint>
#include <string_view>
#include <vector>

namespace cuda_shim::tests::interpreter {

class Lane;

struct Provided {
  std::string_view name;
  std::uint64_t (*function)(Lane& lane, const std::vector<std::uint64_t>& parameters);
};

/// Null if there is none of this name.
const Provided* find_provided(std::string_view name);

}  // namespace cuda_shim::tests::interpreter
