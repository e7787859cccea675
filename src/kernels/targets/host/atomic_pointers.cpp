#include "kernels/targets/host/atomic_pointers.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

namespace cuda_shim::kernels::targets::host {
namespace {

void flatten(llvm::Instruction& operation) {
  llvm::Use& pointer = operation.getOperandUse(llvm::isa<llvm::StoreInst>(operation) ? 1 : 0);
  if (pointer->getType()->getPointerAddressSpace() == 0) return;
  llvm::IRBuilder<> ir(&operation);
  pointer.set(ir.CreateAddrSpaceCast(pointer.get(), ir.getPtrTy()));
}

}  // namespace

void flatten_atomic_pointers(llvm::Module& module) {
  for (llvm::Function& function : module)
    for (llvm::Instruction& instruction : llvm::instructions(function))
      if (instruction.isAtomic() && !llvm::isa<llvm::FenceInst>(instruction)) flatten(instruction);
}

}  // namespace cuda_shim::kernels::targets::host
