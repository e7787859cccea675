// Gives every function of a kernel's module the thread as its last parameter.

#include "kernels/targets/host/thread_argument.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>

#include <vector>

#include "cuda_shim/host_abi.h"

namespace cuda_shim::kernels::targets::host {
namespace {

void describe_thread(llvm::Argument& argument) {
  llvm::LLVMContext& context = argument.getContext();
  argument.setName("thread");
  argument.addAttr(llvm::Attribute::NonNull);
  argument.addAttr(llvm::Attribute::NoUndef);
  argument.addAttr(
      llvm::Attribute::getWithAlignment(context, llvm::Align(alignof(cuda_shim_host_thread))));
  argument.addAttr(
      llvm::Attribute::getWithDereferenceableBytes(context, sizeof(cuda_shim_host_thread)));
}

llvm::Function* with_thread(llvm::Function& old) {
  llvm::SmallVector<llvm::Type*> parameters(old.getFunctionType()->params());
  parameters.push_back(llvm::PointerType::get(old.getContext(), 0));
  auto* type = llvm::FunctionType::get(old.getReturnType(), parameters, false);
  auto* function = llvm::Function::Create(type, old.getLinkage(), "", old.getParent());
  function->takeName(&old);
  function->copyAttributesFrom(&old);
  function->splice(function->begin(), &old);
  for (unsigned i = 0; i < old.arg_size(); ++i) {
    function->getArg(i)->takeName(old.getArg(i));
    old.getArg(i)->replaceAllUsesWith(function->getArg(i));
  }
  describe_thread(*thread_argument(*function));
  return function;
}

void redirect_call(llvm::CallInst& call, llvm::Function* callee) {
  llvm::SmallVector<llvm::Value*> arguments(call.args());
  arguments.push_back(thread_argument(*call.getFunction()));
  llvm::IRBuilder<> ir(&call);
  llvm::CallInst* made = ir.CreateCall(callee, arguments);
  made->setCallingConv(callee->getCallingConv());
  made->takeName(&call);
  call.replaceAllUsesWith(made);
  call.eraseFromParent();
}

}  // namespace

llvm::Argument* thread_argument(llvm::Function& function) {
  return function.getArg(function.arg_size() - 1);
}

llvm::Function* add_thread_argument(llvm::Module& module, llvm::Function* entry) {
  std::vector<std::pair<llvm::Function*, llvm::Function*>> replaced;
  for (llvm::Function& function : module)
    if (!function.isDeclaration()) replaced.emplace_back(&function, nullptr);
  llvm::Function* new_entry = entry;
  for (auto& [old, made] : replaced) {
    made = with_thread(*old);
    if (old == entry) new_entry = made;
  }
  // Functions are only ever called: PTX function pointers are numbers.
  for (auto& [old, made] : replaced) {
    for (llvm::User* user : llvm::make_early_inc_range(old->users()))
      redirect_call(*llvm::cast<llvm::CallInst>(user), made);
    old->eraseFromParent();
  }
  return new_entry;
}

}  // namespace cuda_shim::kernels::targets::host
