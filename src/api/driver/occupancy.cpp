// Occupancy.
#include "api/objects/occupancy.h"

#include <fmt/format.h>

#include "api/driver/entry.h"
#include "api/objects/library.h"
#include "api/objects/module.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::Function;

// Runs work(Function&) on a translated function: shared memory and registers are known then.
template <class Work>
CUresult with_prepared(const char* name, CUfunction handle, Work&& work) {
  return in_context(name, [&](Context& context) -> Status {
    Result<Function*> function = objects::resolve_function(context, handle);
    if (!function) return std::move(function.error());
    if (Status status = (*function)->prepare(); !status) return status;
    return work(**function);
  });
}

CUresult active_blocks(const char* name, int* blocks, CUfunction handle, int block_size,
                       size_t dynamic_shared) {
  return with_prepared(name, handle, [&](Function& function) -> Status {
    if (blocks == nullptr || block_size <= 0)
      return invalid("The result is null or the block size is not positive.");
    *blocks = static_cast<int>(
        objects::resident_blocks(function, static_cast<unsigned>(block_size), dynamic_shared));
    return {};
  });
}

CUresult best_size(const char* name, int* grid, int* block, CUfunction handle,
                   CUoccupancyB2DSize shared_of, size_t dynamic_shared, int limit) {
  return with_prepared(name, handle, [&](Function& function) -> Status {
    if (grid == nullptr || block == nullptr || limit < 0)
      return invalid("A result is null or the limit is negative.");
    objects::BlockSize best = objects::best_block_size(function, shared_of, dynamic_shared, limit);
    *grid = best.min_grid;
    *block = best.block;
    return {};
  });
}

// Clusters are of one block: there is no room to look for more
// (CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH).
Status check_cluster(const CUlaunchConfig& config) {
  if (config.numAttrs != 0 && config.attrs == nullptr) return null_argument();
  for (unsigned i = 0; i < config.numAttrs; ++i) {
    const auto& size = config.attrs[i].value.clusterDim;
    if (config.attrs[i].id != CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION) continue;
    if (size.x != 1 || size.y != 1 || size.z != 1)
      return Status(static_cast<StatusCode>(CUDA_ERROR_INVALID_CLUSTER_SIZE),
                    fmt::format("Clusters of ({}, {}, {}) blocks are not supported.", size.x,
                                size.y, size.z));
  }
  return {};
}

unsigned blocks_of(const Function& function, const CUlaunchConfig& config) {
  std::uint64_t threads = std::uint64_t(config.blockDimX) * config.blockDimY * config.blockDimZ;
  if (threads > function.max_threads_per_block()) return 0;
  return objects::resident_blocks(function, static_cast<unsigned>(threads), config.sharedMemBytes);
}

Status bad_flags(unsigned flags) {
  return flags & ~unsigned(CU_OCCUPANCY_DISABLE_CACHING_OVERRIDE)
             ? invalid("The flags are not valid.")
             : Status();
}

}  // namespace

extern "C" {

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* numBlocks, CUfunction func, int blockSize,
                                                     size_t dynamicSMemSize) {
  return active_blocks(__func__, numBlocks, func, blockSize, dynamicSMemSize);
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* numBlocks, CUfunction func,
                                                              int blockSize, size_t dynamicSMemSize,
                                                              unsigned int flags) {
  if (Status status = bad_flags(flags); !status) return failed(__func__, status);
  return active_blocks(__func__, numBlocks, func, blockSize, dynamicSMemSize);
}

CUresult cuOccupancyMaxPotentialBlockSize(int* minGridSize, int* blockSize, CUfunction func,
                                          CUoccupancyB2DSize blockSizeToDynamicSMemSize,
                                          size_t dynamicSMemSize, int blockSizeLimit) {
  return best_size(__func__, minGridSize, blockSize, func, blockSizeToDynamicSMemSize,
                   dynamicSMemSize, blockSizeLimit);
}

CUresult cuOccupancyMaxPotentialBlockSizeWithFlags(int* minGridSize, int* blockSize,
                                                   CUfunction func,
                                                   CUoccupancyB2DSize blockSizeToDynamicSMemSize,
                                                   size_t dynamicSMemSize, int blockSizeLimit,
                                                   unsigned int flags) {
  if (Status status = bad_flags(flags); !status) return failed(__func__, status);
  return best_size(__func__, minGridSize, blockSize, func, blockSizeToDynamicSMemSize,
                   dynamicSMemSize, blockSizeLimit);
}

CUresult cuOccupancyAvailableDynamicSMemPerBlock(size_t* dynamicSmemSize, CUfunction func,
                                                 int numBlocks, int blockSize) {
  return with_prepared(__func__, func, [&](Function& function) -> Status {
    if (dynamicSmemSize == nullptr || numBlocks <= 0 || blockSize <= 0)
      return invalid("The result is null or a count is not positive.");
    *dynamicSmemSize = objects::available_dynamic_shared(function, numBlocks, blockSize);
    return {};
  });
}

CUresult cuOccupancyMaxPotentialClusterSize(int* clusterSize, CUfunction func,
                                            const CUlaunchConfig* config) {
  return with_prepared(__func__, func, [&](Function& function) -> Status {
    if (clusterSize == nullptr || config == nullptr) return null_argument();
    *clusterSize = blocks_of(function, *config) == 0 ? 0 : 1;
    return {};
  });
}

CUresult cuOccupancyMaxActiveClusters(int* numClusters, CUfunction func,
                                      const CUlaunchConfig* config) {
  return with_prepared(__func__, func, [&](Function& function) -> Status {
    if (numClusters == nullptr || config == nullptr) return null_argument();
    if (Status status = check_cluster(*config); !status) return status;
    unsigned multiprocessors = function.module().context().device().properties().multiprocessors;
    *numClusters = static_cast<int>(blocks_of(function, *config) * multiprocessors);
    return {};
  });
}

}  // extern "C"
