// A box is a sequence of rows: runs of elements of the innermost dimension. Shared memory holds
// them one after another, swizzled; which rows of the tensor they are is what the modes differ in.
// A row is put together in a buffer, so that neither the edge of the tensor nor the swizzle
// concerns the other.

#include "devices/cpu/texture/tensor.h"

#include <algorithm>
#include <cstring>

#include "devices/cpu/texture/tensor_reduce.h"

namespace cuda_shim::devices::cpu {
namespace {

constexpr unsigned kChunk = 16;
constexpr unsigned kMostRowBytes = 256 * 8;
constexpr unsigned kMostDimensions = CUDA_SHIM_TENSOR_DIMENSIONS;
constexpr unsigned kGatheredRows = 4;

constexpr std::uint8_t kBytes[CUDA_SHIM_TENSOR_TYPES] = {1, 2, 4, 4, 8, 8, 2, 4, 4, 8, 2, 4, 4};

cuda_shim_tensor_kind kind_of(const TensorCopy& copy) {
  return static_cast<cuda_shim_tensor_kind>(copy.operation >> CUDA_SHIM_TENSOR_KIND_SHIFT & 3);
}
cuda_shim_tensor_mode mode_of(const TensorCopy& copy) {
  return static_cast<cuda_shim_tensor_mode>(copy.operation >> CUDA_SHIM_TENSOR_MODE_SHIFT & 3);
}

/// Where the chunk lies whose place would be `address`.
std::uint32_t swizzled(std::uint32_t address, std::uint8_t swizzle) {
  constexpr std::uint32_t kMasks[CUDA_SHIM_SWIZZLES] = {0, 1, 3, 7};
  return address ^ (address >> 7 & kMasks[swizzle]) << 4;
}

/// One row between shared and global memory.
class RowMover {
 public:
  explicit RowMover(const TensorCopy& copy)
      : copy_(copy),
        element_bytes_(kBytes[copy.map.type]),
        row_bytes_(copy.map.box[0] * element_bytes_) {}

  /// `coordinates` of the row's first element, as many as the tensor has dimensions.
  void move(const std::int64_t* coordinates) {
    const Part part = part_inside(coordinates);
    if (kind_of(copy_) == CUDA_SHIM_TENSOR_LOAD) {
      std::memset(row_, copy_.map.fill_nan ? 0xff : 0, row_bytes_);
      if (part.elements != 0)
        std::memcpy(row_ + part.first * element_bytes_, part.global,
                    part.elements * element_bytes_);
      if (flushes()) flush_row();
      for_each_chunk([](char* shared, char* chunk, unsigned n) { std::memcpy(shared, chunk, n); });
    } else {
      for_each_chunk([](char* shared, char* chunk, unsigned n) { std::memcpy(chunk, shared, n); });
      if (part.elements != 0) write(part);
    }
    ++rows_;
  }

  std::uint32_t bytes() const { return rows_ * row_bytes_; }

 private:
  /// The elements of the row that the tensor has.
  struct Part {
    std::size_t first = 0, elements = 0;
    char* global = nullptr;
  };

  Part part_inside(const std::int64_t* at) const {
    const cuda_shim_tensor_map& map = copy_.map;
    std::uint64_t address = map.address;
    const unsigned last = std::min<unsigned>(map.last_dimension, kMostDimensions - 1);
    for (unsigned d = 1; d <= last; ++d) {
      if (at[d] < 0 || at[d] > map.last[d]) return {};
      address += static_cast<std::uint64_t>(at[d]) * map.stride[d - 1];
    }
    const std::int64_t begin = std::max<std::int64_t>(at[0], 0);
    const std::int64_t end =
        std::min<std::int64_t>(at[0] + map.box[0], std::int64_t{map.last[0]} + 1);
    if (begin >= end) return {};
    address += static_cast<std::uint64_t>(begin) * element_bytes_;
    return {static_cast<std::size_t>(begin - at[0]), static_cast<std::size_t>(end - begin),
            reinterpret_cast<char*>(address)};
  }

