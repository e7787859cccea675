#pragma once
// How many blocks of a kernel fit on a multiprocessor: the least of the limits on blocks, threads,
// shared memory and registers.

#include <cuda.h>

#include <cstddef>

#include "api/objects/function.h"

namespace cuda_shim::objects {

/// Blocks that are resident on one multiprocessor; 0 if a block does not fit. The function is
/// prepared.
unsigned resident_blocks(const Function& function, unsigned block_threads,
                         std::size_t dynamic_shared);

struct BlockSize {
  int min_grid;  ///< blocks that fill the device
  int block;     ///< threads
};
/// The block size that keeps most threads resident. `shared_of(threads)` gives the dynamic shared
/// memory; `limit` 0: none.
BlockSize best_block_size(const Function& function, CUoccupancyB2DSize shared_of,
                          std::size_t dynamic_shared, int limit);

/// Dynamic shared memory that each of `blocks` blocks on a multiprocessor may have.
std::size_t available_dynamic_shared(const Function& function, int blocks, int block_threads);

}  // namespace cuda_shim::objects
