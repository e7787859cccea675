// Lowers accesses to shared memory for the host.

#include "kernels/targets/host/shared_memory.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Transforms/Utils/LowerAtomic.h>

#include <vector>

#include "kernels/instructions/device_ops.h"
#include "kernels/instructions/llvm_types.h"

namespace cuda_shim::kernels::targets::host {
namespace {

bool is_shared_pointer(const llvm::Value& value) {
  const llvm::Type* type = value.getType();
  return type->isPointerTy() && type->getPointerAddressSpace() == instructions::kSharedSpace;
}

void lower_atomic(llvm::Instruction& user) {
  if (auto* update = llvm::dyn_cast<llvm::AtomicRMWInst>(&user))
    llvm::lowerAtomicRMWInst(update);
  else if (auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&user))
    llvm::lowerAtomicCmpXchgInst(exchange);
}

void mark(llvm::Instruction& user) {
  if (!llvm::isa<llvm::AtomicRMWInst, llvm::AtomicCmpXchgInst>(user)) return;
  user.setMetadata(kSharedMark, llvm::MDNode::get(user.getContext(), {}));
}

using Treatment = void (*)(llvm::Instruction&);

/// Rewrites what is derived from `old`, a pointer to shared memory, to be derived from the generic
/// pointer `made`.
void replace_pointer(llvm::Value& old, llvm::Value* made, Treatment treat) {
  for (llvm::Use& use : llvm::make_early_inc_range(old.uses())) {
    auto* user = llvm::cast<llvm::Instruction>(use.getUser());
    if (auto* element = llvm::dyn_cast<llvm::GetElementPtrInst>(user)) {
      llvm::IRBuilder<> ir(element);
      llvm::SmallVector<llvm::Value*> indices(element->indices());
      replace_pointer(*element, ir.CreateGEP(element->getSourceElementType(), made, indices),
                      treat);
      element->eraseFromParent();
    } else if (llvm::isa<llvm::AddrSpaceCastInst>(user)) {
      user->replaceAllUsesWith(made);
      user->eraseFromParent();
    } else {
      use.set(made);
      treat(*user);
    }
  }
}

void lower_pointer(llvm::Instruction& pointer, llvm::Function* window, Treatment treat) {
  llvm::IRBuilder<> ir(&pointer);
  llvm::Value* offset = pointer.getOperand(0);
  llvm::Value* generic = ir.CreateGEP(ir.getInt8Ty(), ir.CreateCall(window), offset);
  replace_pointer(pointer, generic, treat);
  pointer.eraseFromParent();
}

/// The pointer to shared memory that a constant is, or is made generic from; null if it is none.
llvm::Constant* shared_constant(llvm::Value* value) {
  auto* constant = llvm::dyn_cast<llvm::Constant>(value);
  if (constant == nullptr) return nullptr;
  if (is_shared_pointer(*constant)) return constant;
  auto* expression = llvm::dyn_cast<llvm::ConstantExpr>(constant);
  const bool cast = expression != nullptr &&
                    expression->getOpcode() == llvm::Instruction::AddrSpaceCast &&
                    is_shared_pointer(*expression->getOperand(0));
  return cast ? expression->getOperand(0) : nullptr;
}

/// The element of an object at a constant address, at a place that is not constant; null if the
/// instruction is something else.
llvm::GetElementPtrInst* element_of_constant(llvm::Instruction& instruction) {
  auto* element = llvm::dyn_cast<llvm::GetElementPtrInst>(&instruction);
  const bool found = element != nullptr && is_shared_pointer(*element) &&
                     llvm::isa<llvm::Constant>(element->getPointerOperand());
  return found ? element : nullptr;
}

/// The generic pointer that a constant one is.
llvm::Value* made_generic(llvm::IRBuilder<>& ir, llvm::Constant* pointer, llvm::Function* window) {
  llvm::Constant* offset = llvm::ConstantExpr::getPtrToInt(pointer, ir.getInt64Ty());
  return ir.CreateGEP(ir.getInt8Ty(), ir.CreateCall(window), offset);
}

void lower_element(llvm::GetElementPtrInst& element, llvm::Function* window, Treatment treat) {
  llvm::IRBuilder<> ir(&element);
  auto* base = llvm::cast<llvm::Constant>(element.getPointerOperand());
  llvm::SmallVector<llvm::Value*> indices(element.indices());
  llvm::Value* generic = made_generic(ir, base, window);
  replace_pointer(element, ir.CreateGEP(element.getSourceElementType(), generic, indices), treat);
  element.eraseFromParent();
}

/// Constant addresses may have been folded into constants of pointer type.
void lower_constant_operands(llvm::Instruction& instruction, llvm::Function* window,
                             Treatment treat) {
  bool changed = false;
  for (llvm::Use& operand : instruction.operands()) {
    llvm::Constant* pointer = shared_constant(operand.get());
    if (pointer == nullptr) continue;
    llvm::IRBuilder<> ir(&instruction);
    operand.set(made_generic(ir, pointer, window));
    changed = true;
  }
  if (!changed) return;
  if (llvm::isa<llvm::AddrSpaceCastInst>(instruction)) {
    instruction.replaceAllUsesWith(instruction.getOperand(0));
    instruction.eraseFromParent();
    return;
  }
  treat(instruction);
}

void weaken_fence(llvm::Instruction& instruction) {
  auto* fence = llvm::dyn_cast<llvm::FenceInst>(&instruction);
  if (fence == nullptr) return;
  llvm::LLVMContext& context = fence->getContext();
  if (fence->getSyncScopeID() == context.getOrInsertSyncScopeID("block"))
    fence->setSyncScopeID(llvm::SyncScope::SingleThread);
}

}  // namespace

void lower_shared_memory(llvm::Module& module, SharedAtomics atomics) {
  const Treatment treat = atomics == SharedAtomics::kPlain ? lower_atomic : mark;
  llvm::Function* window =
      instructions::declare_device_op(module, instructions::DeviceOp::shared_window);
  std::vector<llvm::Instruction*> pointers;
  std::vector<llvm::GetElementPtrInst*> elements;
  for (llvm::Function& function : module)
    for (llvm::Instruction& instruction :
         llvm::make_early_inc_range(llvm::instructions(function))) {
      weaken_fence(instruction);
      if (llvm::GetElementPtrInst* element = element_of_constant(instruction)) {
        elements.push_back(element);
        continue;
      }
      lower_constant_operands(instruction, window, treat);
      if (llvm::isa<llvm::IntToPtrInst>(instruction) && is_shared_pointer(instruction))
        pointers.push_back(&instruction);
    }
  for (llvm::GetElementPtrInst* element : elements) lower_element(*element, window, treat);
  for (llvm::Instruction* pointer : pointers) lower_pointer(*pointer, window, treat);
}

void make_shared_atomics_plain(llvm::Module& module) {
  for (llvm::Function& function : module)
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(function)))
      if (instruction.hasMetadata(kSharedMark)) lower_atomic(instruction);
}

}  // namespace cuda_shim::kernels::targets::host
