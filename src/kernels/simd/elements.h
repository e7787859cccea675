#pragma once
// One thread's numbers and vectors, by their types.

#include <llvm/IR/DerivedTypes.h>

namespace cuda_shim::kernels::simd {

/// 1 of a number.
inline unsigned elements_of(const llvm::Type* type) {
  const auto* own = llvm::dyn_cast<llvm::FixedVectorType>(type);
  return own != nullptr ? own->getNumElements() : 1;
}

/// Of a number; addresses have 64.
inline unsigned bits_of(const llvm::Type* element) {
  return element->isPointerTy()
             ? 64
             : static_cast<unsigned>(element->getPrimitiveSizeInBits().getFixedValue());
}

/// Whether memory holds a number of so many bits as it is, and vectors of them as arrays.
inline bool is_plain(unsigned bits) {
  return bits == 8 || bits == 16 || bits == 32 || bits == 64;
}

}  // namespace cuda_shim::kernels::simd
