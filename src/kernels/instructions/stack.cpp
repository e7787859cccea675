// Stack Manipulation Instructions (PTX ISA 9.0, section 9.7.18): alloca, stacksave, stackrestore.

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/row.h"

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
  ir.CreateStackRestore(ir.CreateIntToPtr(lowering.value(0, lowering.type()), ir.getPtrTy()));
  return {};
}

// Addresses have 64 bits here: the 32-bit forms belong to 32-bit modules.
constexpr Row kRows[] = {
    {"alloca.u64 d, a{, b}", lower_alloca},     {"alloca.u32 d, a{, b}", nullptr},
    {"stacksave.u64 d", lower_stacksave},       {"stacksave.u32 d", nullptr},
    {"stackrestore.u64 a", lower_stackrestore}, {"stackrestore.u32 a", nullptr},
};

}  // namespace

std::span<const Row> stack_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
