#pragma once
// How the elements of tensors lie: their sizes in global and in shared memory, and where swizzles
// put the chunks of shared memory (PTX ISA, "Sub-byte Types" and "Swizzling Modes").

#include <cstdint>

#include "cuda_shim/tensor_map.h"

namespace cuda_shim::devices::cpu {

/// Shared memory is dealt with in chunks of so many bytes: none is taken apart by a swizzle.
inline constexpr unsigned kTensorChunk = 16;

struct TensorLayout {
  std::uint8_t bits;         ///< of an element in global memory
  std::uint8_t chunk_bytes;  ///< of global memory that make a chunk; less where there is padding
};
/// The type must be one.
TensorLayout layout_of(std::uint8_t type);
bool is_packed(std::uint8_t type);
bool is_padded(std::uint8_t type);

/// Bytes that make a row of so many elements, without padding.
inline unsigned row_bytes(const TensorLayout& layout, unsigned elements) {
  return elements * layout.bits / 8;
}

struct ChunkPlace {
  std::uint32_t address;
  bool flipped;  ///< its halves are exchanged
};
/// Where the chunk lies whose place would be `address` of the shared window.
ChunkPlace swizzled(std::uint32_t address, const cuda_shim_tensor_map& map);

/// Why there is no such swizzle: a sentence; null if there is.
const char* swizzle_fault(const cuda_shim_tensor_map& map, cuda_shim_tensor_kind kind);
/// Bytes that shared memory must be aligned to.
unsigned shared_alignment(const cuda_shim_tensor_map& map);

}  // namespace cuda_shim::devices::cpu
