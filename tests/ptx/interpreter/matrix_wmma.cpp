// wmma (PTX ISA 9.0, section 9.7.14.4). How a fragment lies in registers is not told by the manual;
// here its elements are dealt out to the lanes in the matrix's order, and again from the beginning
// where there are more places than elements.

#include "ptx/interpreter/matrix.h"

namespace cuda_shim::tests::interpreter {
namespace {

/// `registers` of each thread with `per_register` elements each.
Layout dealt_out(const Matrix& matrix, unsigned per_lane) {
  const unsigned columns = matrix.columns;
  const unsigned total = matrix.rows * matrix.columns;
  return [=](unsigned lane, unsigned index) {
    const unsigned element = (lane * per_lane + index) % total;
    return Place2{element / columns, element % columns};
  };
}

unsigned per_lane(const Lane& lane, unsigned operand, const ElementType& type) {
  const auto registers = static_cast<unsigned>(lane.argument(operand).elements.size());
  return registers * (type.bits == 64 ? 1 : 32 / type.bits);
}

Matrix empty_matrix(const Lane& lane, std::string_view which) {
  const MatrixShape shape = shape_of(lane);
  if (which == "a") return {shape.m, shape.k};
  if (which == "b") return {shape.k, shape.n};
  return {shape.m, shape.n};
}

// --- Memory

/// Bits from the beginning of the matrix to an element.
std::uint64_t bit_offset(const Lane& lane, const Matrix& matrix, unsigned row, unsigned column,
                         const ElementType& type, unsigned stride_operand) {
  const bool by_rows = lane.has("row");
  std::uint64_t stride = by_rows ? matrix.columns : matrix.rows;
  if (lane.has_operand(stride_operand)) stride = lane.u32(stride_operand);
  return (by_rows ? row * stride + column : column * stride + row) * type.bits;
}

Bits load_element(Lane& lane, std::uint64_t address, std::uint64_t offset,
                  const ElementType& type) {
  const unsigned bytes = type.bits < 8 ? 1 : type.bits / 8;
  const Bits bits = lane.load(lane.space(), address + offset / 8, bytes);
  return low_bits(bits >> (offset % 8), type.bits);
}

void store_element(Lane& lane, std::uint64_t address, std::uint64_t offset, Bits bits,
                   const ElementType& type) {
  lane.store(lane.space(), address + offset / 8, type.bits / 8, bits);
}

/// The address and the stride are the same in all threads.
void load(Group& group) {
  Lane& first = group.lanes.front();
  const ElementType type = element_type(kernels::ptx::spelling_of(first.type()));
  Matrix matrix = empty_matrix(first, first.which({"a", "b", "c"}));
  for (unsigned row = 0; row < matrix.rows; ++row)
    for (unsigned column = 0; column < matrix.columns; ++column)
      matrix.at(row, column) =
          decode_element(load_element(first, first.address(1),
                                      bit_offset(first, matrix, row, column, type, 2), type),
                         type);
  scatter_matrix(group, 0, matrix, type, dealt_out(matrix, per_lane(first, 0, type)));
}

void store(Group& group) {
  Lane& first = group.lanes.front();
  const ElementType type = element_type(kernels::ptx::spelling_of(first.type()));
  Matrix matrix = empty_matrix(first, "d");
  matrix = gather_matrix(group, 1, matrix.rows, matrix.columns, type,
                         dealt_out(matrix, per_lane(first, 1, type)));
  for (unsigned row = 0; row < matrix.rows; ++row)
    for (unsigned column = 0; column < matrix.columns; ++column)
      store_element(first, first.address(0), bit_offset(first, matrix, row, column, type, 2),
                    encode_element(matrix.at(row, column), type, first), type);
}

// --- The product

/// f16 forms name the types of d and c only.
void mma(Group& group) {
  const Lane& first = group.lanes.front();
  const bool all_named = first.step->types.size() == 4;
  const auto type = [&](unsigned i) {
    return element_type(kernels::ptx::spelling_of(first.type(i)));
  };
  const ElementType d = type(0), c = type(all_named ? 3 : 1);
  const ElementType a = all_named ? type(1) : element_type("f16");
  const ElementType b = all_named ? type(2) : element_type("f16");
  const auto gather = [&](unsigned operand, std::string_view which, const ElementType& element) {
    const Matrix shape = empty_matrix(first, which);
    return gather_matrix(group, operand, shape.rows, shape.columns, element,
                         dealt_out(shape, per_lane(first, operand, element)));
  };
  const Matrix product =
      multiply_matrices(first, gather(1, "a", a), gather(2, "b", b), gather(3, "c", c));
  scatter_matrix(group, 0, product, d, dealt_out(product, per_lane(first, 0, d)));
}

#define CUDA_SHIM_SPACE "{.global|shared|shared::cta}"
#define CUDA_SHIM_SHAPES "m16n16k16|m8n32k16|m32n8k16|m16n16k8|m8n8k4|m8n8k32|m8n8k128"

constexpr Row kRows[] = {
    collective("wmma.load.a|b|c.sync{.aligned}.row|col." CUDA_SHIM_SHAPES CUDA_SHIM_SPACE
               ".f16|bf16|tf32|f32|f64|u8|s8|u4|s4|b1|s32",
               load, kWholeWarp),
    collective("wmma.store.d.sync{.aligned}.row|col." CUDA_SHIM_SHAPES CUDA_SHIM_SPACE
               ".f16|f32|f64|s32",
               store, kWholeWarp),
    collective("wmma.mma.sync{.aligned}.row|col.row|col." CUDA_SHIM_SHAPES ".f16|f32.f16|f32", mma,
               kWholeWarp),
    collective("wmma.mma.sync{.aligned}.row|col.row|col." CUDA_SHIM_SHAPES
               ".f32.bf16|tf32.bf16|tf32.f32",
               mma, kWholeWarp),
    collective("wmma.mma.sync{.aligned}.row|col.row|col." CUDA_SHIM_SHAPES
               "{.<round>}.f64.f64.f64.f64",
               mma, kWholeWarp),
    collective("wmma.mma.sync{.aligned}.row|col.row|col." CUDA_SHIM_SHAPES
               ".s32.u8|s8|u4|s4.u8|s8|u4|s4.s32{.satfinite}",
               mma, kWholeWarp),
    collective("wmma.mma.xor|and.popc.sync{.aligned}.row.col.m8n8k128.s32.b1.b1.s32", mma,
               kWholeWarp),
};

}  // namespace

Rows wmma_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
