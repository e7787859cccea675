// The rows of problems.def.
#pragma once

#include <span>
#include <string_view>

#include "problem.h"

namespace bench {

std::span<const Row> all_problems();
std::string_view name_of(Group group);

}  // namespace bench
