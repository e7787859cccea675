#pragma once
// Samplers apart from textures (PTX ISA 5.3.1, independent mode): how a texture is read comes from
// another descriptor.

#include "cuda_shim/texture.h"

namespace cuda_shim::devices::cpu {

/// The texture as the sampler reads it. Declarations of samplers say nothing of levels, so these
/// stay the texture's.
cuda_shim_texture with_sampler(const cuda_shim_texture& texture, const cuda_shim_texture& sampler);

}  // namespace cuda_shim::devices::cpu
