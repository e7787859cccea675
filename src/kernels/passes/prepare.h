#pragma once
// Brings freshly lowered IR into SSA form, so that what follows sees values instead of registers in
// memory.

#include <llvm/IR/Module.h>

namespace cuda_shim::kernels::passes {

void prepare(llvm::Module& module);

}  // namespace cuda_shim::kernels::passes
