// Compiled with NVIDIA's headers of one major: what its structures look like.

#include <driver_types.h>

#include "api/cudart/layout.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

namespace cuda_shim::test {

Layout JOIN(nvidia_layout_, NVIDIA_MAJOR)() {
  return {sizeof(cudaDeviceProp), property_fields<cudaDeviceProp>(), sizeof(cudaPointerAttributes),
          sizeof(cudaFuncAttributes)};
}

}  // namespace cuda_shim::test
