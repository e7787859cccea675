// InstCombine asks of each variable on the stack whether all that uses it could go with it. It asks
// again after each change to one of the uses, and looks at them one by one until it finds one that
// cannot go: quadratic time where there are thousands, which PTX has wherever a thread's own array
// is accessed by unrolled code.
//
// So such a variable gets one use only, which cannot go: its address masked by a number that the
// optimiser does not know. Everything else uses the masked address. Alias analysis sees through
// the mask, so that nothing is lost but offsets from the stack pointer.

#include "kernels/targets/host/large_variables.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>

#include <vector>

namespace cuda_shim::kernels::targets::host {
namespace {

/// Fewer take less time than the rest of the translation.
constexpr unsigned kManyUses = 1000;

/// Variables whose address is a number somewhere stay in memory, whatever the optimiser does.
bool stays(const llvm::AllocaInst& variable) {
  for (const llvm::User* user : variable.users())
    if (llvm::isa<llvm::PtrToIntInst>(user)) return true;
  return false;
}

/// -1, which the optimiser does not see.
llvm::Value* all_ones(llvm::IRBuilder<>& ir) {
  llvm::Type* word = ir.getInt64Ty();
  auto* same =
      llvm::InlineAsm::get(llvm::FunctionType::get(word, {word}, false), "", "=r,0", false);
  llvm::CallInst* call = ir.CreateCall(same, {llvm::ConstantInt::getAllOnesValue(word)});
  call->setDoesNotAccessMemory();
  call->setDoesNotThrow();
  return call;
}

void guard(llvm::AllocaInst& variable) {
  llvm::IRBuilder<> ir(variable.getNextNode());
  llvm::CallInst* masked = ir.CreateIntrinsic(
      llvm::Intrinsic::ptrmask, {variable.getType(), ir.getInt64Ty()}, {&variable, all_ones(ir)});
  variable.replaceUsesWithIf(masked, [&](const llvm::Use& use) {
    return use.getUser() != masked && !llvm::isa<llvm::LifetimeIntrinsic>(use.getUser());
  });
}

}  // namespace

void guard_large_variables(llvm::Module& module) {
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    std::vector<llvm::AllocaInst*> large;
    for (llvm::Instruction& instruction : function.getEntryBlock())
      if (auto* variable = llvm::dyn_cast<llvm::AllocaInst>(&instruction))
        if (variable->hasNUsesOrMore(kManyUses) && stays(*variable)) large.push_back(variable);
    for (llvm::AllocaInst* variable : large) guard(*variable);
  }
}

}  // namespace cuda_shim::kernels::targets::host
