// One row of the table: the problem solved both ways, compared, and timed.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "problem.h"
#include "timing.h"

namespace bench {

enum class Scale { Tiny, Small, Full };

/// What the runner was asked to do with each problem.
struct Plan {
  Scale scale = Scale::Full;
  bool only_check = false;
  bool only_by_hand = false;  ///< to tune the solutions by hand: runs no kernel, compares nothing
  OpenCl* opencl = nullptr;   ///< none if null
  Settings settings;
};

/// The row as tools/bench reads it. A wrong result is `"ok": false` and has no times.
nlohmann::ordered_json measure_problem(const Row& row, const Plan& plan);

}  // namespace bench
