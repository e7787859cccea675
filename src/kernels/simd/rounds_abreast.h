#pragma once
// Several rounds of a loop abreast: operation after operation, each for all of these rounds.
//
// A loop of one long block may have its results hang on one another (a dot product in each round),
// so that the processor waits for each: several rounds give it as many chains. Or it may add to
// more sums than there are registers: then each is loaded and stored once for several rounds.

#include <llvm/IR/Function.h>

#include "kernels/simd/lanes.h"

namespace cuda_shim::kernels::simd {

/// Of one thread's function in its final structure. The order of all additions stays.
void run_rounds_abreast(llvm::Function& function, const Lanes& lanes, unsigned vector_bits);

}  // namespace cuda_shim::kernels::simd
