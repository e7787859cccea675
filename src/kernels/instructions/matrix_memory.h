#pragma once
// Matrices of wmma in memory: rows or columns that are a stride apart.
//
// Each has two forms: what one lane moves, its own fragment; and what a whole warp moves, all rows
// (or columns) as they lie there.

#include <llvm/IR/IRBuilder.h>

#include <vector>

#include "kernels/instructions/matrix_element.h"
#include "kernels/instructions/matrix_layout.h"

namespace cuda_shim::kernels::instructions {

/// A fragment and how its matrix lies in memory.
struct MatrixInMemory {
  MatrixElement element;
  Fragment fragment;
  bool by_rows = true;

  unsigned registers() const { return fragment.elements() / element.per_register(); }
  unsigned register_bits() const { return element.register_words() * 32; }
  /// Elements of the manual, which strides count in, in one of ours: single bits are words here.
  unsigned elements_of_unit() const { return element.type == ptx::ScalarType::kB1 ? 32 : 1; }
  unsigned bits_of_element() const { return element.bits() / elements_of_unit(); }
  /// Elements of a row that is a run of memory (or of a column).
  unsigned line_length() const { return by_rows ? fragment.columns : fragment.rows; }
  unsigned lines() const { return by_rows ? fragment.rows : fragment.columns; }
  /// Whether the elements of a register are neighbours in memory.
  bool in_one_piece() const {
    if (element.per_register() == 1) return true;
    return by_rows == (fragment.kind != FragmentKind::kB);
  }
};

/// Where a matrix begins, and how far its lines are apart, in the manual's elements (i64).
struct MatrixAddress {
  llvm::Value *pointer, *stride;
};

/// The registers of one lane.
std::vector<llvm::Value*> load_fragment(llvm::IRBuilder<>& ir, const MatrixInMemory& matrix,
                                        const MatrixAddress& address, llvm::Value* lane);
void store_fragment(llvm::IRBuilder<>& ir, const MatrixInMemory& matrix,
                    const MatrixAddress& address, llvm::Value* lane,
                    llvm::ArrayRef<llvm::Value*> words);

/// The registers of all lanes, as vectors.
std::vector<llvm::Value*> load_fragments(llvm::IRBuilder<>& ir, const MatrixInMemory& matrix,
                                         const MatrixAddress& address);
void store_fragments(llvm::IRBuilder<>& ir, const MatrixInMemory& matrix,
                     const MatrixAddress& address, llvm::ArrayRef<llvm::Value*> words);

}  // namespace cuda_shim::kernels::instructions
