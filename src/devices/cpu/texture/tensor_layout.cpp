// A swizzle exchanges chunks within a line of 128 bytes by the line's number: that number's low
// bits are added, without carry, to the chunk's. How many bits, and to which, is what modes and
// atomicities differ in.

#include "devices/cpu/texture/tensor_layout.h"

namespace cuda_shim::devices::cpu {
namespace {

// By cuda_shim_tensor_type.
constexpr TensorLayout kLayouts[CUDA_SHIM_TENSOR_TYPES] = {
    {8, 16},  {16, 16}, {32, 16}, {32, 16}, {64, 16}, {64, 16}, {16, 16}, {32, 16},
    {32, 16}, {64, 16}, {16, 16}, {32, 16}, {32, 16}, {4, 16},  {4, 8},   {6, 12}};

constexpr unsigned kLineShift = 7, kChunkShift = 4;
constexpr std::uint32_t kLines[CUDA_SHIM_SWIZZLES] = {0, 1, 3, 7, 1};
struct Atom {
  std::uint32_t lines;
  unsigned shift;
  unsigned bytes;
};
constexpr Atom kAtoms[CUDA_SHIM_ATOMS] = {{7, 0, 16}, {3, 1, 32}, {3, 1, 32}, {1, 2, 64}};

}  // namespace

TensorLayout layout_of(std::uint8_t type) {
  return kLayouts[type];
}

bool is_packed(std::uint8_t type) {
  return kLayouts[type].bits < 8;
}

bool is_padded(std::uint8_t type) {
  return kLayouts[type].chunk_bytes < kTensorChunk;
}

ChunkPlace swizzled(std::uint32_t address, const cuda_shim_tensor_map& map) {
  const Atom& atom = kAtoms[map.swizzle_atomicity];
  const std::uint32_t line = address >> kLineShift;
  const std::uint32_t moved = (line & kLines[map.swizzle] & atom.lines) << atom.shift;
  const bool flips = map.swizzle_atomicity == CUDA_SHIM_ATOM_32B_FLIP_8B;
  return {address ^ moved << kChunkShift, flips && (line & 1) != 0};
}

const char* swizzle_fault(const cuda_shim_tensor_map& map, cuda_shim_tensor_kind kind) {
  if (map.swizzle >= CUDA_SHIM_SWIZZLES || map.swizzle_atomicity >= CUDA_SHIM_ATOMS)
    return "A tensor map names no swizzle.";
  const bool has_other_atom = map.swizzle_atomicity != CUDA_SHIM_ATOM_16B;
  if (has_other_atom && map.swizzle != CUDA_SHIM_SWIZZLE_128B)
    return "Only the swizzle of 128 bytes moves more than 16 bytes together.";
  const bool flips = map.swizzle_atomicity == CUDA_SHIM_ATOM_32B_FLIP_8B;
  if (flips && kind != CUDA_SHIM_TENSOR_LOAD)
    return "The swizzle that exchanges halves of 16 bytes is one of loads only.";
  if (is_padded(map.type) &&
      (flips || (map.swizzle != CUDA_SHIM_SWIZZLE_NONE && map.swizzle != CUDA_SHIM_SWIZZLE_128B)))
    return "Padded elements have no such swizzle.";
  if (map.walk >= CUDA_SHIM_WALK_IM2COL_W && (flips || map.swizzle == CUDA_SHIM_SWIZZLE_NONE))
    return "The modes im2col::w have no such swizzle.";
  if (map.walk == CUDA_SHIM_WALK_IM2COL_W128 && map.swizzle == CUDA_SHIM_SWIZZLE_96B)
    return "The mode im2col::w::128 has no swizzle of 96 bytes.";
  return nullptr;
}

unsigned shared_alignment(const cuda_shim_tensor_map& map) {
  return kAtoms[map.swizzle_atomicity].bytes;
}

}  // namespace cuda_shim::devices::cpu