  void write(const Part& part) {
    const char* from = row_ + part.first * element_bytes_;
    if (kind_of(copy_) == CUDA_SHIM_TENSOR_STORE)
      std::memcpy(part.global, from, part.elements * element_bytes_);
    else
      reduce_elements(static_cast<cuda_shim_tensor_type>(copy_.map.type),
                      static_cast<cuda_shim_tensor_reduction>(
                          copy_.operation >> CUDA_SHIM_TENSOR_REDUCTION_SHIFT & 7),
                      part.global, from, part.elements);
  }

  bool flushes() const {
    return copy_.map.type == CUDA_SHIM_TENSOR_F32_FTZ ||
           copy_.map.type == CUDA_SHIM_TENSOR_TF32_FTZ;
  }

  void flush_row() {
    for (unsigned at = 0; at < row_bytes_; at += 4) {
      std::uint32_t bits;
      std::memcpy(&bits, row_ + at, sizeof bits);
      if ((bits & 0x7f800000) == 0) bits &= 0x80000000;
      std::memcpy(row_ + at, &bits, sizeof bits);
    }
  }

  template <class Move>
  void for_each_chunk(Move move) {
    const std::uint32_t base = copy_.words[CUDA_SHIM_TENSOR_WORD_SHARED];
    for (unsigned at = 0; at < row_bytes_; at += kChunk) {
      const std::uint32_t plain = base + bytes() + at;
      const auto distance = static_cast<std::int32_t>(swizzled(plain, copy_.map.swizzle) - base);
      move(copy_.shared + distance, row_ + at, std::min(kChunk, row_bytes_ - at));
    }
  }

  const TensorCopy& copy_;
  const unsigned element_bytes_, row_bytes_;
  unsigned rows_ = 0;
  char row_[kMostRowBytes];
};

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

bool has_sound_box(const cuda_shim_tensor_map& map) {
  for (unsigned d = 0; d <= map.last_dimension; ++d)
    if ((!map.im2col && (map.box[d] == 0 || map.box[d] > 256)) || map.element_stride[d] == 0)
      return false;
  return map.box[0] != 0 && map.box[0] <= 256 && map.box[0] * kBytes[map.type] % kChunk == 0;
}

}  // namespace

const char* tensor_fault(const TensorCopy& copy) {
  const cuda_shim_tensor_map& map = copy.map;
  if (map.magic != CUDA_SHIM_TENSOR_MAP_MAGIC || map.last_dimension >= kMostDimensions ||
      map.type >= CUDA_SHIM_TENSOR_TYPES || !has_sound_box(map))
    return "A tensor copy was given no sound tensor map.";
  if (map.interleave != 0 || map.swizzle_atomicity != 0 || map.swizzle >= CUDA_SHIM_SWIZZLES)
    return "Interleaved tensors and this swizzle are not supported.";
  if ((copy.operation & CUDA_SHIM_TENSOR_RANK_MASK) != map.last_dimension + 1u)
    return "A tensor copy has not as many coordinates as the tensor has dimensions.";
  if ((mode_of(copy) == CUDA_SHIM_TENSOR_IM2COL) != (map.im2col != 0))
    return "A tensor copy is in another mode than its tensor map.";
  if (copy.words[CUDA_SHIM_TENSOR_WORD_SHARED] % kChunk != 0)
    return "The shared memory of a tensor copy is not aligned.";
  if (kind_of(copy) == CUDA_SHIM_TENSOR_REDUCE &&
      !can_reduce(static_cast<cuda_shim_tensor_type>(map.type),
                  static_cast<cuda_shim_tensor_reduction>(
                      copy.operation >> CUDA_SHIM_TENSOR_REDUCTION_SHIFT & 7)))
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
  }
  return mover.bytes();
}

}  // namespace cuda_shim::devices::cpu
