// What a launch costs beside an empty OpenMP region, and how fast memory is.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "../timing.h"

namespace bench {

nlohmann::ordered_json measure_overheads(const Settings& settings);

}  // namespace bench
