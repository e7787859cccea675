#include "api/driver/entry.h"

#include "support/log.h"

namespace cuda_shim::driver {

// StatusCode has the driver API's values; the list says so row by row.
#define CUDA_SHIM_STATUS(name, value, cuda_error) \
  static_assert(static_cast<int>(StatusCode::name) == static_cast<int>(cuda_error));
#include "cuda_shim/status_codes.def"
#undef CUDA_SHIM_STATUS

CUresult failed(const char* name, const Status& status) {
  // Polling answers kNotReady thousands of times; it is no failure.
  if (status.code() != StatusCode::kNotReady)
    CUDA_SHIM_LOG(kDebug, "{} answers {}: {}", name, static_cast<int>(status.code()),
                  status.message());
  return static_cast<CUresult>(status.code());
}

CUresult failed_by_exception(const char* name, bool out_of_memory) {
  CUDA_SHIM_LOG(kError, "{} {}.", name,
                out_of_memory ? "ran out of host memory" : "failed with an exception");
  return out_of_memory ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_ERROR_UNKNOWN;
}

Status not_initialized() {
  return Status(StatusCode::kNotInitialized, "cuInit has not been called.");
}

}  // namespace cuda_shim::driver
