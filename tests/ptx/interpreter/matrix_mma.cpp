// mma.sync (PTX ISA 9.0, section 9.7.14.5), and mma.sp (9.7.14.6) with what matrix_sparse.cpp makes
// of A: where the elements of the fragments lie.
//
// The manual bounds the precision of the sums from below only; here they are exact and rounded
// once.

#include <fmt/format.h>

#include "ptx/interpreter/matrix.h"

namespace cuda_shim::tests::interpreter {
namespace {

unsigned group_of(unsigned lane) {
  return lane / 4;
}
unsigned place_in_group(unsigned lane) {
  return lane % 4;
}

// --- The general layout. A register holds neighbours along k (or along n, of the result); the four
// threads of a group stand side by side; further registers go down 8 rows first, then along k.

Layout layout_of_a(unsigned rows, const ElementType& type) {
  const unsigned per_register = type.bits >= 32 ? 1 : 32 / type.bits;
  const unsigned halves = rows / 8;
  return [=](unsigned lane, unsigned index) {
    const unsigned i = index % per_register, reg = index / per_register;
    return Place2{group_of(lane) + 8 * (reg % halves),
                  place_in_group(lane) * per_register + i + reg / halves * 4 * per_register};
  };
}

Layout layout_of_b(const ElementType& type) {
  const unsigned per_register = type.bits >= 32 ? 1 : 32 / type.bits;
  return [=](unsigned lane, unsigned index) {
    const unsigned i = index % per_register, reg = index / per_register;
    return Place2{place_in_group(lane) * per_register + i + reg * 4 * per_register, group_of(lane)};
  };
}

Place2 layout_of_c(unsigned lane, unsigned index) {
  return {group_of(lane) + index / 2 * 8, place_in_group(lane) * 2 + index % 2};
}

// --- m8n8k4 of f16: four products at once, each of a quadruple of lanes and the one 16 lanes on

unsigned quad_pair(unsigned lane) {
  return lane % 16 / 4;
}
unsigned upper(unsigned lane) {
  return lane < 16 ? 0 : 4;
}

Place2 quad_a_row(unsigned lane, unsigned index) {
  return {lane % 4 + upper(lane), index};
}
Place2 quad_a_column(unsigned lane, unsigned index) {
  return {index % 4 + upper(lane), lane % 4};
}
Place2 quad_b_row(unsigned lane, unsigned index) {
  return {lane % 4, index + upper(lane)};
}
Place2 quad_b_column(unsigned lane, unsigned index) {
  return {index, lane % 4 + upper(lane)};
}
Place2 quad_c_f16(unsigned lane, unsigned index) {
  return {lane % 4 + upper(lane), index};
}
Place2 quad_c_f32(unsigned lane, unsigned index) {
  return {(lane & 1) + (index & 2) + upper(lane), (index & 4) + (lane & 2) + (index & 1)};
}

Layout quad_c(const ElementType& type) {
  return type.bits == 16 ? quad_c_f16 : quad_c_f32;
}

/// The manual's order of words: .alayout .blayout.
bool is_column(const Lane& lane, unsigned which) {
  for (std::string_view word : lane.step->source->modifiers) {
    if (word != "row" && word != "col") continue;
    if (which-- == 0) return word == "col";
  }
  return false;
}

struct Types {
  ElementType d, a, b, c;
};

Types types_of(const Lane& lane) {
  const auto name = [&](unsigned i) {
    return element_type(kernels::ptx::spelling_of(lane.type(i)));
  };
  return {name(0), name(1), name(2), name(3)};
}

void mma_quad_pairs(Group& group) {
  const Lane& first = group.lanes.front();
  const Types types = types_of(first);
  const Layout a = is_column(first, 0) ? quad_a_column : quad_a_row;
  const Layout b = is_column(first, 1) ? quad_b_column : quad_b_row;
  for (unsigned pair = 0; pair < 4; ++pair) {
    Group part;
    for (const Lane& lane : group.lanes)
      if (quad_pair(lane.thread->lane) == pair) part.lanes.push_back(lane);
    const Matrix d = multiply_matrices(first, gather_matrix(part, 1, 8, 4, types.a, a),
                                       gather_matrix(part, 2, 4, 8, types.b, b),
                                       gather_matrix(part, 3, 8, 8, types.c, quad_c(types.c)));
    scatter_matrix(part, 0, d, types.d, quad_c(types.d));
  }
}

// --- Block scales: a power of two (ue8m0) or a ue4m3 for every stretch of a row of A or column of
// B

struct Scales {
  unsigned count;  ///< along k
  std::string_view format;
};

Scales scales_of(const Lane& lane) {
  const unsigned count = lane.has("scale_vec::4X")   ? 4
                         : lane.has("scale_vec::2X") ? 2
                         : lane.has("kind::mxf4")    ? 2
                                                     : 1;
  return {count, lane.has("ue4m3") ? "ue4m3" : "ue8m0"};
}

Real scale_value(Bits byte, std::string_view format) {
  if (format == "ue8m0") return byte == 0xff ? nan() : scaled(one(), static_cast<int>(byte) - 127);
  return decode(low_bits(byte, 7), format_named(format));
}

/// Operands: data, {byte number, thread number}. The thread that holds the scales of row or column
/// `g` is in group g; byte `first` of its register belongs to the first stretch.
unsigned selector(const Lane& lane, unsigned operand, unsigned which, unsigned limit) {
  const Argument& number = lane.argument(operand + 1).elements.at(which);
  const auto value = static_cast<unsigned>(lane.bits(number, ScalarType::kU16));
  if (value >= limit)
    throw Fault(FaultKind::kUndefined,
                fmt::format("The selector {} is not below {}.", value, limit));
  return value;
}

Real scale_at(const Group& group, unsigned operand, unsigned lane, unsigned stretch,
              const Scales& scales) {
  const Lane& holder = *group.at[lane];
  const unsigned first = selector(holder, operand, 0, 5 - scales.count);
  return scale_value(low_bits(holder.u32(operand) >> (8 * (first + stretch)), 8), scales.format);
}

/// `of_a` is the operand with the scales of A; those of B are two operands on.
void apply_scales(const Group& group, unsigned of_a, Matrix& a, Matrix& b) {
  const Scales scales = scales_of(group.lanes.front());
  const unsigned of_b = of_a + 2;
  const unsigned pair = selector(group.lanes.front(), of_a, 1, 2),
                 single = selector(group.lanes.front(), of_b, 1, 4);
  const unsigned stretch = a.columns / scales.count;
  for (unsigned row = 0; row < a.rows; ++row)
    for (unsigned k = 0; k < a.columns; ++k) {
      // Rows 0 to 7 are with the first thread of the pair, the others with its second.
      const unsigned lane = row % 8 * 4 + pair * 2 + row / 8;
      a.at(row, k) = multiply(a.at(row, k), scale_at(group, of_a, lane, k / stretch, scales));
    }
  for (unsigned column = 0; column < b.columns; ++column)
    for (unsigned k = 0; k < b.rows; ++k)
      b.at(k, column) = multiply(b.at(k, column),
                                 scale_at(group, of_b, column * 4 + single, k / stretch, scales));
}

// --- One product

/// In the 8-bit kinds each element has a byte: four-bit ones in the middle of it, others at its
/// bottom.
ElementType in_container(ElementType type, const Lane& lane) {
  if (!lane.has("kind::f8f6f4") && !lane.has("kind::mxf8f6f4")) return type;
  if (type.bits == 4) type.shift = 2;
  type.bits = 8;
  return type;
}

void mma(Group& group) {
  const Lane& first = group.lanes.front();
  const MatrixShape shape = shape_of(first);
  Types types = types_of(first);
  if (shape.m == 8 && shape.n == 8 && shape.k == 4 && types.a.bits == 16)
    return mma_quad_pairs(group);
  types.a = in_container(types.a, first);
  types.b = in_container(types.b, first);
  const bool sparse = is_sparse(first);
  Matrix a = gather_matrix(group, 1, shape.m, shape.k / (sparse ? 2 : 1), types.a,
                           layout_of_a(shape.m, types.a));
  if (sparse) a = expand_sparse(group, a, types.a);
  Matrix b = gather_matrix(group, 2, shape.k, shape.n, types.b, layout_of_b(types.b));
  const Matrix c = gather_matrix(group, 3, shape.m, shape.n, types.c, layout_of_c);
  if (first.has("block_scale")) apply_scales(group, sparse ? 6 : 4, a, b);
  scatter_matrix(group, 0, multiply_matrices(first, a, b, c), types.d, layout_of_c);
}

#define CUDA_SHIM_MMA "mma.sync.aligned"
#define CUDA_SHIM_SPARSE "mma.sp|sp::ordered_metadata.sync.aligned"
#define CUDA_SHIM_ORDERED "mma.sp::ordered_metadata.sync.aligned"
#define CUDA_SHIM_SMALL "e4m3|e5m2|e3m2|e2m3|e2m1"

constexpr Row kRows[] = {
    collective(CUDA_SHIM_MMA ".m8n8k4.row|col.row|col.f16|f32.f16.f16.f16|f32", mma, kWholeWarp),
    collective(CUDA_SHIM_MMA ".m16n8k8|m16n8k16.row.col.f16|f32.f16.f16.f16|f32", mma, kWholeWarp),
    collective(CUDA_SHIM_MMA ".m16n8k8|m16n8k16.row.col.f32.bf16.bf16.f32", mma, kWholeWarp),
    collective(CUDA_SHIM_MMA ".m16n8k4|m16n8k8.row.col.f32.tf32.tf32.f32", mma, kWholeWarp),
    collective(CUDA_SHIM_MMA ".m16n8k16|m16n8k32.row.col.f16|f32.e4m3|e5m2.e4m3|e5m2.f16|f32", mma,
               kWholeWarp),
    collective(CUDA_SHIM_MMA ".m16n8k32.row.col.kind::f8f6f4.f16|f32." CUDA_SHIM_SMALL
                             "." CUDA_SHIM_SMALL ".f16|f32",
               mma, kWholeWarp),
    collective(CUDA_SHIM_MMA
               ".m16n8k32.row.col.kind::mxf8f6f4.block_scale{.scale_vec::1X}.f32." CUDA_SHIM_SMALL
               "." CUDA_SHIM_SMALL ".f32.ue8m0",
               mma, kWholeWarp),
    collective(CUDA_SHIM_MMA ".m16n8k64.row.col.kind::mxf4.block_scale{.scale_vec::2X}"
                             ".f32.e2m1.e2m1.f32.ue8m0",
               mma, kWholeWarp),
    collective(CUDA_SHIM_MMA
               ".m16n8k64.row.col.kind::mxf4nvf4.block_scale.scale_vec::2X|scale_vec::4X"
               ".f32.e2m1.e2m1.f32.ue8m0|ue4m3",
               mma, kWholeWarp),
    collective(CUDA_SHIM_MMA ".m8n8k4|m16n8k4|m16n8k8|m16n8k16.row.col{.<round>}.f64.f64.f64.f64",
               mma, kWholeWarp),
    collective(CUDA_SHIM_MMA ".m8n8k16|m16n8k16|m16n8k32.row.col{.satfinite}.s32.u8|s8.u8|s8.s32",
               mma, kWholeWarp),
    collective(CUDA_SHIM_MMA ".m8n8k32|m16n8k32|m16n8k64.row.col{.satfinite}.s32.u4|s4.u4|s4.s32",
               mma, kWholeWarp),
    collective(CUDA_SHIM_MMA ".m8n8k128|m16n8k128|m16n8k256.row.col.s32.b1.b1.s32.xor|and.popc",
               mma, kWholeWarp),
    // Sparse A
    collective(CUDA_SHIM_SPARSE ".m16n8k16|m16n8k32.row.col.f16|f32.f16.f16.f16|f32", mma,
               kWholeWarp),
    collective(CUDA_SHIM_SPARSE ".m16n8k16|m16n8k32.row.col.f32.bf16.bf16.f32", mma, kWholeWarp),
    collective(CUDA_SHIM_SPARSE ".m16n8k8|m16n8k16.row.col.f32.tf32.tf32.f32", mma, kWholeWarp),
    collective(CUDA_SHIM_SPARSE ".m16n8k64.row.col.f16|f32.e4m3|e5m2.e4m3|e5m2.f16|f32", mma,
               kWholeWarp),
    collective(CUDA_SHIM_ORDERED ".m16n8k64.row.col.kind::f8f6f4.f16|f32." CUDA_SHIM_SMALL
                                 "." CUDA_SHIM_SMALL ".f16|f32",
               mma, kWholeWarp),
    collective(CUDA_SHIM_ORDERED
               ".m16n8k64.row.col.kind::mxf8f6f4.block_scale{.scale_vec::1X}.f32." CUDA_SHIM_SMALL
               "." CUDA_SHIM_SMALL ".f32.ue8m0",
               mma, kWholeWarp),
    collective(CUDA_SHIM_ORDERED ".m16n8k128.row.col.kind::mxf4.block_scale{.scale_vec::2X}"
                                 ".f32.e2m1.e2m1.f32.ue8m0",
               mma, kWholeWarp),
    collective(CUDA_SHIM_ORDERED
               ".m16n8k128.row.col.kind::mxf4nvf4.block_scale.scale_vec::2X|scale_vec::4X"
               ".f32.e2m1.e2m1.f32.ue8m0|ue4m3",
               mma, kWholeWarp),
    collective(CUDA_SHIM_SPARSE ".m16n8k32|m16n8k64.row.col{.satfinite}.s32.u8|s8.u8|s8.s32", mma,
               kWholeWarp),
    collective(CUDA_SHIM_SPARSE ".m16n8k64|m16n8k128.row.col{.satfinite}.s32.u4|s4.u4|s4.s32", mma,
               kWholeWarp),
};

}  // namespace

Rows mma_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
