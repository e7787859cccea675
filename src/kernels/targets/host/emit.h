#pragma once
// Machine code from finished IR.

#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include <cstddef>
#include <vector>

#include "cuda_shim/status.h"

namespace cuda_shim::kernels::targets::host {

/// The module as a relocatable object, or as assembly text. Changes the module.
Result<std::vector<std::byte>> emit(llvm::Module& module, llvm::TargetMachine& machine,
                                    llvm::CodeGenFileType type,
                                    std::uint64_t* frame_bytes = nullptr);

}  // namespace cuda_shim::kernels::targets::host
