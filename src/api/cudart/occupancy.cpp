// How many blocks of a kernel fit on a multiprocessor (runtime API manual, section "Occupancy").

#include <cuda_runtime_api.h>

#include <limits>

#include "api/cudart/entry.h"
#include "api/cudart/launch_config.h"
#include "api/cudart/registry.h"

using namespace cuda_shim::cudart;

namespace {

cudaError_t active_blocks(int* blocks, const void* function, int block_size, size_t shared,
                          unsigned flags) {
  CUfunction handle;
  CUDART_TRY(resolve_function(function, &handle));
  return to_runtime(cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, handle, block_size,
                                                                         shared, flags));
}

/// One of the driver's questions about clusters.
cudaError_t ask_clusters(CUresult (*question)(int*, CUfunction, const CUlaunchConfig*), int* out,
                         const void* function, const cudaLaunchConfig_t* config) {
  if (out == nullptr || config == nullptr ||
      config->dynamicSmemBytes > std::numeric_limits<unsigned>::max())
    return cudaErrorInvalidValue;
  CUfunction handle;
  CUDART_TRY(resolve_function(function, &handle));
  CUlaunchConfig driver_config = to_driver(*config, config->stream);
  return to_runtime(question(out, handle, &driver_config));
}

}  // namespace

CUDART_ENTRY(cudaOccupancyMaxPotentialClusterSize,
             (int* size, const void* function, const cudaLaunchConfig_t* config),
             (size, function, config)) {
  return ask_clusters(cuOccupancyMaxPotentialClusterSize, size, function, config);
}

CUDART_ENTRY(cudaOccupancyMaxActiveClusters,
             (int* clusters, const void* function, const cudaLaunchConfig_t* config),
             (clusters, function, config)) {
  return ask_clusters(cuOccupancyMaxActiveClusters, clusters, function, config);
}

CUDART_ENTRY(cudaOccupancyMaxActiveBlocksPerMultiprocessor,
             (int* blocks, const void* function, int block_size, size_t shared),
             (blocks, function, block_size, shared)) {
  return active_blocks(blocks, function, block_size, shared, CU_OCCUPANCY_DEFAULT);
}

CUDART_ENTRY(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags,
             (int* blocks, const void* function, int block_size, size_t shared, unsigned int flags),
             (blocks, function, block_size, shared, flags)) {
  return active_blocks(blocks, function, block_size, shared, flags);
}

CUDART_ENTRY(cudaOccupancyAvailableDynamicSMemPerBlock,
             (size_t* bytes, const void* function, int blocks, int block_size),
             (bytes, function, blocks, block_size)) {
  CUfunction handle;
  CUDART_TRY(resolve_function(function, &handle));
  return to_runtime(cuOccupancyAvailableDynamicSMemPerBlock(bytes, handle, blocks, block_size));
}
