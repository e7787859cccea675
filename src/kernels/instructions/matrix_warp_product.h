#pragma once
// Matrix products for a whole warp.

#include "kernels/instructions/matrix_product.h"

namespace cuda_shim::kernels::instructions {

/// Whether a product has a form for whole warps.
bool has_warp_product(const MatrixProduct& product);

/// The words of D from those of A, B and C, as in the one-lane function: vectors of all lanes.
std::vector<llvm::Value*> build_warp_product(llvm::IRBuilder<>& ir, const MatrixProduct& product,
                                             llvm::ArrayRef<llvm::Value*> words);

}  // namespace cuda_shim::kernels::instructions
