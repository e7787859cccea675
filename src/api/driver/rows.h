#pragma once
// The rows of driver_api.def as data.

#include <span>
#include <string_view>

namespace cuda_shim::driver {

/// Which default stream an entry means by handle 0: kAny has no sibling.
enum class RowStreams { kAny, kLegacy, kPerThread };

struct Row {
  std::string_view name;  ///< without version and kind, as cuGetProcAddress takes it
  int since;              ///< CUDA version that brought this entry: 1000 * major + 10 * minor
  RowStreams streams;
  void (*entry)();
  std::string_view symbol;
  bool implemented;
};

/// All rows, by name.
std::span<const Row> rows();
std::span<const Row> rows_named(std::string_view name);

}  // namespace cuda_shim::driver
