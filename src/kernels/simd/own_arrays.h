#pragma once
// Arrays of the threads' own, dealt out by element: element i of all lanes lies side by side, and
// element i + 1 of all behind it. So lanes that access the same element access consecutive memory.
//
// Only arrays of which every access is seen are laid out so; what is passed on by its address keeps
// each thread's elements together.

#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>

#include "kernels/simd/lanes.h"

namespace cuda_shim::kernels::simd {

/// Changes what the arrays of one thread's function mean: the memory is that of all lanes, and a
/// lane's place in it is its number times the unit away from lane 0's.
void interleave_own_arrays(llvm::Function& function, const Lanes& lanes);

/// Bytes of what lies together of one lane in an array that was interleaved; 0 for other arrays.
std::uint64_t interleaved_unit(const llvm::AllocaInst& array);

}  // namespace cuda_shim::kernels::simd
