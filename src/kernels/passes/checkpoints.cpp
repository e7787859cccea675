#include "kernels/passes/checkpoints.h"

namespace cuda_shim::kernels::passes {

void checkpoint(llvm::LLVMContext& context) {
  const llvm::OptPassGate& gate = context.getOptPassGate();
  if (gate.isEnabled()) gate.shouldRunPass("", "");
}

void add_checkpoints(llvm::PassInstrumentationCallbacks& callbacks, llvm::LLVMContext& context) {
  if (context.getOptPassGate().isEnabled())
    callbacks.registerBeforeNonSkippedPassCallback(
        [&context](llvm::StringRef, const llvm::Any&) { checkpoint(context); });
}

}  // namespace cuda_shim::kernels::passes
