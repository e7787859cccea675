#pragma once
// Tensor maps of the interpreter: the 128 bytes that a kernel gets for `//! tensor` and that
// tensormap.replace changes. Their layout has nothing to do with the engine's.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptx/ptx_objects.h"

namespace cuda_shim::tests::interpreter {

struct Tensor {
  std::uint64_t address;
  std::uint64_t stride[4];
  std::uint64_t extent[5];
  std::uint16_t box[5];
  std::uint8_t step[5];
  std::uint8_t type;    ///< as .elemtype numbers them
  std::uint8_t rank_1;  ///< the rank less 1, as .rank has it
  std::uint8_t interleave, swizzle, atomicity, fill;
  std::uint8_t
      columns;  ///< 1 im2col, 2 im2col::w, 3 im2col::w::128: box[0] channels, box[1] pixels
  std::int16_t lower[3], upper[3];
  std::uint8_t unused[8];
};
static_assert(sizeof(Tensor) == 128);

/// The argument for a map whose tensor lies at the address.
std::vector<std::byte> encode(const TensorMap& map, std::uint64_t address);

}  // namespace cuda_shim::tests::interpreter
