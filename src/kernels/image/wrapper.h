#pragma once
// The wrapper that nvcc and clang put around a fatbin in .nvFatBinSegment; __cudaRegisterFatBinary
// gets its address.
//
// Version 1 points to one fatbin. Version 2 points to the fatbin that nvlink made, which is machine
// code only, and to a null-terminated array of the fatbins of the units it was linked from
// (`-rdc=true`), which hold the PTX. The program fills the array while it registers.

#include <cstdint>

namespace cuda_shim::kernels::image {

inline constexpr std::uint32_t kWrapperMagic = 0x466243b1;

struct Wrapper {
  std::uint32_t magic;  ///< kWrapperMagic
  std::uint32_t version;
  const void* fatbin;
  const void* const* units;  ///< version 2 only; may be null
};
static_assert(sizeof(Wrapper) == 24);

}  // namespace cuda_shim::kernels::image
