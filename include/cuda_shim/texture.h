#pragma once
/* Texture and surface objects as kernels see them. C ABI.
 *
 * The 64-bit handle that an application passes to a kernel is the device address of one
 * cuda_shim_texture, written by the layer above and read by the device. It holds everything that a
 * fetch depends on, so that a device needs no table of objects. Texels lie in plain rows: element
 * after element, row after row, slice after slice; the layers and faces of layered arrays and
 * cubemaps are slices. Handles of surfaces point to the same structure. */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* First word of each descriptor: a handle that does not point to one is refused. */
#define CUDA_SHIM_TEXTURE_MAGIC 0x78745363u
/* Of the largest mipmapped array: 131072 texels wide. */
#define CUDA_SHIM_TEXTURE_LEVELS 18

/* What a channel is. */
typedef enum cuda_shim_texel {
  CUDA_SHIM_TEXEL_U8,
  CUDA_SHIM_TEXEL_U16,
  CUDA_SHIM_TEXEL_U32,
  CUDA_SHIM_TEXEL_S8,
  CUDA_SHIM_TEXEL_S16,
  CUDA_SHIM_TEXEL_S32,
  CUDA_SHIM_TEXEL_F16,
  CUDA_SHIM_TEXEL_F32,
} cuda_shim_texel;

/* Texels that lie in blocks of 4 x 4: addresses, pitches and slices are those of blocks, extents
 * count texels. They are read as floats, which `texel` says too. */
typedef enum cuda_shim_texel_blocks {
  CUDA_SHIM_BLOCKS_NONE,
  CUDA_SHIM_BLOCKS_BC1, /* 8 bytes, four channels */
  CUDA_SHIM_BLOCKS_BC2, /* 16 bytes, four channels */
  CUDA_SHIM_BLOCKS_BC3, /* 16 bytes, four channels */
  CUDA_SHIM_BLOCKS_BC4, /* 8 bytes, one channel */
  CUDA_SHIM_BLOCKS_BC4_SIGNED,
  CUDA_SHIM_BLOCKS_BC5, /* 16 bytes, two channels */
  CUDA_SHIM_BLOCKS_BC5_SIGNED,
  CUDA_SHIM_BLOCKS_BC6H, /* 16 bytes, three channels of half precision, and 1 */
  CUDA_SHIM_BLOCKS_BC6H_SIGNED,
  CUDA_SHIM_BLOCKS_BC7, /* 16 bytes, four channels */
} cuda_shim_texel_blocks;

/* Geometries of texture and surface instructions. */
typedef enum cuda_shim_geometry {
  CUDA_SHIM_GEOMETRY_1D,
  CUDA_SHIM_GEOMETRY_2D,
  CUDA_SHIM_GEOMETRY_3D,
  CUDA_SHIM_GEOMETRY_A1D,
  CUDA_SHIM_GEOMETRY_A2D,
  CUDA_SHIM_GEOMETRY_CUBE,
  CUDA_SHIM_GEOMETRY_ACUBE,
} cuda_shim_geometry;

/* As numbered by CUaddress_mode. */
typedef enum cuda_shim_address_mode {
  CUDA_SHIM_ADDRESS_WRAP,
  CUDA_SHIM_ADDRESS_CLAMP,
  CUDA_SHIM_ADDRESS_MIRROR,
  CUDA_SHIM_ADDRESS_BORDER,
} cuda_shim_address_mode;

/* What a descriptor stands for. */
typedef enum cuda_shim_opaque_kind {
  CUDA_SHIM_OPAQUE_NONE, /* not a descriptor */
  CUDA_SHIM_OPAQUE_TEXTURE,
  CUDA_SHIM_OPAQUE_SURFACE,
  CUDA_SHIM_OPAQUE_SAMPLER, /* format and levels mean nothing; normalized_coordinates: as the
                               texture says */
} cuda_shim_opaque_kind;

/* One mipmap level. Extents in texels, at least 1; depth counts layers and faces too. */
typedef struct cuda_shim_texture_level {
  uint64_t address;
  uint64_t pitch, slice; /* bytes from row to row, from slice to slice */
  uint32_t width, height, depth;
  uint32_t reserved;
} cuda_shim_texture_level;

typedef struct cuda_shim_texture {
  uint32_t magic;
  uint8_t texel;           /* cuda_shim_texel */
  uint8_t channels;        /* 1, 2, 4 */
  uint8_t levels;          /* at least 1 */
  uint8_t address_mode[3]; /* cuda_shim_address_mode of x, y, z */
  uint8_t linear_filter;   /* within a level; else the nearest texel */
  uint8_t linear_levels;   /* between levels; else the nearest level */
  uint8_t normalized_coordinates;
  uint8_t normalized_values; /* integers of 8 and 16 bits read as [0, 1] or [-1, 1] */
  uint8_t srgb;
  uint8_t seamless;                 /* filters reach over the edges of a cube */
  uint8_t blocks;                   /* cuda_shim_texel_blocks */
  uint8_t layered, cube, mipmapped; /* made of such an array; for queries only */
  uint32_t border[4];               /* bits of the four channels */
  float level_bias, least_level, greatest_level;
  uint32_t kind;                /* cuda_shim_opaque_kind: texture instructions refuse a surface */
  uint32_t greatest_anisotropy; /* samples along a stretched footprint: 0 and 1 mean one */
  cuda_shim_texture_level level[CUDA_SHIM_TEXTURE_LEVELS];
} cuda_shim_texture;

