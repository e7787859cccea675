// A box is a sequence of rows: runs of elements of the innermost dimension. Shared memory holds
// them one after another, swizzled; which rows of the tensor they are is what the modes differ in.

#include "devices/cpu/texture/tensor.h"

#include "devices/cpu/texture/tensor_layout.h"
#include "devices/cpu/texture/tensor_reduce.h"
#include "devices/cpu/texture/tensor_row.h"

namespace cuda_shim::devices::cpu {
namespace {

constexpr unsigned kMostDimensions = CUDA_SHIM_TENSOR_DIMENSIONS;
constexpr unsigned kGatheredRows = 4;
constexpr unsigned kMostElements = 256;    // of a row
constexpr unsigned kPaddedElements = 128;  // a row of padded elements has so many
constexpr unsigned kPixelsOf128 = 128, kPixelsOfGroup = 32;
constexpr unsigned kHaloLimit = 512, kShiftLimit = 32;

cuda_shim_tensor_mode mode_of(const TensorCopy& copy) {
  return static_cast<cuda_shim_tensor_mode>(copy.operation >> CUDA_SHIM_TENSOR_MODE_SHIFT &
                                            CUDA_SHIM_TENSOR_MODE_MASK);
}

struct Start {
  std::int64_t at[kMostDimensions] = {};
};

Start start_of(const TensorCopy& copy) {
  Start start;
  for (unsigned d = 0; d <= copy.map.last_dimension; ++d)
    start.at[d] = static_cast<std::int32_t>(copy.words[CUDA_SHIM_TENSOR_WORD_COORDINATES + d]);
  return start;
}

/// Every element_stride-th row of the box, the second dimension fastest.
void move_tile(const TensorCopy& copy, RowMover& mover) {
  const cuda_shim_tensor_map& map = copy.map;
  const Start start = start_of(copy);
  Start row = start;
  for (;;) {
    mover.move(row.at);
    unsigned d = 1;
    for (; d <= map.last_dimension; ++d) {
      row.at[d] += map.element_stride[d];
      if (row.at[d] - start.at[d] < map.box[d]) break;
      row.at[d] = start.at[d];
    }
    if (d > map.last_dimension) return;
  }
}

void move_rows(const TensorCopy& copy, RowMover& mover) {
  for (unsigned i = 0; i < kGatheredRows; ++i) {
    const auto* words = copy.words + CUDA_SHIM_TENSOR_WORD_COORDINATES;
    const std::int64_t row[] = {static_cast<std::int32_t>(words[0]),
                                static_cast<std::int32_t>(words[1 + i])};
    mover.move(row);
  }
}

/// Pixels one after another, through the box that the corners leave of each image, then through the
/// next image. The offsets shift what is read, not the walk.
void move_columns(const TensorCopy& copy, RowMover& mover) {
  const cuda_shim_tensor_map& map = copy.map;
  const unsigned images = map.last_dimension;
  Start pixel = start_of(copy);
  for (unsigned i = 0; i < map.box[1]; ++i) {
    Start row = pixel;
    for (unsigned d = 1; d < images; ++d)
      row.at[d] += copy.words[CUDA_SHIM_TENSOR_WORD_OFFSETS + d - 1] & 0xffff;
    mover.move(row.at);
    unsigned d = 1;
    for (; d < images; ++d) {
      pixel.at[d] += map.element_stride[d];
      if (pixel.at[d] <= std::int64_t{map.last[d]} + map.upper[d - 1]) break;
      pixel.at[d] = map.lower[d - 1];
    }
    if (d == images) ++pixel.at[d];
  }
}

/// Pixels along the width, then those at the same height and depth of the next image. Each group is
/// followed by its halo: the pixels that come next, which the next group has once more.
void move_widths(const TensorCopy& copy, RowMover& mover) {
  const cuda_shim_tensor_map& map = copy.map;
  const bool has_groups = map.walk == CUDA_SHIM_WALK_IM2COL_W128;
  const unsigned pixels = has_groups ? kPixelsOf128 : map.box[1];
  const unsigned group = has_groups ? kPixelsOfGroup : pixels;
  const unsigned halo = copy.words[CUDA_SHIM_TENSOR_WORD_HALO];
  const std::int64_t shift = copy.words[CUDA_SHIM_TENSOR_WORD_SHIFT];
  const auto advance = [&](Start& pixel) {
    pixel.at[1] += map.element_stride[1];
    if (pixel.at[1] <= std::int64_t{map.last[1]} + map.upper[0] + shift) return;
    pixel.at[1] = map.lower[0] + shift;
    ++pixel.at[map.last_dimension];
  };
  Start pixel = start_of(copy);
  pixel.at[1] += shift;
  for (unsigned i = 0; i < pixels; ++i) {
    mover.move(pixel.at);
    advance(pixel);
    if ((i + 1) % group != 0) continue;
    Start beyond = pixel;
    for (unsigned h = 0; h < halo; ++h, advance(beyond)) mover.move(beyond.at);
  }
}

bool has_sound_box(const cuda_shim_tensor_map& map) {
  for (unsigned d = 0; d <= map.last_dimension; ++d)
    if ((map.walk == CUDA_SHIM_WALK_TILE && (map.box[d] == 0 || map.box[d] > kMostElements)) ||
        map.element_stride[d] == 0)
      return false;
  if (is_padded(map.type)) return map.box[0] == kPaddedElements;
  return map.box[0] != 0 && map.box[0] <= kMostElements &&
         row_bytes(layout_of(map.type), map.box[0]) % kTensorChunk == 0;
}

bool is_sound(const cuda_shim_tensor_map& map) {
  return map.magic == CUDA_SHIM_TENSOR_MAP_MAGIC && map.last_dimension < kMostDimensions &&
         map.type < CUDA_SHIM_TENSOR_TYPES && map.walk < CUDA_SHIM_WALKS && has_sound_box(map);
}

/// What packed elements cannot have.
const char* packed_fault(const TensorCopy& copy) {
  const cuda_shim_tensor_map& map = copy.map;
  if (!is_packed(map.type)) return nullptr;
  if (map.fill_nan != 0) return "Elements of 4 and 6 bits have no NaN to fill with.";
  if (!is_padded(map.type)) return nullptr;
  if (copy.words[CUDA_SHIM_TENSOR_WORD_COORDINATES] % kPaddedElements != 0)
    return "The first coordinate of padded elements is no multiple of 128.";
  if (map.type == CUDA_SHIM_TENSOR_B4X16_P64 && kind_of(copy) != CUDA_SHIM_TENSOR_LOAD)
    return "Elements of 4 bits with padding can be loaded only.";
  return nullptr;
}

/// What the instruction and the map must agree on.
const char* mode_fault(const TensorCopy& copy) {
  constexpr cuda_shim_tensor_walk kWalks[] = {CUDA_SHIM_WALK_TILE, CUDA_SHIM_WALK_TILE,
                                              CUDA_SHIM_WALK_IM2COL, CUDA_SHIM_WALK_IM2COL_W,
                                              CUDA_SHIM_WALK_IM2COL_W128};
  const cuda_shim_tensor_map& map = copy.map;
  if ((copy.operation & CUDA_SHIM_TENSOR_RANK_MASK) != map.last_dimension + 1u)
    return "A tensor copy has not as many coordinates as the tensor has dimensions.";
  if (kWalks[mode_of(copy)] != map.walk)
    return "A tensor copy is in another mode than its tensor map.";
  if (map.walk < CUDA_SHIM_WALK_IM2COL_W) return nullptr;
  const unsigned limit = map.walk == CUDA_SHIM_WALK_IM2COL_W128 ? kPixelsOfGroup : kHaloLimit;
  if (copy.words[CUDA_SHIM_TENSOR_WORD_HALO] >= limit ||
      copy.words[CUDA_SHIM_TENSOR_WORD_SHIFT] >= kShiftLimit)
    return "The halo or the offset of a tensor copy is too large.";
  return nullptr;
}

}  // namespace

const char* tensor_fault(const TensorCopy& copy) {
  const cuda_shim_tensor_map& map = copy.map;
  if (!is_sound(map)) return "A tensor copy was given no sound tensor map.";
  if (map.interleave != 0) return "Interleaved tensors are not supported.";
  if (const char* fault = swizzle_fault(map, kind_of(copy))) return fault;
  if (const char* fault = mode_fault(copy)) return fault;
  if (const char* fault = packed_fault(copy)) return fault;
  if (copy.words[CUDA_SHIM_TENSOR_WORD_SHARED] % shared_alignment(map) != 0)
    return "The shared memory of a tensor copy is not aligned.";
  if (kind_of(copy) == CUDA_SHIM_TENSOR_REDUCE &&
      !can_reduce(static_cast<cuda_shim_tensor_type>(map.type), reduction_of(copy)))
    return "Elements of the tensor's type cannot be reduced so.";
  return nullptr;
}

std::uint32_t copy_tensor(const TensorCopy& copy) {
  RowMover mover(copy);
  switch (mode_of(copy)) {
    case CUDA_SHIM_TENSOR_TILE:
      move_tile(copy, mover);
      break;
    case CUDA_SHIM_TENSOR_ROWS:
      move_rows(copy, mover);
      break;
    case CUDA_SHIM_TENSOR_IM2COL:
      move_columns(copy, mover);
      break;
    case CUDA_SHIM_TENSOR_IM2COL_W:
    case CUDA_SHIM_TENSOR_IM2COL_W128:
      move_widths(copy, mover);
      break;
  }
  return mover.bytes();
}

}  // namespace cuda_shim::devices::cpu
