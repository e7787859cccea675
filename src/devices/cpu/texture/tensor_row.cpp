// A row is put together in a buffer, so that neither the edge of the tensor nor the swizzle
// concerns the other.

#include "devices/cpu/texture/tensor_row.h"

#include <algorithm>
#include <cstring>

#include "devices/cpu/texture/tensor_reduce.h"

namespace cuda_shim::devices::cpu {
namespace {

/// Bits from the lowest one of each byte on. Nearly always they are whole bytes.
void copy_bits(char* to, std::uint64_t to_bit, const char* from, std::uint64_t from_bit,
               std::uint64_t bits) {
  if (to_bit % 8 == 0 && from_bit % 8 == 0 && bits % 8 == 0) {
    std::memcpy(to + to_bit / 8, from + from_bit / 8, bits / 8);
    return;
  }
  for (std::uint64_t i = 0; i < bits; ++i) {
    const auto bit = static_cast<unsigned char>(from[(from_bit + i) / 8]) >> (from_bit + i) % 8 & 1;
    char& byte = to[(to_bit + i) / 8];
    const unsigned place = (to_bit + i) % 8;
    byte = static_cast<char>((static_cast<unsigned char>(byte) & ~(1u << place)) |
                             static_cast<unsigned>(bit) << place);
  }
}

constexpr std::uint32_t kExponent = 0x7f800000, kSign = 0x80000000;

std::uint32_t flushed(std::uint32_t bits) {
  return (bits & kExponent) == 0 ? bits & kSign : bits;
}

/// Rounded to the nearest value of ten bits of mantissa, ties to even.
std::uint32_t rounded_to_tf32(std::uint32_t bits) {
  constexpr std::uint32_t kDropped = 0x1fff, kNan = 0x7fffe000;
  if ((bits & ~kSign) > kExponent) return kNan;
  return (bits + kDropped / 2 + (bits >> 13 & 1)) & ~kDropped;
}

/// What loads make of elements of the tensor.
std::uint32_t converted(std::uint8_t type, std::uint32_t bits) {
  if (type == CUDA_SHIM_TENSOR_F32_FTZ || type == CUDA_SHIM_TENSOR_TF32_FTZ) bits = flushed(bits);
  if (type == CUDA_SHIM_TENSOR_TF32 || type == CUDA_SHIM_TENSOR_TF32_FTZ)
    bits = rounded_to_tf32(bits);
  return bits;
}

bool converts(std::uint8_t type) {
  return type == CUDA_SHIM_TENSOR_F32_FTZ || type == CUDA_SHIM_TENSOR_TF32 ||
         type == CUDA_SHIM_TENSOR_TF32_FTZ;
}

}  // namespace

void RowMover::move(const std::int64_t* coordinates) {
  const Part part = part_inside(coordinates);
  if (kind_of(copy_) == CUDA_SHIM_TENSOR_LOAD)
    load(part);
  else
    store(part);
  ++rows_;
}

RowMover::Part RowMover::part_inside(const std::int64_t* at) const {
  const cuda_shim_tensor_map& map = copy_.map;
  std::uint64_t address = map.address;
  const unsigned last = std::min<unsigned>(map.last_dimension, CUDA_SHIM_TENSOR_DIMENSIONS - 1u);
  for (unsigned d = 1; d <= last; ++d) {
    if (at[d] < 0 || at[d] > map.last[d]) return {};
    address += static_cast<std::uint64_t>(at[d]) * map.stride[d - 1];
  }
  const std::int64_t begin = std::max<std::int64_t>(at[0], 0);
  const std::int64_t end =
      std::min<std::int64_t>(at[0] + map.box[0], std::int64_t{map.last[0]} + 1);
  if (begin >= end) return {};
  const std::uint64_t bit = static_cast<std::uint64_t>(begin) * layout_.bits;
  return {static_cast<std::uint64_t>(begin - at[0]) * layout_.bits,
          static_cast<std::uint64_t>(end - begin) * layout_.bits,
          reinterpret_cast<char*>(address + bit / 8), static_cast<unsigned>(bit % 8)};
}

void RowMover::load(const Part& part) {
  fill_row();
  if (part.bits != 0) copy_bits(row_, part.first_bit, part.global, part.global_bit, part.bits);
  if (converts(copy_.map.type)) convert(part);
  for_each_chunk(
      [this](char* shared, char* chunk, bool flipped) { load_chunk(shared, chunk, flipped); });
}

void RowMover::store(const Part& part) {
  for_each_chunk([this](char* shared, char* chunk, bool) { store_chunk(shared, chunk); });
  if (part.bits == 0) return;
  if (kind_of(copy_) == CUDA_SHIM_TENSOR_STORE)
    copy_bits(part.global, part.global_bit, row_, part.first_bit, part.bits);
  else
    reduce_elements(static_cast<cuda_shim_tensor_type>(copy_.map.type), reduction_of(copy_),
                    part.global, row_ + part.first_bit / 8, part.bits / layout_.bits);
}

void RowMover::fill_row() {
  const std::uint64_t outside = copy_.map.fill_nan != 0 ? CUDA_SHIM_TENSOR_NAN : 0;
  for (unsigned at = 0; at < row_bytes_; at += sizeof outside)
    std::memcpy(row_ + at, &outside, sizeof outside);
}

void RowMover::convert(const Part& part) {
  for (std::uint64_t at = part.first_bit / 8; at < (part.first_bit + part.bits) / 8; at += 4) {
    std::uint32_t bits;
    std::memcpy(&bits, row_ + at, sizeof bits);
    bits = converted(copy_.map.type, bits);
    std::memcpy(row_ + at, &bits, sizeof bits);
  }
}

void RowMover::load_chunk(char* shared, const char* from, bool flipped) const {
  if (!flipped) {
    std::memcpy(shared, from, layout_.chunk_bytes);
    return;
  }
  std::memcpy(shared, from + kTensorChunk / 2, kTensorChunk / 2);
  std::memcpy(shared + kTensorChunk / 2, from, kTensorChunk / 2);
}

/// Elements of 6 bits come from the low bits of bytes.
void RowMover::store_chunk(const char* shared, char* to) const {
  if (copy_.map.type != CUDA_SHIM_TENSOR_B6X16_P32) {
    std::memcpy(to, shared, layout_.chunk_bytes);
    return;
  }
  for (unsigned i = 0; i < kTensorChunk; ++i)
    copy_bits(to, i * layout_.bits, shared, i * 8, layout_.bits);
}

/// Calls move(chunk of shared memory, its place in the row, whether it is flipped).
template <class Move>
void RowMover::for_each_chunk(Move move) {
  const std::uint32_t base = copy_.words[CUDA_SHIM_TENSOR_WORD_SHARED];
  const unsigned chunks = row_bytes_ / layout_.chunk_bytes;
  for (unsigned i = 0; i < chunks; ++i) {
    const std::uint32_t plain = base + (rows_ * chunks + i) * kTensorChunk;
    const ChunkPlace place = swizzled(plain, copy_.map);
    move(copy_.shared + static_cast<std::int32_t>(place.address - base),
         row_ + i * layout_.chunk_bytes, place.flipped);
  }
}

}  // namespace cuda_shim::devices::cpu
