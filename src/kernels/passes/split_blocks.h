#pragma once
// Bounds the size of basic blocks.
//
// Parts of LLVM's code generator (combining and scheduling above all) take time quadratic in the
// length of a block, and PTX has long ones: fully unrolled loops, generated code. A few thousand
// instructions in one block translate in seconds, tens of thousands in minutes. In pieces, the time
// is linear, and the code is the same but for what could have moved over a cut.

#include <llvm/IR/Module.h>

namespace cuda_shim::kernels::passes {

/// Whether a block of the module is longer than `limit` instructions.
bool has_long_block(const llvm::Module& module, unsigned limit);

/// Cuts blocks into pieces of at most `limit` instructions, as long as no cut would have to be
/// among phis or allocas. A piece computes addresses that are a constant offset from a pointer
/// itself, because they cost nothing in the block that uses them and a register across blocks.
/// LLVM merges the pieces again wherever it simplifies control flow, so this comes after that.
/// Returns the number of cuts.
unsigned split_long_blocks(llvm::Function& function, unsigned limit);

}  // namespace cuda_shim::kernels::passes
