// A test in front of each access, with one block per access that traps.

#include "kernels/passes/check_alignment.h"

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Local.h>

#include <vector>

#include "cuda_shim/status.h"
#include "kernels/instructions/device_ops.h"

namespace cuda_shim::kernels::passes {
namespace {

struct Access {
  llvm::Instruction* instruction;
  llvm::Value* pointer;
  llvm::Align alignment;
};

bool is_access(llvm::Instruction& instruction, Access* access) {
  if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction))
    *access = {load, load->getPointerOperand(), load->getAlign()};
  else if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction))
    *access = {store, store->getPointerOperand(), store->getAlign()};
  else if (auto* update = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction))
    *access = {update, update->getPointerOperand(), update->getAlign()};
  else if (auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction))
    *access = {exchange, exchange->getPointerOperand(), exchange->getAlign()};
  else
    return false;
  return true;
}

/// The launch's parameter block, whose layout is the translator's own.
bool is_parameter(const llvm::Value* pointer) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(llvm::getUnderlyingObject(pointer));
  return call != nullptr && call->getCalledFunction() != nullptr &&
         instructions::device_op_of(*call->getCalledFunction()) ==
             instructions::DeviceOp::parameters;
}

std::vector<Access> unsure_accesses(llvm::Function& function) {
  const llvm::DataLayout& layout = function.getDataLayout();
  std::vector<Access> accesses;
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    Access access;
    if (!is_access(instruction, &access) || access.alignment == llvm::Align(1)) continue;
    if (is_parameter(access.pointer)) continue;
    if (llvm::getKnownAlignment(access.pointer, layout, &instruction) >= access.alignment) continue;
    accesses.push_back(access);
  }
  return accesses;
}

void insert_check(const Access& access, llvm::Function* trap) {
  llvm::IRBuilder<> ir(access.instruction);
  llvm::Value* address = ir.CreatePtrToInt(access.pointer, ir.getInt64Ty());
  llvm::Value* rest = ir.CreateAnd(address, access.alignment.value() - 1);
  llvm::Value* is_misaligned = ir.CreateICmpNE(rest, ir.getInt64(0));
  llvm::MDNode* never = llvm::MDBuilder(ir.getContext()).createUnlikelyBranchWeights();
  llvm::Instruction* end = llvm::SplitBlockAndInsertIfThen(is_misaligned, access.instruction,
                                                           /*Unreachable=*/true, never);
  ir.SetInsertPoint(end);
  ir.CreateCall(trap, {ir.getInt32(static_cast<int>(StatusCode::kMisalignedAddress))});
}

}  // namespace

unsigned check_alignment(llvm::Module& module) {
  llvm::Function* trap = instructions::declare_device_op(module, instructions::DeviceOp::trap);
  unsigned checked = 0;
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    for (const Access& access : unsure_accesses(function)) {
      insert_check(access, trap);
      ++checked;
    }
  }
  return checked;
}

}  // namespace cuda_shim::kernels::passes
