// Calls: direct, indirect, of functions that the runtime provides; returns.

#include <fmt/format.h>
#include <llvm/IR/Constants.h>

#include "kernels/instructions/call_signature.h"
#include "kernels/instructions/function_lowering.h"
#include "kernels/instructions/llvm_types.h"
#include "kernels/instructions/provided_functions.h"

namespace cuda_shim::kernels::instructions {

/// `call (results), target, (arguments), prototype_or_targets;` taken apart.
struct FunctionLowering::CallOperands {
  std::vector<const ptx::Operand*> results;
  const ptx::Name* target = nullptr;
  std::vector<const ptx::Operand*> arguments;
  const ptx::Name* list = nullptr;
};

namespace {

void take_list(const ptx::Operand& operand, std::vector<const ptx::Operand*>* list) {
  for (const ptx::Operand& element : operand.vector()->elements) list->push_back(&element);
}

}  // namespace

Result<FunctionLowering::CallOperands> FunctionLowering::parse_call() const {
  CallOperands call;
  for (const ptx::Operand& operand : instruction_->operands) {
    if (operand.vector() != nullptr)
      take_list(operand, call.target == nullptr ? &call.results : &call.arguments);
    else if (operand.name() != nullptr && call.target == nullptr)
      call.target = operand.name();
    else if (operand.name() != nullptr)
      call.list = operand.name();
    else
      return error(not_supported("an operand is neither a name nor a list in parentheses."));
  }
  if (call.target == nullptr) return error(not_supported("it names no function."));
  return call;
}

Status FunctionLowering::call() {
  const Result<CallOperands> call = parse_call();
  if (!call) return not_supported(std::string(call.error().message()));
  if (symbols_.find(call->target->text) != nullptr) return emit_indirect_call(*call);

  unsigned unit = 0;
  const std::string_view name = call->target->text;
  const ptx::Function* function = module_.source().find_function(source_.unit, name, &unit);
  if (function != nullptr && function->has_body())
    return emit_call(*call, function->signature, module_.function_for({unit, function, nullptr}),
                     {});

  const ProvidedFunction* provided = find_provided_function(name);
  if (provided == nullptr)
    return Status(StatusCode::kInvalidPtx,
                  fmt::format("The function '{}' is called but defined nowhere.", name));
  if (call->arguments.size() != provided->parameters)
    return not_supported(fmt::format("'{}' takes {} arguments.", name, provided->parameters));
  std::vector<llvm::Value*> arguments;
  for (const ptx::Operand* operand : call->arguments) {
    const VariableSymbol* variable = variable_named(*operand);
    ptx::Variable any_number;
    any_number.type = ptx::ScalarType::kB64;
    arguments.push_back(argument(*operand, variable ? *variable->declaration : any_number));
  }
  llvm::Value* result = provided->lower(*this, arguments);
  if (provided->has_result && !call->results.empty()) store_result(*call->results[0], result);
  return {};
}

VariableSymbol* FunctionLowering::variable_named(const ptx::Operand& operand) {
  if (operand.name() == nullptr) return nullptr;
  Symbol* symbol = symbols_.find(operand.name()->text);
  return symbol != nullptr ? std::get_if<VariableSymbol>(symbol) : nullptr;
}

/// What travels for a formal parameter: a pointer to the block, or the integer.
llvm::Value* FunctionLowering::argument(const ptx::Operand& operand, const ptx::Variable& formal) {
  const VariableSymbol* variable = variable_named(operand);
  if (!is_scalar(formal)) {
    if (variable != nullptr && variable->storage != nullptr) return variable->storage;
    fail(fmt::format("The parameter '{}' is a block of bytes and needs a .param variable.",
                     formal.name));
    return llvm::Constant::getNullValue(ir_.getPtrTy());
  }
  llvm::Type* type = carrier_type(ir_.getContext(), formal);
  if (variable != nullptr && variable->storage != nullptr) {
    if (variable->declaration->byte_size() < type->getPrimitiveSizeInBits() / 8)
      fail(fmt::format("The argument '{}' is smaller than its parameter.", operand.name()->text));
    return ir_.CreateAlignedLoad(type, variable->storage, llvm::Align(1));
  }
  return reinterpret(ir_, read(operand, formal.type), type);
}

llvm::Value* FunctionLowering::result_block(const ptx::Operand& operand) {
  const VariableSymbol* variable = variable_named(operand);
  if (variable != nullptr && variable->storage != nullptr) return variable->storage;
  fail("The result is a block of bytes and needs a .param variable.");
  return llvm::Constant::getNullValue(ir_.getPtrTy());
}

void FunctionLowering::store_result(const ptx::Operand& operand, llvm::Value* value) {
  const unsigned bits = value->getType()->getPrimitiveSizeInBits();
  if (const VariableSymbol* variable = variable_named(operand)) {
    if (variable->storage == nullptr || variable->declaration->byte_size() * 8 < bits)
      return fail(fmt::format("'{}' is too small for the result.", operand.name()->text));
    ir_.CreateAlignedStore(value, variable->storage, llvm::Align(1));
    return;
  }
  const ptx::ScalarType type = bits == 64   ? ptx::ScalarType::kB64
                               : bits == 32 ? ptx::ScalarType::kB32
                               : bits == 16 ? ptx::ScalarType::kB16
                                            : ptx::ScalarType::kB8;
  write(operand, value, type);
}

Status FunctionLowering::check_counts(const CallOperands& call,
                                      const ptx::Signature& signature) const {
  if (call.arguments.size() == signature.parameters.size() &&
      (call.results.size() == signature.results.size() || call.results.empty()))
    return {};
  return Status(
      StatusCode::kInvalidPtx,
      fmt::format("The call has {} arguments and {} results, the function '{}' {} and {}.",
                  call.arguments.size(), call.results.size(), call.target->text,
                  signature.parameters.size(), signature.results.size()));
}

Status FunctionLowering::emit_call(const CallOperands& call, const ptx::Signature& signature,
                                   llvm::FunctionCallee callee,
                                   std::vector<llvm::Value*> arguments) {
  if (Status status = check_counts(call, signature); !status.ok()) return status;
  for (size_t i = 0; i < signature.parameters.size(); ++i)
    arguments.push_back(argument(*call.arguments[i], signature.parameters[i]));
  if (returns_value(signature)) {
    llvm::Value* result = ir_.CreateCall(callee, arguments);
    if (!call.results.empty()) store_result(*call.results[0], result);
    return {};
  }
  for (size_t i = 0; i < signature.results.size(); ++i)
    arguments.push_back(i < call.results.size() ? result_block(*call.results[i])
                                                : variable_alloca(signature.results[i]));
  ir_.CreateCall(callee, arguments);
  return {};
}

/// The signature that an indirect call's last operand gives: a prototype's, or that of the first
/// function of a list of targets.
const ptx::Signature* FunctionLowering::listed_signature(const ptx::Name& list) {
  Symbol* symbol = symbols_.find(list.text);
  if (symbol == nullptr) return nullptr;
  if (const auto* prototype = std::get_if<const ptx::Prototype*>(symbol))
    return &(*prototype)->signature;
  const auto* targets = std::get_if<const ptx::TargetList*>(symbol);
  if (targets == nullptr || (*targets)->names.empty()) return nullptr;
  unsigned unit = 0;
  const ptx::Function* first =
      module_.source().find_function(source_.unit, (*targets)->names[0], &unit);
  return first != nullptr ? &first->signature : nullptr;
}

// A pointer's value is a number, and a function of its own for each type of call finds what it
// means: call sites stay small.
Status FunctionLowering::emit_indirect_call(const CallOperands& call) {
  const ptx::Signature* signature = call.list != nullptr ? listed_signature(*call.list) : nullptr;
  if (signature == nullptr)
    return not_supported("an indirect call needs a prototype or a list of targets.");
  llvm::Value* number = read_name(*call.target);
  if (number == nullptr) return {};
  number = ir_.CreateZExtOrTrunc(as_integer(ir_, number), ir_.getInt64Ty());
  llvm::Function* dispatcher = module_.dispatcher_for(function_type(ir_.getContext(), *signature));
  return emit_call(call, *signature, dispatcher, {number});
}

// --- Leaving

void FunctionLowering::ret() {
  if (is_kernel() || !returns_value(source_.function->signature)) {
    ir_.CreateRetVoid();
    return;
  }
  const ptx::Variable& formal = source_.function->signature.results[0];
  Symbol* symbol = symbols_.find(formal.name);
  if (auto* reg = std::get_if<RegisterSymbol>(symbol)) {
    llvm::Value* value = ir_.CreateLoad(llvm_type(reg->type), register_storage(*reg, 0));
    ir_.CreateRet(reinterpret(ir_, value, function_->getReturnType()));
    return;
  }
  ir_.CreateRet(
      ir_.CreateLoad(function_->getReturnType(), std::get<VariableSymbol>(*symbol).storage));
}

void FunctionLowering::exit() {
  if (is_kernel()) {
    ir_.CreateRetVoid();
    return;
  }
  device_op(DeviceOp::exit_thread, {});
  ir_.CreateUnreachable();
}

}  // namespace cuda_shim::kernels::instructions
