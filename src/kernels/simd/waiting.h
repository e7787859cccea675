#pragma once
// Loops that wait for memory, and whether lanes in lockstep can wait in them.
//
// Lanes that have left such a loop, or that went another way before it, stand still until those in
// the loop have what they wait for. That is fine unless what they would do next, were they free to,
// is what the others wait for: directly (a producer and a consumer in one warp, a lock that a lane
// holds), or because another warp waits for them first. So all that they could write before they
// have to meet the lanes in the loop anyway, at a barrier or an operation of the whole warp, is
// looked at:
//
// * Nothing written: nobody waits for them.
// * The block's shared memory, and no loop of the kernel waits for that: the same.
// * Volatile and atomic writes, on which others may wait, have to lie in the array that the loop
//   reads, and beyond all that it reads: a tile that looks back at the tiles before it. A circle of
//   warps that wait for each other would have to come back to a place after going down only.
// * Plain writes are no way to end somebody's waiting. They have to be as above if they go to the
//   same array, and their array has to be known: another parameter or variable is taken for another
//   array here.

#include <llvm/IR/Function.h>

#include <optional>
#include <string>

#include "kernels/simd/shape_analysis.h"

namespace cuda_shim::kernels::simd {

/// Why lanes in lockstep might wait for each other for ever; nothing if they cannot.
std::optional<std::string> why_not_wait(llvm::Function& function, const ShapeAnalysis& shapes,
                                        unsigned lanes);

}  // namespace cuda_shim::kernels::simd
