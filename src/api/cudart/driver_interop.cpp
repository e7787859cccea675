// The driver's version, its private tables and the profiler's switches.

#include <cudaProfiler.h>
#include <cuda_profiler_api.h>
#include <cuda_runtime_api.h>

#include "api/cudart/entry.h"

using namespace cuda_shim::cudart;

CUDART_ENTRY(cudaDriverGetVersion, (int* version), (version)) {
  return version == nullptr ? cudaErrorInvalidValue : to_runtime(cuDriverGetVersion(version));
}

CUDART_ENTRY(cudaGetExportTable, (const void** table, const cudaUUID_t* id), (table, id)) {
  return in_driver(cuGetExportTable, table, id);
}

CUDART_ENTRY(cudaProfilerStart, (), ()) {
  return in_context(cuProfilerStart);
}
CUDART_ENTRY(cudaProfilerStop, (), ()) {
  return in_context(cuProfilerStop);
}

extern "C" CUDA_SHIM_EXPORT cudaChannelFormatDesc
cudaCreateChannelDesc(int x, int y, int z, int w, cudaChannelFormatKind kind) {
  return {x, y, z, w, kind};
}
