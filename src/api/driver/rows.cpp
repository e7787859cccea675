// The entries that are not implemented, and the table of all entries. Both know the entries by name
// only: no header of CUDA's.
#include "api/driver/rows.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "support/log.h"

namespace {

constexpr int kNotSupported = 801;  // CUDA_ERROR_NOT_SUPPORTED

int answer_not_supported(const char* symbol, std::atomic_flag& logged) {
  if (!logged.test_and_set())
    CUDA_SHIM_LOG(kWarning, "{} is not implemented; it answers CUDA_ERROR_NOT_SUPPORTED.", symbol);
  return kNotSupported;
}

}  // namespace

// Arguments stay where the caller put them; only the answer matters.
#define CUDA_SHIM_DRIVER_Missing(symbol)               \
  extern "C" int symbol() {                            \
    static std::atomic_flag logged = ATOMIC_FLAG_INIT; \
    return answer_not_supported(#symbol, logged);      \
  }
#define CUDA_SHIM_DRIVER_Ready(symbol) extern "C" int symbol();
#define CUDA_SHIM_DRIVER(state, name, since, streams, symbol) CUDA_SHIM_DRIVER_##state(symbol)
#include "api/driver/driver_api.def"
#undef CUDA_SHIM_DRIVER
#undef CUDA_SHIM_DRIVER_Missing
#undef CUDA_SHIM_DRIVER_Ready

namespace cuda_shim::driver {
namespace {

using namespace std::string_view_literals;

constexpr bool is_ready(std::string_view state) noexcept {
  return state == "Ready";
}

// The order of the list is that of the manual's chapters; the first lookup sorts an index by name.
const Row kRows[] = {
#define CUDA_SHIM_DRIVER(state, name, since, streams, symbol) \
  {#name ""sv,                                                \
   since,                                                     \
   RowStreams::k##streams,                                    \
   reinterpret_cast<void (*)()>(symbol),                      \
   #symbol ""sv,                                              \
   is_ready(#state ""sv)},
#include "api/driver/driver_api.def"
#undef CUDA_SHIM_DRIVER
};

struct SortedRows {
  Row rows[std::size(kRows)];
  SortedRows() {
    std::ranges::copy(kRows, rows);
    std::ranges::sort(rows, {}, [](const Row& row) { return std::pair(row.name, row.since); });
  }
};

}  // namespace

std::span<const Row> rows() {
  static const SortedRows sorted;
  return sorted.rows;
}

std::span<const Row> rows_named(std::string_view name) {
  auto found = std::ranges::equal_range(rows(), name, {}, &Row::name);
  return {found.begin(), found.end()};
}

}  // namespace cuda_shim::driver
