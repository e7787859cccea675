// SROA and a first clean-up of the control flow, function by function.

#include "kernels/passes/prepare.h"

#include <llvm/IR/Instructions.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Utils/Mem2Reg.h>

#include "kernels/passes/analyses.h"

namespace cuda_shim::kernels::passes {

namespace {

/// InstCombine asks of a variable on the stack, each time it comes to it again, whether all its
/// uses can go, and looks at them one by one until it has found one that cannot. With thousands of
/// accesses that takes quadratic time, unless the use that cannot go comes first.
void put_escapes_first(llvm::Function& function) {
  for (llvm::Instruction& instruction : function.getEntryBlock())
    if (llvm::isa<llvm::AllocaInst>(instruction))
      instruction.sortUseList([](const llvm::Use& a, const llvm::Use& b) {
        return llvm::isa<llvm::PtrToIntInst>(a.getUser()) &&
               !llvm::isa<llvm::PtrToIntInst>(b.getUser());
      });
}

}  // namespace

void prepare(llvm::Module& module) {
  Optimiser optimiser(module, nullptr);
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::PreserveCFG));
  llvm::ModulePassManager manager;
  manager.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(passes)));
  manager.run(module, optimiser.analyses.modules);
  for (llvm::Function& function : module)
    if (!function.isDeclaration()) put_escapes_first(function);
}

}  // namespace cuda_shim::kernels::passes
