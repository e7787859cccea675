// The same kernel on images of convenient sizes and of odd primes near them: no shape may fall off
// a cliff.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "../timing.h"

namespace bench {

/// `"ok"` says whether all images were right; the sizes are grouped into families that are compared
/// with each other.
nlohmann::ordered_json measure_images(const Settings& settings, bool only_check);

}  // namespace bench
