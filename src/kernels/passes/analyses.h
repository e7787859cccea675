#pragma once
// The managers that LLVM's passes ask for analyses.

#include <llvm/Analysis/CGSCCPassManager.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/IR/PassManager.h>
#include <llvm/Passes/PassBuilder.h>

namespace cuda_shim::kernels::passes {

struct Analyses {
  explicit Analyses(llvm::PassBuilder builder = llvm::PassBuilder()) { add(builder); }
  /// With `target` in place of a machine.
  explicit Analyses(llvm::TargetIRAnalysis target) {
    functions.registerPass([&] { return target; });
    llvm::PassBuilder builder;
    add(builder);
  }

  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;

 private:
  void add(llvm::PassBuilder& builder) {
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(components);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, components, modules);
  }
};

}  // namespace cuda_shim::kernels::passes
