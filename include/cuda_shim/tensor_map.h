#pragma once
/* Tensor maps as kernels see them. C ABI.
 *
 * The 128 bytes of a CUtensorMap, written by the layer above (cuTensorMapEncode*), changed by
 * tensormap.replace and read by the device when a kernel copies a box of the tensor. Kernels hold
 * them in parameters, constants, global or shared memory, so that they hold no pointers but the
 * tensor's. Dimensions count from the innermost one, whose elements lie side by side. */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CUDA_SHIM_TENSOR_MAP_MAGIC 0x544d5363u
#define CUDA_SHIM_TENSOR_DIMENSIONS 5

/* As numbered by tensormap.replace's .elemtype. */
typedef enum cuda_shim_tensor_type {
  CUDA_SHIM_TENSOR_U8,
  CUDA_SHIM_TENSOR_U16,
  CUDA_SHIM_TENSOR_U32,
  CUDA_SHIM_TENSOR_S32,
  CUDA_SHIM_TENSOR_U64,
  CUDA_SHIM_TENSOR_S64,
  CUDA_SHIM_TENSOR_F16,
  CUDA_SHIM_TENSOR_F32,
  CUDA_SHIM_TENSOR_F32_FTZ,
  CUDA_SHIM_TENSOR_F64,
  CUDA_SHIM_TENSOR_BF16,
  CUDA_SHIM_TENSOR_TF32,
  CUDA_SHIM_TENSOR_TF32_FTZ,
  CUDA_SHIM_TENSOR_B4X16,     /* 4 bits each, side by side on both sides */
  CUDA_SHIM_TENSOR_B4X16_P64, /* shared memory: 16 of them, then 8 bytes left as they are */
  CUDA_SHIM_TENSOR_B6X16_P32, /* 16 of 6 bits, then 4 bytes; stores take 16 bytes of 6 bits each */
  CUDA_SHIM_TENSOR_TYPES,
} cuda_shim_tensor_type;

/* Shared memory: chunks of 16 bytes trade places within lines of so many bytes. As numbered by
 * .swizzle_mode. */
typedef enum cuda_shim_tensor_swizzle {
  CUDA_SHIM_SWIZZLE_NONE,
  CUDA_SHIM_SWIZZLE_32B,
  CUDA_SHIM_SWIZZLE_64B,
  CUDA_SHIM_SWIZZLE_128B,
  CUDA_SHIM_SWIZZLE_96B,
  CUDA_SHIM_SWIZZLES,
} cuda_shim_tensor_swizzle;

/* What stays together within lines of 128 bytes. As numbered by .swizzle_atomicity. */
typedef enum cuda_shim_tensor_atomicity {
  CUDA_SHIM_ATOM_16B,
  CUDA_SHIM_ATOM_32B,
  CUDA_SHIM_ATOM_32B_FLIP_8B, /* every other line has the halves of its 16 bytes exchanged */
  CUDA_SHIM_ATOM_64B,
  CUDA_SHIM_ATOMS,
} cuda_shim_tensor_atomicity;

/* Which boxes a map describes. */
typedef enum cuda_shim_tensor_walk {
  CUDA_SHIM_WALK_TILE,
  CUDA_SHIM_WALK_IM2COL,
  CUDA_SHIM_WALK_IM2COL_W, /* along the width only */
  CUDA_SHIM_WALK_IM2COL_W128,
  CUDA_SHIM_WALKS,
} cuda_shim_tensor_walk;

