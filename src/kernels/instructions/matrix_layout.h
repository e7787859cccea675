#pragma once
// Which element of a matrix each register of each lane holds (PTX ISA 9.0, section 9.7.14, "Matrix
// Fragments for ..."), written down once.
//
// The manual describes some thirty fragments, and all but those of m8n8k4 with f16 follow one rule.
// Eight rows of A (columns of B) belong to the eight groups of four lanes. Along k the lanes of a
// group take a register each in turn, so that four registers, one of each lane, are consecutive. A
// tile of A has 8 or 16 rows; its lower half is in the even registers, its upper half in the odd
// ones. An accumulator gives each lane two neighbours in a row, and for 16 rows the two eight rows
// below as well. Larger matrices (wmma) are such tiles one after another: the manual leaves the
// fragments of wmma open, and so they are those of mma.
//
// mma.m8n8k4 with f16 is four products at once, one for each two groups of four lanes. They are
// seen here as one product of a 32x4 and a 4x32 matrix of which the four 8x8 blocks of the diagonal
// are wanted.

#include <array>
#include <cstdint>

namespace cuda_shim::kernels::instructions {

inline constexpr unsigned kLanes = 32;

struct MatrixPlace {
  unsigned row, column;
};

enum class FragmentKind : std::uint8_t {
  kA,
  kB,
  kAccumulator,
  kQuadRowA,  // of m8n8k4 with f16
  kQuadColumnA,
  kQuadRowB,
  kQuadColumnB,
  kQuadHalfAccumulator,
  kQuadFloatAccumulator,
};

/// The fragments of one matrix.
struct Fragment {
  FragmentKind kind = FragmentKind::kA;
  unsigned rows = 0, columns = 0;
  unsigned per_register = 1;  ///< elements of A or B in one register

  /// Elements that one lane holds.
  constexpr unsigned elements() const {
    switch (kind) {
      case FragmentKind::kA:
      case FragmentKind::kB:
      case FragmentKind::kAccumulator:
        return rows * columns / kLanes;
      case FragmentKind::kQuadRowA:
      case FragmentKind::kQuadColumnA:
      case FragmentKind::kQuadRowB:
      case FragmentKind::kQuadColumnB:
        return 4;
      case FragmentKind::kQuadHalfAccumulator:
      case FragmentKind::kQuadFloatAccumulator:
        return 8;
    }
    return 0;
  }
  constexpr MatrixPlace place(unsigned lane, unsigned element) const;
};

namespace layout_detail {

/// Eights of rows in one tile.
constexpr unsigned halves_of(unsigned rows) {
  return rows >= 16 ? 2 : 1;
}

constexpr MatrixPlace place_a(const Fragment& a, unsigned lane, unsigned element) {
  const unsigned halves = halves_of(a.rows), run = 4 * a.per_register;
  const unsigned tile_registers = halves * a.columns / run;
  const unsigned index = element / a.per_register, within = element % a.per_register;
  const unsigned tile = index / tile_registers, q = index % tile_registers;
  return {tile * halves * 8 + q % halves * 8 + lane / 4,
          q / halves * run + lane % 4 * a.per_register + within};
}

constexpr MatrixPlace place_b(const Fragment& b, unsigned lane, unsigned element) {
  const unsigned run = 4 * b.per_register, tile_registers = b.rows / run;
  const unsigned index = element / b.per_register, within = element % b.per_register;
  const unsigned tile = index / tile_registers, q = index % tile_registers;
  return {q * run + lane % 4 * b.per_register + within, tile * 8 + lane / 4};
}

constexpr MatrixPlace place_accumulator(const Fragment& c, unsigned lane, unsigned element) {
  const unsigned halves = halves_of(c.rows), row_tiles = c.rows / (halves * 8);
  const unsigned tile = element / (2 * halves), i = element % (2 * halves);
  return {tile % row_tiles * halves * 8 + i / 2 * 8 + lane / 4,
          tile / row_tiles * 8 + lane % 4 * 2 + i % 2};
}

constexpr MatrixPlace place_quad(FragmentKind kind, unsigned lane, unsigned i) {
  const unsigned product = lane / 4 % 4 * 8, upper = lane < 16 ? 0 : 4, turn = lane % 4;
  switch (kind) {
    case FragmentKind::kQuadRowA:
      return {product + turn + upper, i};
    case FragmentKind::kQuadColumnA:
      return {product + i + upper, turn};
    case FragmentKind::kQuadRowB:
      return {turn, product + i + upper};
    case FragmentKind::kQuadColumnB:
      return {i, product + turn + upper};
    case FragmentKind::kQuadHalfAccumulator:
      return {product + turn + upper, product + i};
    default:
      return {product + (lane & 1) + (i & 2) + upper, product + (i & 4) + (lane & 2) + (i & 1)};
  }
}

}  // namespace layout_detail

constexpr MatrixPlace Fragment::place(unsigned lane, unsigned element) const {
  switch (kind) {
    case FragmentKind::kA:
      return layout_detail::place_a(*this, lane, element);
    case FragmentKind::kB:
      return layout_detail::place_b(*this, lane, element);
    case FragmentKind::kAccumulator:
      return layout_detail::place_accumulator(*this, lane, element);
    default:
      return layout_detail::place_quad(kind, lane, element);
  }
}

// --- Sparse matrices (section 9.7.14.6)

/// Where the two indices of a chunk of A are: lane and first bit in its metadata word.
struct MetadataPlace {
  unsigned lane, bit;
};

/// Of 16-bit elements and wider a metadata word holds four chunks of a row in its lower half and
/// the same chunks of the row eight below in its upper half. Of narrower elements it holds eight
/// chunks of one row, and the next lane has the row eight below. `first` is the first lane of the
/// group of four that contributes.
constexpr MetadataPlace metadata_place(bool wide, unsigned row, unsigned chunk, unsigned first) {
  const unsigned group = row % 8 * 4, lower = row / 8;
  if (wide) return {group + (first + chunk / 4) % 4, chunk % 4 * 4 + lower * 16};
  return {group + (first + chunk / 8 * 2 + lower) % 4, chunk % 8 * 4};
}

/// How many lanes of a group of four contribute metadata; the sparsity selector counts in these.
constexpr unsigned metadata_lanes(unsigned chunks_of_row) {
  return chunks_of_row / 4;
}

}  // namespace cuda_shim::kernels::instructions
