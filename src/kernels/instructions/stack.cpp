// Stack Manipulation Instructions (PTX ISA 9.0, section 9.7.18): alloca, stacksave, stackrestore.

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/row.h"
#include "kernels/instructions/stack_address.h"

namespace cuda_shim::kernels::instructions {
namespace {

using ptx::ScalarType;

constexpr std::uint64_t kDefaultAlignment = 8;
constexpr std::uint64_t kMaxAlignment = 1u << 16;

Status lower_alloca(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  std::uint64_t alignment = kDefaultAlignment;
  if (lowering.has_operand(2)) {
    auto* written = llvm::dyn_cast<llvm::ConstantInt>(lowering.value(2, ScalarType::kU32));
    alignment = written != nullptr ? written->getZExtValue() : 0;
    if (!llvm::isPowerOf2_64(alignment) || alignment > kMaxAlignment)
      return lowering.not_supported("its alignment is not a power of two that fits a stack.");
  }
  llvm::AllocaInst* block =
      ir.CreateAlloca(ir.getInt8Ty(), lowering.value(1, lowering.type()), "block");
  block->setAlignment(llvm::Align(alignment));
  lowering.set(0, ir.CreatePtrToInt(block, lowering.llvm_type(lowering.type())), lowering.type());
  return {};
}

Status lower_stacksave(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  llvm::Value* place = ir.CreateStackSave();
  lowering.set(0, ir.CreatePtrToInt(place, lowering.llvm_type(lowering.type())), lowering.type());
  return {};
}

Status lower_stackrestore(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  llvm::Value* place = lowering.value(0, lowering.type());
  if (lowering.type() == ScalarType::kU32) place = whole_stack_address(ir, place);
  ir.CreateStackRestore(ir.CreateIntToPtr(place, ir.getPtrTy()));
  return {};
}

constexpr Row kRows[] = {
    {"alloca.size d, a{, b}; .size = .u32 .u64", lower_alloca},
    {"stacksave.size d; .size = .u32 .u64", lower_stacksave},
    {"stackrestore.size a; .size = .u32 .u64", lower_stackrestore},
};

}  // namespace

llvm::Value* whole_stack_address(llvm::IRBuilder<>& ir, llvm::Value* low) {
  llvm::Value* here = ir.CreatePtrToInt(ir.CreateStackSave(), ir.getInt64Ty());
  llvm::Value* distance = ir.CreateSub(low, ir.CreateTrunc(here, ir.getInt32Ty()));
  return ir.CreateAdd(here, ir.CreateSExt(distance, ir.getInt64Ty()));
}

std::span<const Row> stack_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
