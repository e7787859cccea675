// Sparse A of mma.sp (PTX ISA 9.0, section 9.7.14.6). Each row is cut in chunks: of four elements
// two are stored; of two tf32 one; of eight four-bit elements two neighbouring pairs. Four bits of
// metadata say where a chunk's stored elements belong.
//
// Which thread has the metadata of which chunk the manual says by figures, whose reading this is,
// the same as the engine's: a wrong reading would not show here, all else would.

#include <fmt/format.h>

#include "ptx/interpreter/matrix.h"

namespace cuda_shim::tests::interpreter {
namespace {

constexpr unsigned kMetadata = 4, kSelector = 5;  // operands
constexpr unsigned kChunkBits = 4;

struct Chunks {
  unsigned stored;    ///< elements of a chunk that are stored
  unsigned together;  ///< neighbours that one index places
  unsigned of_row;    ///< chunks
  bool two_rows;      ///< a thread has half of a row's, and half of those of the row 8 below
};

Chunks chunks_of(const Matrix& stored, const ElementType& type) {
  const bool single = type.name == "tf32", pairs = type.bits == 4;
  const unsigned elements = single ? 1 : pairs ? 4 : 2;
  return {elements, pairs ? 2u : 1u, stored.columns / elements, type.bits >= 16};
}

/// The metadata of a chunk, which is with the threads of the group that has the row.
unsigned metadata_of(const Group& group, const Chunks& chunks, unsigned row, unsigned chunk) {
  const unsigned threads = chunks.of_row / 4;
  const unsigned first = group.lanes.front().u32(kSelector) * threads;
  if (first + threads > 4)
    throw Fault(FaultKind::kUndefined, "The sparsity selector names threads that are not there.");
  const bool below = row >= 8;
  const unsigned in_thread = chunk % (chunks.two_rows ? 4 : 8);
  const unsigned thread =
      chunks.two_rows ? first + chunk / 4 : first + chunk / 8 * 2 + (below ? 1 : 0);
  const unsigned bit = in_thread * kChunkBits + (chunks.two_rows && below ? 16 : 0);
  const Lane& holder = *group.at[row % 8 * 4 + thread];
  return holder.u32(kMetadata) >> bit & 0xf;
}

void check_order(const Lane& lane, unsigned metadata) {
  const unsigned one = metadata & 3, other = metadata >> 2;
  const bool ordered = lane.has("sp::ordered_metadata");
  if (ordered ? one < other : one != other) return;
  throw Fault(FaultKind::kUndefined,
              fmt::format("Metadata {:#x} places two elements wrongly.", metadata));
}

/// The column that stored element `i` of the chunk belongs to, in the chunk.
unsigned column_of(const Chunks& chunks, unsigned metadata, unsigned i) {
  // One of two tf32 is 0b0100 or 0b1110: the halves 0 and 1, or 2 and 3.
  if (chunks.stored == 1) return (metadata & 3) / 2;
  const unsigned index = metadata >> (i / chunks.together * 2) & 3;
  return index * chunks.together + i % chunks.together;
}

}  // namespace

bool is_sparse(const Lane& lane) {
  return lane.has("sp") || lane.has("sp::ordered_metadata");
}

Matrix expand_sparse(const Group& group, const Matrix& stored, const ElementType& type) {
  const Chunks chunks = chunks_of(stored, type);
  Matrix result(stored.rows, stored.columns * 2);
  for (Real& element : result.elements) element = zero(false);
  for (unsigned row = 0; row < stored.rows; ++row)
    for (unsigned chunk = 0; chunk < chunks.of_row; ++chunk) {
      const unsigned metadata = metadata_of(group, chunks, row, chunk);
      check_order(group.lanes.front(), metadata);
      for (unsigned i = 0; i < chunks.stored; ++i)
        result.at(row, chunk * chunks.stored * 2 + column_of(chunks, metadata, i)) =
            stored.at(row, chunk * chunks.stored + i);
    }
  return result;
}

}  // namespace cuda_shim::tests::interpreter
