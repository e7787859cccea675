#pragma once
// How a PTX signature becomes an LLVM function type.
//
// A scalar parameter travels as the integer of its size, whatever its type: callers and callees
// need only agree on sizes, as in PTX. An array or vector parameter travels as a pointer to the
// caller's block. One scalar result is returned; all other results are written through pointers
// that follow the parameters.

#include <llvm/IR/DerivedTypes.h>

#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::instructions {

/// Whether a parameter or result travels by value.
bool is_scalar(const ptx::Variable& variable);
/// Whether the call returns its result instead of writing it through a pointer.
bool returns_value(const ptx::Signature& signature);
/// The integer that a scalar travels as.
llvm::IntegerType* carrier_type(llvm::LLVMContext& context, const ptx::Variable& variable);
llvm::FunctionType* function_type(llvm::LLVMContext& context, const ptx::Signature& signature);

}  // namespace cuda_shim::kernels::instructions
