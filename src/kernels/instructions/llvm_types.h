#pragma once
// PTX types as LLVM types, and the bit-for-bit conversions between them that PTX's untyped
// registers imply.

#include <llvm/IR/IRBuilder.h>

#include "kernels/ptx/ast.h"

namespace cuda_shim::kernels::instructions {

/// LLVM's address spaces of the neutral IR, numbered as LLVM's GPU targets number them.
enum AddressSpace : unsigned {
  kGenericSpace = 0,
  kGlobalSpace = 1,
  kSharedSpace = 3,
  kConstSpace = 4,
  kLocalSpace = 5,
};

/// The LLVM address space of pointers into a PTX state space (.param: generic).
unsigned address_space_of(ptx::StateSpace space);

/// The type that a value of the PTX type has in the IR; see lowering.h.
llvm::Type* llvm_type_of(llvm::LLVMContext& context, ptx::ScalarType type);

/// `value` as the integer of its width.
llvm::Value* as_integer(llvm::IRBuilderBase& ir, llvm::Value* value);

/// The bits of `value` as `type`: truncated if it is wider, sign- or zero-extended if it is
/// narrower.
llvm::Value* reinterpret(llvm::IRBuilderBase& ir, llvm::Value* value, llvm::Type* type,
                         bool sign_extend = false);

}  // namespace cuda_shim::kernels::instructions
