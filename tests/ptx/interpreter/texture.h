#pragma once
// Textures and surfaces of the interpreter: the objects of a launch by their handles, which are
// numbers that are no addresses.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptx/ptx_objects.h"

namespace cuda_shim::tests::interpreter {

inline constexpr std::uint64_t kFirstHandle = std::uint64_t{0x7e} << 56;

struct BoundTexture {
  std::uint64_t handle = 0;
  bool is_surface = false;
  TextureObject object;
  std::byte* texels = nullptr;  ///< channel after channel, level after level; the launch's
};

}  // namespace cuda_shim::tests::interpreter
