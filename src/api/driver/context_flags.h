#pragma once
// The flags of contexts.

#include <cuda.h>
#include <fmt/format.h>

#include "cuda_shim/status.h"

namespace cuda_shim::driver {

/// Flags that change nothing here are accepted: how to wait, mapped host memory (always), keeping
/// local memory.
inline Status check_context_flags(unsigned flags) {
  unsigned schedule = flags & CU_CTX_SCHED_MASK;
  bool known = (flags & ~unsigned(CU_CTX_FLAGS_MASK)) == 0 &&
               (flags & CU_CTX_COREDUMP_ENABLE) == 0 && (flags & CU_CTX_USER_COREDUMP_ENABLE) == 0;
  bool one = schedule == 0 || (schedule & (schedule - 1)) == 0;
  if (known && one) return {};
  return Status(StatusCode::kInvalidValue,
                fmt::format("Context flags 0x{:x} are not valid.", flags));
}

}  // namespace cuda_shim::driver
