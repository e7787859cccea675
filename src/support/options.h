#pragma once
// Options of the process: environment variables CUDA_SHIM_*, listed once in options.def.

#include <cstdint>
#include <span>
#include <string_view>

namespace cuda_shim::support {

enum class Option : unsigned {
#define CUDA_SHIM_OPTION(name, type, fallback, sentence) name,
#include "support/options.def"
#undef CUDA_SHIM_OPTION
};

/// One row of options.def.
struct OptionRow {
  std::string_view name;  ///< without CUDA_SHIM_
  const char* variable;   ///< environment variable
  std::string_view type;  ///< Text, Number, Flag
  const char* fallback;
  std::string_view sentence;
};

std::span<const OptionRow> option_rows();

/// The environment's value, or the default. Read afresh on each call; not for hot paths.
const char* option_text(Option option);
/// As a number (decimal or 0x...); a malformed value is reported once and gives the default.
std::int64_t option_number(Option option);
bool option_flag(Option option);

/// Value by name without the prefix; null if there is no such option. Serves
/// cuda_shim_services::option.
const char* option_by_name(std::string_view name);

}  // namespace cuda_shim::support
