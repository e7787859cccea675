// How a PTX signature becomes an LLVM function type.

#include "kernels/instructions/call_signature.h"

namespace cuda_shim::kernels::instructions {

bool is_scalar(const ptx::Variable& variable) {
  return variable.vector == 1 && variable.dimensions.empty();
}

bool returns_value(const ptx::Signature& signature) {
  return signature.results.size() == 1 && is_scalar(signature.results[0]);
}

llvm::IntegerType* carrier_type(llvm::LLVMContext& context, const ptx::Variable& variable) {
  return llvm::IntegerType::get(context, ptx::bytes_of(variable.type) * 8);
}

llvm::FunctionType* function_type(llvm::LLVMContext& context, const ptx::Signature& signature) {
  llvm::Type* pointer = llvm::PointerType::get(context, 0);
  llvm::SmallVector<llvm::Type*> parameters;
  for (const ptx::Variable& parameter : signature.parameters)
    parameters.push_back(is_scalar(parameter) ? carrier_type(context, parameter) : pointer);
  if (returns_value(signature))
    return llvm::FunctionType::get(carrier_type(context, signature.results[0]), parameters, false);
  parameters.append(signature.results.size(), pointer);
  return llvm::FunctionType::get(llvm::Type::getVoidTy(context), parameters, false);
}

}  // namespace cuda_shim::kernels::instructions
