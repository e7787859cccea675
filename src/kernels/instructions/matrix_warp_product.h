#pragma once
// Matrix products for a whole warp.
//
// Products of bytes are four at a time, by a function that a processor may have an instruction for.

#include "kernels/instructions/matrix_product.h"

namespace cuda_shim::kernels::instructions {

/// Whether a product has a form for whole warps.
bool has_warp_product(const MatrixProduct& product);

/// The words of D from those of A, B and C, as in the one-lane function: vectors of all lanes.
std::vector<llvm::Value*> build_warp_product(llvm::IRBuilder<>& ir, const MatrixProduct& product,
                                             llvm::ArrayRef<llvm::Value*> words);

/// The function that adds the products of four bytes to a sum, for all lanes: sum + a . b, modulo
/// 2^32, of <32 x i32>. Counts as a form. Made where it is missing, if `make` says so; else null.
llvm::Function* byte_products(llvm::Module& module, bool a_signed, bool b_signed, bool make);

}  // namespace cuda_shim::kernels::instructions
