// PTX types as LLVM types, and bit-for-bit conversions between them.

#include "kernels/instructions/llvm_types.h"

namespace cuda_shim::kernels::instructions {

unsigned address_space_of(ptx::StateSpace space) {
  using enum ptx::StateSpace;
  switch (space) {
    case kConst:
      return kConstSpace;
    case kGlobal:
      return kGlobalSpace;
    case kLocal:
      return kLocalSpace;
    case kShared:
      return kSharedSpace;
    case kGeneric:
    case kReg:
    case kSreg:
    case kParam:
    case kTex:
      return kGenericSpace;
  }
  return kGenericSpace;
}

llvm::Type* llvm_type_of(llvm::LLVMContext& context, ptx::ScalarType type) {
  const auto pair = [](llvm::Type* element) { return llvm::FixedVectorType::get(element, 2); };
  switch (type) {
    case ptx::ScalarType::kPred:
      return llvm::Type::getInt1Ty(context);
    case ptx::ScalarType::kF16:
      return llvm::Type::getHalfTy(context);
    case ptx::ScalarType::kBf16:
      return llvm::Type::getBFloatTy(context);
    case ptx::ScalarType::kF32:
      return llvm::Type::getFloatTy(context);
    case ptx::ScalarType::kF64:
      return llvm::Type::getDoubleTy(context);
    case ptx::ScalarType::kF16x2:
      return pair(llvm::Type::getHalfTy(context));
    case ptx::ScalarType::kBf16x2:
      return pair(llvm::Type::getBFloatTy(context));
    case ptx::ScalarType::kU16x2:
    case ptx::ScalarType::kS16x2:
      return pair(llvm::Type::getInt16Ty(context));
    case ptx::ScalarType::kF32x2:
      return pair(llvm::Type::getFloatTy(context));
    default:  // the integer of the type's width, whatever types may be added
      return llvm::Type::getIntNTy(context, ptx::bits_of(type));
  }
}

llvm::Value* as_integer(llvm::IRBuilderBase& ir, llvm::Value* value) {
  llvm::Type* type = value->getType();
  if (type->isIntegerTy()) return value;
  if (type->isPointerTy()) return ir.CreatePtrToInt(value, ir.getInt64Ty());
  return ir.CreateBitCast(value, ir.getIntNTy(type->getPrimitiveSizeInBits()));
}

llvm::Value* reinterpret(llvm::IRBuilderBase& ir, llvm::Value* value, llvm::Type* type,
                         bool sign_extend) {
  if (value->getType() == type) return value;
  llvm::Type* integer = ir.getIntNTy(type->getPrimitiveSizeInBits());
  value = as_integer(ir, value);
  value = sign_extend ? ir.CreateSExtOrTrunc(value, integer) : ir.CreateZExtOrTrunc(value, integer);
  return ir.CreateBitCast(value, type);
}

}  // namespace cuda_shim::kernels::instructions
