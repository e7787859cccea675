#pragma once
// Surface accesses: suld.b, sust.b and sured.b on level 0 of one descriptor. They move bits; the
// format of the surface says only where a row ends.

#include <cstdint>

#include "cuda_shim/texture.h"

namespace cuda_shim::devices::cpu {

enum class SurfaceAccess {
  kDone,
  kOutside,     ///< and the boundary mode is trap
  kMisaligned,  ///< x is no multiple of the bytes accessed
};

/// `operation` and `words` as in texture.h; `data` holds the elements as they lie in memory.
SurfaceAccess load_surface(const cuda_shim_texture& surface, std::uint32_t operation,
                           const std::uint32_t* words, void* data);
SurfaceAccess store_surface(const cuda_shim_texture& surface, std::uint32_t operation,
                            const std::uint32_t* words, const void* data);
/// Reduces one element of 4 or 8 bytes, atomically.
SurfaceAccess reduce_surface(const cuda_shim_texture& surface, std::uint32_t operation,
                             const std::uint32_t* words, const void* data);

}  // namespace cuda_shim::devices::cpu
