#pragma once
// Calls a compile's checkpoint (CompileRequest) from within LLVM.
//
// The context's gate, which LLVM asks whether to leave out an optional pass, is where the
// checkpoint is kept: the code generator asks it by itself, and whoever has the context can.

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/OptBisect.h>
#include <llvm/IR/PassInstrumentation.h>

namespace cuda_shim::kernels::passes {

/// A gate that leaves nothing out. Does nothing without a checkpoint.
class CheckpointGate : public llvm::OptPassGate {
 public:
  explicit CheckpointGate(void (*checkpoint)()) : checkpoint_(checkpoint) {}
  bool isEnabled() const override { return checkpoint_ != nullptr; }
  bool shouldRunPass(llvm::StringRef, llvm::StringRef) const override {
    checkpoint_();
    return true;
  }

 private:
  void (*checkpoint_)();
};

/// The checkpoint of whatever works in the context.
void checkpoint(llvm::LLVMContext& context);
/// For a PassBuilder: the same before each pass.
void add_checkpoints(llvm::PassInstrumentationCallbacks& callbacks, llvm::LLVMContext& context);

}  // namespace cuda_shim::kernels::passes
