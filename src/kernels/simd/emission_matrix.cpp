// Matrix operations: calls of functions that have a form for whole warps.

#include <llvm/IR/Constants.h>

#include "kernels/instructions/matrix_warp.h"
#include "kernels/simd/emission.h"

namespace cuda_shim::kernels::simd {

/// Of the first active lane.
llvm::Value* Emission::of_some_lane(llvm::Value* value) {
  if (is_uniform(value)) return scalar(value);
  llvm::Value* first = ir_.CreateBinaryIntrinsic(llvm::Intrinsic::cttz, mask_bits(), ir_.getTrue());
  return element_of_lane(vector(value), value->getType(), first);
}

/// Words of lanes that take no part are nought.
llvm::Value* Emission::emit_matrix(llvm::CallInst& call, llvm::Function& form) {
  llvm::SmallVector<llvm::Value*> arguments;
  for (const llvm::Argument& parameter : form.args()) {
    llvm::Value* value = call.getArgOperand(parameter.getArgNo());
    if (parameter.getType() == value->getType()) {
      arguments.push_back(of_some_lane(value));
      continue;
    }
    llvm::Value* all = vector(value);
    if (llvm::Value* mask = masks_.lookup(current_))
      all = ir_.CreateSelect(mask, all, llvm::Constant::getNullValue(all->getType()));
    arguments.push_back(all);
  }
  return ir_.CreateCall(&form, arguments);
}

}  // namespace cuda_shim::kernels::simd
