#pragma once
// Loops that are better run by one lane after another: those that lanes leave at different times
// and that wait for gathers. A lane by itself takes as many turns as it needs, reads what lies in
// line line by line, and loads a number faster than a gather does.

#include <llvm/IR/Function.h>

#include "kernels/simd/lanes.h"

namespace cuda_shim::kernels::simd {

/// Puts such loops, with the branches around them, into functions of their own.
void set_loops_apart(llvm::Function& function, const Lanes& lanes);

bool is_lane_loop(const llvm::Function& function);

/// Puts them back to where the lanes' turns call them.
void expand_lane_loops(llvm::Module& module);

}  // namespace cuda_shim::kernels::simd
