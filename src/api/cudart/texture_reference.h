#pragma once
// The structures of texture and surface references, as the headers of CUDA 11 had them; later ones
// have none.

#include <driver_types.h>
#include <texture_types.h>

#include <cstddef>

/// The first part of the class `texture`: what host code sets, and a binding takes.
struct textureReference {
  int normalized;
  cudaTextureFilterMode filterMode;
  cudaTextureAddressMode addressMode[3];
  cudaChannelFormatDesc channelDesc;
  int sRGB;
  unsigned int maxAnisotropy;
  cudaTextureFilterMode mipmapFilterMode;
  float mipmapLevelBias;
  float minMipmapLevelClamp;
  float maxMipmapLevelClamp;
  int disableTrilinearOptimization;
  int __cudaReserved[14];
};
static_assert(offsetof(textureReference, sRGB) == 40 && sizeof(textureReference) == 124);

struct surfaceReference {
  cudaChannelFormatDesc channelDesc;
};