/* The structure that tensormap.replace has changed may hold anything: the device checks it. */
typedef struct cuda_shim_tensor_map {
  uint64_t address;
  uint64_t
      stride[CUDA_SHIM_TENSOR_DIMENSIONS - 1]; /* bytes, of the dimensions from the second on */
  uint32_t last[CUDA_SHIM_TENSOR_DIMENSIONS];  /* the extents, which may be 2^32, less 1 */
  uint32_t magic;
  uint16_t box[CUDA_SHIM_TENSOR_DIMENSIONS]; /* im2col: channels of a pixel, pixels of a column */
  uint8_t element_stride[CUDA_SHIM_TENSOR_DIMENSIONS];
  uint8_t last_dimension;     /* the rank less 1 */
  uint8_t type;               /* cuda_shim_tensor_type */
  uint8_t interleave;         /* 0: none, the only one served */
  uint8_t swizzle;            /* cuda_shim_tensor_swizzle */
  uint8_t swizzle_atomicity;  /* cuda_shim_tensor_atomicity */
  uint8_t fill_nan;           /* what is outside reads as the out-of-bounds NaN, not as nought */
  uint8_t walk;               /* cuda_shim_tensor_walk */
  int16_t lower[3], upper[3]; /* im2col: corners of the box of pixels, width first */
  uint8_t reserved[30];
} cuda_shim_tensor_map;

/* The NaN: its low bits, as many as the element has. The manual does not give it; public tests that
 * have been run on GPUs (compute capability 10.0 and 12.0) expect it of fma.oob and of copies. */
#define CUDA_SHIM_TENSOR_NAN 0x7ff77ff77ff77ff7ull

/* --- The intrinsic `tensor_copy`: its operation word is the number of coordinates, and: */
enum {
  CUDA_SHIM_TENSOR_RANK_MASK = 0x7,
  CUDA_SHIM_TENSOR_KIND_SHIFT = 3, /* cuda_shim_tensor_kind */
  CUDA_SHIM_TENSOR_MODE_SHIFT = 5, /* cuda_shim_tensor_mode */
  CUDA_SHIM_TENSOR_MODE_MASK = 0x7,
  CUDA_SHIM_TENSOR_REDUCTION_SHIFT = 8, /* cuda_shim_tensor_reduction */
};
typedef enum cuda_shim_tensor_kind {
  CUDA_SHIM_TENSOR_LOAD, /* global to shared */
  CUDA_SHIM_TENSOR_STORE,
  CUDA_SHIM_TENSOR_REDUCE,
} cuda_shim_tensor_kind;
typedef enum cuda_shim_tensor_mode {
  CUDA_SHIM_TENSOR_TILE,
  CUDA_SHIM_TENSOR_ROWS,   /* gather4, scatter4: four rows of a plane */
  CUDA_SHIM_TENSOR_IM2COL, /* with offsets; none of them counts where a store has none */
  CUDA_SHIM_TENSOR_IM2COL_W,
  CUDA_SHIM_TENSOR_IM2COL_W128,
} cuda_shim_tensor_mode;
typedef enum cuda_shim_tensor_reduction {
  CUDA_SHIM_TENSOR_ADD,
  CUDA_SHIM_TENSOR_MIN,
  CUDA_SHIM_TENSOR_MAX,
  CUDA_SHIM_TENSOR_INC,
  CUDA_SHIM_TENSOR_DEC,
  CUDA_SHIM_TENSOR_AND,
  CUDA_SHIM_TENSOR_OR,
  CUDA_SHIM_TENSOR_XOR,
} cuda_shim_tensor_reduction;

/* Its argument words. */
enum {
  CUDA_SHIM_TENSOR_WORD_COORDINATES = 0, /* s32; of gather4 the column and four rows */
  CUDA_SHIM_TENSOR_WORD_OFFSETS = 5,     /* im2col: width, height, depth */
  CUDA_SHIM_TENSOR_WORD_HALO = 5,        /* im2col::w: pixels beyond those of the column */
  CUDA_SHIM_TENSOR_WORD_SHIFT = 6,       /* and how far along the width the box is moved */
  CUDA_SHIM_TENSOR_WORD_SHARED = 8, /* the address in the shared window, which swizzles go by */
  CUDA_SHIM_TENSOR_WORDS = 9,
};

#ifdef __cplusplus
}
static_assert(sizeof(cuda_shim_tensor_map) == 128);
#endif