/* --- Arguments of the intrinsics `texture_fetch` ... `surface_reduce`: an operation word, and
 * words. */

/* Operation word: the geometry in the low four bits, and: */
enum {
  CUDA_SHIM_TEXTURE_GEOMETRY_MASK = 0xf,
  CUDA_SHIM_TEXTURE_INTEGER = 1 << 4, /* coordinates are s32 texels, else f32 */
  CUDA_SHIM_TEXTURE_LOD = 1 << 5,     /* the level is given */
  CUDA_SHIM_TEXTURE_GRADIENT = 1 << 6,
  CUDA_SHIM_TEXTURE_OFFSET = 1 << 7,
  CUDA_SHIM_TEXTURE_GATHER = 1 << 8, /* one channel of the four texels of a linear filter */
  CUDA_SHIM_TEXTURE_CHANNEL_SHIFT = 9,
  CUDA_SHIM_TEXTURE_SAMPLER = 1 << 11, /* a sampler says how the texture is read */

  CUDA_SHIM_SURFACE_BOUNDARY_SHIFT = 4, /* cuda_shim_boundary */
  CUDA_SHIM_SURFACE_BYTES_SHIFT = 6,    /* log2 of the bytes of an element: 0 to 3 */
  CUDA_SHIM_SURFACE_VECTOR_SHIFT = 8,   /* log2 of the elements: 0 to 2 */
  CUDA_SHIM_SURFACE_REDUCE_SHIFT = 10,  /* cuda_shim_surface_reduction */
  CUDA_SHIM_SURFACE_FORMATTED =
      1 << 13, /* x counts texels; what is stored has the texel's format */
};
typedef enum cuda_shim_boundary {
  CUDA_SHIM_BOUNDARY_TRAP,
  CUDA_SHIM_BOUNDARY_CLAMP,
  CUDA_SHIM_BOUNDARY_ZERO,
} cuda_shim_boundary;
typedef enum cuda_shim_surface_reduction {
  CUDA_SHIM_SURFACE_ADD,
  CUDA_SHIM_SURFACE_MIN_U,
  CUDA_SHIM_SURFACE_MAX_U,
  CUDA_SHIM_SURFACE_MIN_S,
  CUDA_SHIM_SURFACE_MAX_S,
  CUDA_SHIM_SURFACE_AND,
  CUDA_SHIM_SURFACE_OR,
} cuda_shim_surface_reduction;

/* Places of the argument words of a fetch; those that the operation does not need hold nothing. A
 * surface access has the first four: x in bytes, y, z. */
enum {
  CUDA_SHIM_TEXTURE_WORD_LAYER = 0,
  CUDA_SHIM_TEXTURE_WORD_COORDINATES = 1, /* x, y, z */
  CUDA_SHIM_TEXTURE_WORD_LOD = 4,         /* f32; or two gradients of three words */
  CUDA_SHIM_TEXTURE_WORD_OFFSETS = 10,    /* x, y, z */
  CUDA_SHIM_TEXTURE_WORD_SAMPLER = 13,    /* its handle, the low half first */
  CUDA_SHIM_TEXTURE_WORDS = 15,
  CUDA_SHIM_SURFACE_WORDS = 4,
};

/* What `texture_query` answers. */
typedef enum cuda_shim_texture_question {
  CUDA_SHIM_TEXTURE_WIDTH,
  CUDA_SHIM_TEXTURE_HEIGHT,
  CUDA_SHIM_TEXTURE_DEPTH,
  CUDA_SHIM_TEXTURE_ARRAY_SIZE,
  CUDA_SHIM_TEXTURE_NUM_LEVELS,
  CUDA_SHIM_TEXTURE_NORMALIZED,
  CUDA_SHIM_TEXTURE_CHANNEL_TYPE,  /* as OpenCL numbers them: PTX ISA 5.3.2 */
  CUDA_SHIM_TEXTURE_CHANNEL_ORDER, /* as OpenCL numbers them */
  CUDA_SHIM_TEXTURE_NUM_SAMPLES,
  CUDA_SHIM_TEXTURE_FORCES_TEXELS, /* a sampler that overrides normalised coordinates */
  CUDA_SHIM_TEXTURE_FILTER_MODE,   /* modes as the places in the manual's lists, from 0: PTX ISA
                                      9.7.10, txq */
  CUDA_SHIM_TEXTURE_ADDRESS_MODE_0,
  CUDA_SHIM_TEXTURE_ADDRESS_MODE_1,
  CUDA_SHIM_TEXTURE_ADDRESS_MODE_2,
  CUDA_SHIM_TEXTURE_IS_LINEAR, /* a surface of plain memory, which CUDA has none of */
  CUDA_SHIM_TEXTURE_KIND,      /* cuda_shim_opaque_kind; of any address that can be read */
} cuda_shim_texture_question;

#ifdef __cplusplus
}
#endif
