#pragma once
// Copies by cudaMemcpyKind, as used by plain and symbol copies alike.

#include <cuda.h>
#include <driver_types.h>

#include <cstddef>

namespace cuda_shim::cudart {

/// The memory on both sides of a copy of this kind, in the driver's terms; false for a value that
/// is no kind.
struct CopySides {
  CUmemorytype source;
  CUmemorytype destination;
};
bool copy_sides(cudaMemcpyKind kind, CopySides* sides);

/// Enqueues a copy in the stream.
cudaError_t copy_async(void* to, const void* from, size_t count, cudaMemcpyKind kind,
                       cudaStream_t stream);
/// Copies on the default stream given (CU_STREAM_LEGACY or CU_STREAM_PER_THREAD) as cudaMemcpy
/// does.
cudaError_t copy(void* to, const void* from, size_t count, cudaMemcpyKind kind,
                 cudaStream_t stream);

}  // namespace cuda_shim::cudart
