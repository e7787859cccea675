// ldmatrix, stmatrix and movmatrix (PTX ISA 9.0, sections 9.7.14.5.15 to 9.7.14.5.17): matrices
// whose rows lie anywhere in shared memory, each at the address that one thread gives.

#include <fmt/format.h>

#include "ptx/interpreter/matrix.h"

namespace cuda_shim::tests::interpreter {
namespace {

/// Rows of bit patterns.
using Rows2 = std::vector<std::vector<Bits>>;

unsigned matrices(const Lane& lane) {
  return lane.has("x4") ? 4 : lane.has("x2") ? 2 : 1;
}

/// The row's 16 elements of 8 bits as memory has them: plain bytes, or numbers of 6 or 4 bits,
/// packed, each of which gets a byte: six bits at its bottom, four in its middle.
std::vector<Bits> load_bytes(Lane& lane, std::uint64_t address, unsigned count) {
  const unsigned bits = lane.has("b6x16_p32") ? 6 : lane.has("b4x16_p64") ? 4 : 8;
  const Bits row = lane.load(StateSpace::kGeneric, address, count * bits / 8);
  std::vector<Bits> elements;
  for (unsigned i = 0; i < count; ++i) elements.push_back(low_bits(row >> (i * bits), bits));
  return elements;
}

std::uint64_t generic_address(const Lane& lane, const Lane& holder, unsigned operand) {
  const std::uint64_t address = holder.address(operand);
  return lane.space() == StateSpace::kShared ? address + kSharedWindow : address;
}

/// Matrix `number`: the threads from rows * number on hold its rows' addresses.
Rows2 load_matrix(Group& group, unsigned number, unsigned rows, unsigned columns, bool halves) {
  Rows2 matrix;
  for (unsigned row = 0; row < rows; ++row) {
    Lane& holder = *group.at[number * rows + row];
    const std::uint64_t address = generic_address(group.lanes.front(), holder, 1);
    if (address % 16 != 0 && (halves || columns == 16))
      throw Fault(FaultKind::kMisalignedAddress, fmt::format("A row lies at {:#x}.", address));
    if (!halves) {
      matrix.push_back(load_bytes(holder, address, columns));
      continue;
    }
    auto& elements = matrix.emplace_back();
    for (unsigned i = 0; i < columns; ++i)
      elements.push_back(holder.load(StateSpace::kGeneric, address + 2 * i, 2));
  }
  return matrix;
}

/// Which element of a matrix is number i of a thread's register.
struct Spot {
  unsigned row, column;
};

// Four threads share a row; of a transposed matrix, a column.
Spot of_row(unsigned lane, unsigned, unsigned i, unsigned count) {
  return {lane / 4, lane % 4 * count + i};
}
Spot of_column(unsigned lane, unsigned, unsigned i, unsigned count) {
  return {lane % 4 * count + i, lane / 4};
}
/// Bytes, transposed: four rows of column g; a second register has those of column g + 8.
Spot of_byte_columns(unsigned lane, unsigned reg, unsigned i, unsigned count) {
  return {lane % 4 * count + i, lane / 4 + 8 * reg};
}
/// As stmatrix has them: two rows of column g, then of column g + 8.
Spot of_byte_columns_stored(unsigned lane, unsigned, unsigned i, unsigned) {
  return {lane % 4 * 2 + i % 2, lane / 4 + i / 2 * 8};
}

using SpotOf = Spot (*)(unsigned lane, unsigned reg, unsigned i, unsigned count);

Bits fragment(const Rows2& matrix, unsigned lane, unsigned reg, unsigned count, SpotOf spot_of) {
  Bits bits = 0;
  for (unsigned i = 0; i < count; ++i) {
    const Spot spot = spot_of(lane, reg, i, count);
    bits |= matrix.at(spot.row).at(spot.column) << (32 / count * i);
  }
  return bits;
}

void load(Group& group, unsigned rows, unsigned columns, bool halves, SpotOf spot_of) {
  const unsigned registers = rows / 8;
  for (unsigned number = 0; number < matrices(group.lanes.front()); ++number) {
    const Rows2 matrix = load_matrix(group, number, rows, columns, halves);
    for (Lane& lane : group.lanes)
      for (unsigned reg = 0; reg < registers; ++reg)
        lane.set(lane.argument(0).elements.at(number * registers + reg),
                 fragment(matrix, lane.thread->lane, reg, halves ? 2 : 4, spot_of));
  }
}

void load_8x8(Group& group) {
  load(group, 8, 8, true, group.lanes.front().has("trans") ? of_column : of_row);
}
void load_8x16(Group& group) {
  load(group, 8, 16, false, of_row);
}
void load_16x16(Group& group) {
  load(group, 16, 16, false, of_byte_columns);
}

/// The fragments of all threads put together to 8 rows, then these stored.
void store(Group& group, unsigned columns, unsigned bits, SpotOf spot_of) {
  constexpr unsigned kRowCount = 8;
  for (unsigned number = 0; number < matrices(group.lanes.front()); ++number) {
    Rows2 matrix(kRowCount, std::vector<Bits>(columns));
    for (const Lane& lane : group.lanes) {
      const Bits fragment_bits = lane.bits(lane.argument(1).elements.at(number), ScalarType::kB32);
      for (unsigned i = 0; i < 32 / bits; ++i) {
        const Spot spot = spot_of(lane.thread->lane, 0, i, 32 / bits);
        matrix.at(spot.row).at(spot.column) = low_bits(fragment_bits >> (bits * i), bits);
      }
    }
    for (unsigned row = 0; row < kRowCount; ++row) {
      Lane& holder = *group.at[number * kRowCount + row];
      const std::uint64_t address = generic_address(group.lanes.front(), holder, 0);
      for (unsigned i = 0; i < columns; ++i)
        holder.store(StateSpace::kGeneric, address + i * bits / 8, bits / 8, matrix[row][i]);
    }
  }
}

void store_8x8(Group& group) {
  store(group, 8, 16, group.lanes.front().has("trans") ? of_column : of_row);
}
void store_16x8(Group& group) {
  store(group, 16, 8, of_byte_columns_stored);
}

void transpose(Group& group) {
  Rows2 matrix(8, std::vector<Bits>(8));
  for (const Lane& lane : group.lanes)
    for (unsigned i = 0; i < 2; ++i)
      matrix[lane.thread->lane / 4][lane.thread->lane % 4 * 2 + i] =
          low_bits(lane.u32(1) >> (16 * i), 16);
  for (Lane& lane : group.lanes) lane.set(0, fragment(matrix, lane.thread->lane, 0, 2, of_column));
}

#define CUDA_SHIM_SHARED "{.shared|shared::cta}"

constexpr Row kRows[] = {
    collective("ldmatrix.sync.aligned.m8n8.x1|x2|x4{.trans}" CUDA_SHIM_SHARED ".b16", load_8x8,
               kWholeWarp),
    collective("ldmatrix.sync.aligned.m8n16.x1|x2|x4" CUDA_SHIM_SHARED ".b8x16.b6x16_p32|b4x16_p64",
               load_8x16, kWholeWarp),
    collective("ldmatrix.sync.aligned.m16n16.x1|x2.trans" CUDA_SHIM_SHARED ".b8", load_16x16,
               kWholeWarp),
    collective("ldmatrix.sync.aligned.m16n16.x1|x2.trans" CUDA_SHIM_SHARED
               ".b8x16.b6x16_p32|b4x16_p64",
               load_16x16, kWholeWarp),
    collective("stmatrix.sync.aligned.m8n8.x1|x2|x4{.trans}" CUDA_SHIM_SHARED ".b16", store_8x8,
               kWholeWarp),
    collective("stmatrix.sync.aligned.m16n8.x1|x2|x4.trans" CUDA_SHIM_SHARED ".b8", store_16x8,
               kWholeWarp),
    collective("movmatrix.sync.aligned.m8n8.trans.b16", transpose, kWholeWarp),
};

}  // namespace

Rows matrix_move_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
