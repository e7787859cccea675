// The functions that are missing: each answers cudaErrorNotSupported and names itself in the log
// once.
//
// They take no parameters here; the C calling conventions let a caller pass arguments that nobody
// reads.

#include <atomic>

#include "api/cudart/entry.h"
#include "support/log.h"

namespace cuda_shim::cudart {

static cudaError_t missing(const char* function, std::atomic_flag& named) {
  if (!named.test_and_set())
    CUDA_SHIM_LOG(kWarning, "{} is not supported yet; it returns cudaErrorNotSupported.", function);
  return record(cudaErrorNotSupported, function);
}

}  // namespace cuda_shim::cudart

#define CUDA_SHIM_CUDART_Implemented(name)
#define CUDA_SHIM_CUDART_Missing(name)               \
  extern "C" CUDA_SHIM_EXPORT cudaError_t name() {   \
    static constinit std::atomic_flag named;         \
    return cuda_shim::cudart::missing(#name, named); \
  }
#define CUDA_SHIM_CUDART(name, first, last, state) CUDA_SHIM_CUDART_##state(name)
#include "api/cudart/cudart_api.def"
