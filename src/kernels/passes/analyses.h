#pragma once
// What LLVM's passes have to be given to run.

#include <llvm/Analysis/CGSCCPassManager.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/IR/PassManager.h>
#include <llvm/Passes/PassBuilder.h>

#include "kernels/passes/checkpoints.h"

namespace cuda_shim::kernels::passes {

/// The managers that passes ask for analyses.
struct Analyses {
  Analyses() {
    llvm::PassBuilder builder;
    add(builder);
  }
  explicit Analyses(llvm::PassBuilder& builder) { add(builder); }
  /// With `target` in place of a machine.
  explicit Analyses(const llvm::TargetIRAnalysis& target) {
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

/// LLVM's optimiser, for a machine or none, without its own vectorisers: one CUDA thread rarely has
/// work for them, and their remainder loops cost more time to compile than they win. Comes to the
/// module's checkpoint before each pass.
struct Optimiser {
  Optimiser(llvm::Module& module, llvm::TargetMachine* machine)
      : builder(machine, tuning(), std::nullopt, &callbacks), analyses(builder) {
    add_checkpoints(callbacks, module.getContext());
  }

  static llvm::PipelineTuningOptions tuning() {
    llvm::PipelineTuningOptions options;
    options.LoopVectorization = options.SLPVectorization = options.LoopInterleaving = false;
    return options;
  }

  llvm::PassInstrumentationCallbacks callbacks;
  llvm::PassBuilder builder;
  Analyses analyses;
};

}  // namespace cuda_shim::kernels::passes
