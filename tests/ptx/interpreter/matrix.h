#pragma once
// What the instructions on matrices have in common: a matrix of exact elements, spread over the
// threads of a warp.

#include <functional>
#include <string_view>
#include <vector>

#include "ptx/interpreter/lane.h"

namespace cuda_shim::tests::interpreter {

/// Element types: f16 bf16 tf32 f32 f64, e4m3 ... e2m1, u8 s8 u4 s4 s32, b1.
struct ElementType {
  std::string_view name;
  unsigned bits = 16;  ///< of the place that an element has in a register or in memory
  unsigned shift = 0;  ///< the element begins at this bit of its place
  bool is_float = false;
  bool is_signed = false;
};

ElementType element_type(std::string_view name);

/// The shape in a modifier such as m16n8k32.
struct MatrixShape {
  unsigned m = 0, n = 0, k = 0;
};
MatrixShape shape_of(const Lane& lane);

/// Elements as exact numbers; integers and single bits too.
struct Matrix {
  Matrix(unsigned rows_in, unsigned columns_in)
      : rows(rows_in), columns(columns_in), elements(std::size_t{rows_in} * columns_in) {}
  unsigned rows, columns;
  std::vector<Real> elements;

  Real& at(unsigned row, unsigned column) { return elements[std::size_t{row} * columns + column]; }
  const Real& at(unsigned row, unsigned column) const {
    return elements[std::size_t{row} * columns + column];
  }
};

struct Place2 {
  unsigned row, column;
};

/// Where element `index` of lane `lane`'s fragment lies in the matrix.
using Layout = std::function<Place2(unsigned lane, unsigned index)>;

Real decode_element(Bits bits, const ElementType& type);
Bits encode_element(const Real& value, const ElementType& type, const Lane& how);

/// The matrix whose fragments are the registers of an operand. Elements fill a register from its
/// lowest bits.
Matrix gather_matrix(const Group& group, unsigned operand, unsigned rows, unsigned columns,
                     const ElementType& type, const Layout& layout);
void scatter_matrix(Group& group, unsigned operand, const Matrix& matrix, const ElementType& type,
                    const Layout& layout);

/// a * b + c, each element summed exactly, of f64 along k with a rounding at each step; for single
/// bits the count of ones in a op b, plus c.
Matrix multiply_matrices(const Lane& how, const Matrix& a, const Matrix& b, const Matrix& c);

/// mma.sp: A with half its columns, and metadata (operand 4) and selector (operand 5) that say
/// which.
bool is_sparse(const Lane& lane);
/// matrix_sparse.cpp: with all its columns, of which those that are not stored are nought.
Matrix expand_sparse(const Group& group, const Matrix& stored, const ElementType& type);

}  // namespace cuda_shim::tests::interpreter
