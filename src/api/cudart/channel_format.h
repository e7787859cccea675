#pragma once
// The runtime's channel descriptors and the driver's array formats.

#include <cuda.h>
#include <driver_types.h>

#include <cstddef>

namespace cuda_shim::cudart {

/// The driver's words for a channel descriptor; cudaErrorInvalidChannelDescriptor if it has none.
cudaError_t to_array_format(const cudaChannelFormatDesc& channels, CUarray_format* format,
                            unsigned* count);
/// The descriptor of an array's texels; cudaErrorInvalidChannelDescriptor if it has none.
cudaError_t to_channels(CUarray_format format, unsigned count, cudaChannelFormatDesc* channels);
/// Bytes of one texel; 0 for a format without a descriptor.
std::size_t texel_bytes(CUarray_format format, unsigned count);

inline CUarray to_driver(cudaArray_const_t array) {
  return reinterpret_cast<CUarray>(const_cast<cudaArray_t>(array));
}

}  // namespace cuda_shim::cudart
