#pragma once
// What a group does before, between and after the barriers at which all groups of its block meet,
// as parts of its function: if all groups run one part before any runs the next, nobody waits.

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instruction.h>

#include <cstdint>

namespace cuda_shim::kernels::simd {

/// Each group enters the first block and leaves the last one once.
struct Part {
  llvm::BasicBlock *first = nullptr, *last = nullptr;  ///< `last` of the last part is null
  llvm::SmallVector<llvm::BasicBlock*> blocks;
};

/// Whether the instruction is a barrier of the whole block.
bool is_block_barrier(const llvm::Instruction& instruction);

/// Whether each of the block's groups comes by each of these barriers, and they keep no variables
/// and few values meanwhile. Of a function without loops.
bool can_be_taken_apart(llvm::Function& function, std::uint32_t groups);

/// Takes the barriers out. Each part but the last ends in a branch to the next one's first block.
llvm::SmallVector<Part> take_apart(llvm::Function& function);

/// Gives each part the values that it has from earlier ones, where each part runs in a loop of its
/// own, with such an index of so many groups: made again, where that takes nothing but numbers, or
/// kept for each group in an array on the stack, at the end of the entry.
void carry_values(llvm::ArrayRef<Part> parts, llvm::ArrayRef<llvm::Value*> indexes,
                  std::uint32_t groups, llvm::BasicBlock& entry);

}  // namespace cuda_shim::kernels::simd
