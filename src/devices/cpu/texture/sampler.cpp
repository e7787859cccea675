#include "devices/cpu/texture/sampler.h"

#include <algorithm>

#include "devices/cpu/texture/texel.h"

namespace cuda_shim::devices::cpu {
namespace {

// Without normalised coordinates nothing is repeated.
std::uint8_t mode_of(std::uint8_t asked, bool normalized) {
  const bool repeats = asked == CUDA_SHIM_ADDRESS_WRAP || asked == CUDA_SHIM_ADDRESS_MIRROR;
  return repeats && !normalized ? std::uint8_t{CUDA_SHIM_ADDRESS_CLAMP} : asked;
}

}  // namespace

cuda_shim_texture with_sampler(const cuda_shim_texture& texture, const cuda_shim_texture& sampler) {
  cuda_shim_texture both = texture;
  both.normalized_coordinates =
      texture.normalized_coordinates != 0 && sampler.normalized_coordinates != 0;
  for (unsigned d = 0; d < 3; ++d)
    both.address_mode[d] = mode_of(sampler.address_mode[d], both.normalized_coordinates != 0);
  // Integers that are read as such are not filtered.
  both.linear_filter = sampler.linear_filter != 0 && returns_floats(texture);
  std::ranges::copy(sampler.border, both.border);
  return both;
}

}  // namespace cuda_shim::devices::cpu
