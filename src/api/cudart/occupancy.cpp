// How many blocks of a kernel fit on a multiprocessor (runtime API manual, section "Occupancy").

#include <cuda_runtime_api.h>

#include "api/cudart/entry.h"
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

}  // namespace

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
