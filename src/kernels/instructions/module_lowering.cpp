// One kernel and all that it reaches as a module of neutral LLVM IR.

#include "kernels/instructions/module_lowering.h"

#include <fmt/format.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>

#include "kernels/instructions/call_signature.h"
#include "kernels/instructions/device_ops.h"
#include "kernels/instructions/function_lowering.h"

namespace cuda_shim::kernels::instructions {
namespace {

// The prefix keeps PTX names apart from those that LLVM knows: a device function named memcpy is
// not C's.
std::string symbol_of(std::string_view name) {
  return std::string("ptx.").append(name);
}

// Functions that a switch cannot call are unreachable at run time or a wild pointer.
void emit_invalid_pointer(llvm::IRBuilder<>& ir, llvm::Module& module) {
  const auto code = static_cast<std::uint32_t>(StatusCode::kInvalidPc);
  ir.CreateCall(declare_device_op(module, DeviceOp::trap), {ir.getInt32(code)});
  ir.CreateUnreachable();
}

}  // namespace

std::expected<llvm::Function*, ModuleLowering::Failure> ModuleLowering::lower() {
  const ProgramKernel& kernel = source_.kernel();
  llvm::Function* entry = function_for({kernel.unit, kernel.function, &kernel});
  entry->setLinkage(llvm::GlobalValue::ExternalLinkage);
  while (!pending_.empty()) {
    const auto [source, function] = pending_.front();
    pending_.pop_front();
    if (LowerResult result = FunctionLowering(*this, source, function).lower(); !result)
      return std::unexpected(Failure{source, std::move(result.error())});
  }
  set_static_shared_size();
  return entry;
}

// Where dynamic shared memory begins is a constant once everything is lowered.
void ModuleLowering::set_static_shared_size() {
  llvm::Function* op = declare_device_op(module_, DeviceOp::static_shared_size);
  llvm::Constant* size = llvm::ConstantInt::get(op->getReturnType(), shared_.static_bytes());
  for (llvm::User* user : llvm::make_early_inc_range(op->users())) {
    user->replaceAllUsesWith(size);
    llvm::cast<llvm::Instruction>(user)->eraseFromParent();
  }
  op->eraseFromParent();
}

llvm::Function* ModuleLowering::function_for(const FunctionSource& source) {
  llvm::Function*& function = functions_[source.function];
  if (function != nullptr) return function;
  llvm::FunctionType* type =
      source.kernel != nullptr
          ? llvm::FunctionType::get(llvm::Type::getVoidTy(module_.getContext()), false)
          : function_type(module_.getContext(), source.function->signature);
  function = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage,
                                    symbol_of(source.function->name), module_);
  function->addFnAttr(llvm::Attribute::NoUnwind);
  function->addFnAttr(llvm::Attribute::Convergent);
  pending_.emplace_back(source, function);
  return function;
}

llvm::Function* ModuleLowering::dispatcher_for(llvm::FunctionType* type) {
  llvm::Function*& dispatcher = dispatchers_[type];
  if (dispatcher != nullptr) return dispatcher;
  std::vector<llvm::Type*> parameters = {llvm::Type::getInt64Ty(module_.getContext())};
  parameters.insert(parameters.end(), type->param_begin(), type->param_end());
  dispatcher =
      llvm::Function::Create(llvm::FunctionType::get(type->getReturnType(), parameters, false),
                             llvm::GlobalValue::InternalLinkage, "ptx.indirect_call", module_);
  dispatcher->addFnAttr(llvm::Attribute::NoUnwind);
  dispatcher->addFnAttr(llvm::Attribute::Convergent);
  fill_dispatcher(dispatcher, type);
  return dispatcher;
}

void ModuleLowering::fill_dispatcher(llvm::Function* dispatcher, llvm::FunctionType* type) {
  llvm::LLVMContext& context = module_.getContext();
  llvm::IRBuilder<> ir(llvm::BasicBlock::Create(context, "entry", dispatcher));
  llvm::BasicBlock* unknown = llvm::BasicBlock::Create(context, "unknown", dispatcher);
  llvm::SwitchInst* choice = ir.CreateSwitch(dispatcher->getArg(0), unknown);
  std::vector<llvm::Value*> arguments;
  for (llvm::Argument& argument : llvm::drop_begin(dispatcher->args()))
    arguments.push_back(&argument);
  std::uint64_t number = 0;
  for (const Program::AddressedFunction& candidate : source_.addressed_functions()) {
    ++number;
    if (!candidate.function->has_body() || candidate.function->is_entry ||
        function_type(context, candidate.function->signature) != type)
      continue;
    ir.SetInsertPoint(llvm::BasicBlock::Create(context, "call", dispatcher));
    choice->addCase(ir.getInt64(number), ir.GetInsertBlock());
    llvm::Value* result =
        ir.CreateCall(function_for({candidate.unit, candidate.function, nullptr}), arguments);
    if (type->getReturnType()->isVoidTy())
      ir.CreateRetVoid();
    else
      ir.CreateRet(result);
  }
  ir.SetInsertPoint(unknown);
  emit_invalid_pointer(ir, module_);
}

Result<LoweredKernel> lower_kernel(llvm::LLVMContext& context, const KernelSource& source) {
  const ProgramKernel& kernel = source.kernel();
  LoweredKernel lowered;
  lowered.module = std::make_unique<llvm::Module>(llvm::StringRef(kernel.name), context);
  ModuleLowering lowering(*lowered.module, source);
  const auto entry = lowering.lower();
  if (!entry) {
    const ModuleLowering::Failure& failure = entry.error();
    const bool in_kernel = failure.source.function == kernel.function;
    return error(
        StatusCode::kInvalidPtx,
        fmt::format("Kernel '{}'{}: {}", kernel.name,
                    in_kernel ? "" : fmt::format(", function '{}'", failure.source.function->name),
                    failure.diagnostic.to_string()));
  }
  lowered.entry = *entry;
  lowered.info.static_shared_bytes = lowering.shared().static_bytes();
  lowered.info.shared_alignment = lowering.shared().alignment();
  lowered.info.local_bytes = lowering.local_bytes();
  lowered.info.constant_bytes = source.constant_bytes();
  lowered.info.parameter_bytes = kernel.parameter_bytes;
  lowered.info.max_threads_per_block = kernel.max_threads_per_block;
  for (unsigned i = 0; i < 3; ++i) lowered.info.required_block[i] = kernel.required_block[i];
  return lowered;
}

LowerResult check_kernel(llvm::LLVMContext& context, const KernelSource& source) {
  llvm::Module module("check", context);
  const auto entry = ModuleLowering(module, source).lower();
  if (!entry) return std::unexpected(entry.error().diagnostic);
  return {};
}

}  // namespace cuda_shim::kernels::instructions
