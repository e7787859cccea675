#include "kernels/instructions/scratch_memory.h"

#include <llvm/IR/IRBuilder.h>

namespace cuda_shim::kernels::instructions {
namespace {

// The memory of this name among the variables at the function's start. It is put in front of them,
// so that it is soon found.
llvm::AllocaInst* find_memory(llvm::BasicBlock& entry, llvm::StringRef name) {
  for (llvm::Instruction& instruction : entry) {
    auto* memory = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
    if (memory == nullptr || memory->hasMetadata(name)) return memory;
  }
  return nullptr;
}

}  // namespace

llvm::AllocaInst* scratch_memory(llvm::Function& function, const char* name, unsigned words) {
  llvm::BasicBlock& entry = function.getEntryBlock();
  if (llvm::AllocaInst* known = find_memory(entry, name)) return known;
  llvm::IRBuilder<> ir(&entry, entry.begin());
  llvm::AllocaInst* memory =
      ir.CreateAlloca(llvm::ArrayType::get(ir.getInt32Ty(), words), nullptr, name);
  memory->setAlignment(llvm::Align(8));
  memory->setMetadata(name, llvm::MDNode::get(ir.getContext(), {}));
  return memory;
}

}  // namespace cuda_shim::kernels::instructions
