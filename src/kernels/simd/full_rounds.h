#pragma once
// Loops that lanes leave at different times, in two parts: rounds in which all lanes take part, and
// the rest.
//
//   do { ... i += 256; } while (i < n);   ==>   while (every lane's i < n) { ... i += 256; }
//                                               the loop as it was, for lanes whose i < n
//
// In the first part nothing is masked, and one number is compared for all lanes. If it did not run,
// the second one does, whatever i is.

#include <llvm/IR/Function.h>

#include "kernels/simd/lanes.h"

namespace cuda_shim::kernels::simd {

/// Of one thread's function, before it is brought into the form for vectors. Only loops whose lanes
/// count apart by a constant, towards a bound that they share.
void set_full_rounds_apart(llvm::Function& function, const Lanes& lanes);

}  // namespace cuda_shim::kernels::simd
