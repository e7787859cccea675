// Proof by the compiler that the fragments of matrix_layout.h hold every element exactly once.

#include "kernels/instructions/matrix_layout.h"

namespace cuda_shim::kernels::instructions {
namespace {

constexpr bool is_quad(FragmentKind kind) {
  return kind >= FragmentKind::kQuadRowA;
}

/// Whether each element of the matrix (of a product of m8n8k4: each that is wanted) has one place.
constexpr bool covers(const Fragment& fragment) {
  bool seen[32][64] = {};
  for (unsigned lane = 0; lane < kLanes; ++lane)
    for (unsigned i = 0; i < fragment.elements(); ++i) {
      const MatrixPlace place = fragment.place(lane, i);
      if (place.row >= fragment.rows || place.column >= fragment.columns) return false;
      if (seen[place.row % 32][place.column % 64]) return false;
      seen[place.row % 32][place.column % 64] = true;
    }
  const bool blocks = is_quad(fragment.kind) && fragment.rows == fragment.columns;
  return fragment.elements() * kLanes == fragment.rows * fragment.columns / (blocks ? 4 : 1);
}

using enum FragmentKind;

// A of mma: elements of 64 and 32 bits (a register each), 16, 8 and 4 bits; single bits count in
// words. Sparse matrices are stored with half their columns and no other layout.
static_assert(covers({kA, 8, 4, 1}) && covers({kA, 8, 16, 4}) && covers({kA, 8, 32, 8}));
static_assert(covers({kA, 16, 4, 1}) && covers({kA, 16, 8, 1}) && covers({kA, 16, 16, 1}));
static_assert(covers({kA, 16, 8, 2}) && covers({kA, 16, 16, 2}) && covers({kA, 16, 16, 4}));
static_assert(covers({kA, 16, 32, 4}) && covers({kA, 16, 32, 8}) && covers({kA, 16, 64, 8}));
static_assert(covers({kA, 32, 16, 2}) && covers({kA, 32, 16, 4}) && covers({kA, 8, 16, 2}));

// B, whose rows are the columns of A.
static_assert(covers({kB, 4, 8, 1}) && covers({kB, 8, 8, 1}) && covers({kB, 16, 8, 1}));
static_assert(covers({kB, 8, 8, 2}) && covers({kB, 16, 8, 2}) && covers({kB, 32, 8, 2}));
static_assert(covers({kB, 16, 8, 4}) && covers({kB, 32, 8, 4}) && covers({kB, 32, 8, 8}));
static_assert(covers({kB, 16, 16, 2}) && covers({kB, 16, 32, 2}) && covers({kB, 16, 16, 4}));
static_assert(covers({kB, 16, 32, 4}) && covers({kB, 8, 16, 1}));

static_assert(covers({kAccumulator, 8, 8, 1}) && covers({kAccumulator, 16, 8, 1}));
static_assert(covers({kAccumulator, 16, 16, 1}) && covers({kAccumulator, 8, 32, 1}));
static_assert(covers({kAccumulator, 32, 8, 1}));

static_assert(covers({kQuadRowA, 32, 4, 2}) && covers({kQuadColumnA, 32, 4, 2}));
static_assert(covers({kQuadRowB, 4, 32, 2}) && covers({kQuadColumnB, 4, 32, 2}));
static_assert(covers({kQuadHalfAccumulator, 32, 32, 1}));
static_assert(covers({kQuadFloatAccumulator, 32, 32, 1}));

/// Whether each chunk of A has bits of its own, all in the lanes that contribute.
constexpr bool covers_metadata(bool wide, unsigned chunks) {
  bool seen[kLanes][8] = {};
  for (unsigned row = 0; row < 16; ++row)
    for (unsigned chunk = 0; chunk < chunks; ++chunk) {
      const MetadataPlace place = metadata_place(wide, row, chunk, 0);
      if (place.lane % 4 >= metadata_lanes(chunks) || seen[place.lane][place.bit / 4]) return false;
      seen[place.lane][place.bit / 4] = true;
    }
  return 8 * metadata_lanes(chunks) * 8 == 16 * chunks;
}

static_assert(covers_metadata(true, 4) && covers_metadata(true, 8));
static_assert(covers_metadata(false, 8) && covers_metadata(false, 16));

// A few places as the manual's formulas give them.
constexpr bool is(MatrixPlace place, unsigned row, unsigned column) {
  return place.row == row && place.column == column;
}
static_assert(is(Fragment{kA, 16, 16, 2}.place(5, 3), 9, 3));   // a3 of m16n8k16
static_assert(is(Fragment{kA, 16, 32, 4}.place(6, 9), 1, 25));  // a9 of m16n8k32 .s8
static_assert(is(Fragment{kB, 32, 8, 4}.place(6, 5), 25, 1));   // b5 of m16n8k32 .s8
static_assert(is(Fragment{kA, 16, 16, 1}.place(7, 5), 9, 11));  // a5 of m16n8k16 .f64
static_assert(is(Fragment{kAccumulator, 16, 8, 1}.place(7, 2), 9, 6));

}  // namespace
}  // namespace cuda_shim::kernels::instructions
