// Walks a function's statements: declarations, labels, guards, scopes; each instruction goes to the
// lowering of its row.

#include "kernels/instructions/function_lowering.h"

#include <fmt/format.h>
#include <llvm/IR/Constants.h>

#include "kernels/instructions/call_signature.h"
#include "kernels/instructions/device_ops.h"
#include "kernels/instructions/llvm_types.h"

namespace cuda_shim::kernels::instructions {
namespace {

/// CUDA allows 512 KiB of local memory a thread; anything near a fiber's whole address range is a
/// mistake.
constexpr std::uint64_t kMaxVariableBytes = std::uint64_t{1} << 26;

std::unexpected<ptx::Diagnostic> fault(ptx::Location location, std::string message,
                                       std::string_view text) {
  const size_t line_end = text.find('\n');
  return std::unexpected(
      ptx::Diagnostic{location, std::move(message), std::string(text.substr(0, line_end))});
}

}  // namespace

FunctionLowering::FunctionLowering(ModuleLowering& module, const FunctionSource& source,
                                   llvm::Function* function)
    : module_(module), source_(source), function_(function), ir_(function->getContext()) {}

LowerResult FunctionLowering::lower() {
  ptx::ParseResult<ptx::Scope> parsed = ptx::parse_body(*source_.function);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  body_ = std::move(*parsed);
  const auto& results = source_.function->signature.results;
  for (const ptx::Variable& result : results)
    if (result.space == ptx::StateSpace::kReg && results.size() > 1)
      return fault(result.location, "More than one result in registers is not supported.",
                   result.name);

  entry_ = llvm::BasicBlock::Create(ir_.getContext(), "entry", function_);
  llvm::BasicBlock* first = llvm::BasicBlock::Create(ir_.getContext(), "body", function_);
  ir_.SetInsertPoint(entry_);
  ir_.CreateBr(first);
  ir_.SetInsertPoint(entry_->getTerminator());
  symbols_.push_scope();
  if (is_kernel()) {
    bind_kernel_parameters();
  } else {
    bind_parameters();
    bind_results();
  }
  ir_.SetInsertPoint(first);
  if (LowerResult result = lower_scope(body_); !result) return result;
  finish();
  return {};
}

void FunctionLowering::finish() {
  if (ir_.GetInsertBlock()->getTerminator() == nullptr) ret();
}

// --- Parameters

void FunctionLowering::bind_kernel_parameters() {
  const auto& formals = source_.function->signature.parameters;
  llvm::Value* base = device_op(DeviceOp::parameters, {});
  for (size_t i = 0; i < formals.size(); ++i) {
    llvm::Value* place =
        ir_.CreateConstInBoundsGEP1_64(ir_.getInt8Ty(), base, source_.kernel->parameters[i].offset);
    symbols_.declare(formals[i].name, VariableSymbol{&formals[i], ptx::StateSpace::kParam, place});
  }
}

void FunctionLowering::bind_parameters() {
  unsigned index = 0;
  for (const ptx::Variable& formal : source_.function->signature.parameters) {
    llvm::Value* argument = function_->getArg(index++);
    if (!is_scalar(formal)) {
      symbols_.declare(formal.name, VariableSymbol{&formal, ptx::StateSpace::kParam, argument});
      continue;
    }
    if (formal.space == ptx::StateSpace::kReg) {
      RegisterSymbol symbol{formal.type, 1, nullptr};
      llvm::Value* storage = register_storage(symbol, 0);
      ir_.CreateStore(reinterpret(ir_, argument, llvm_type(formal.type)), storage);
      symbols_.declare(formal.name, symbol);
      continue;
    }
    llvm::Value* storage = variable_alloca(formal);
    ir_.CreateStore(argument, storage);
    symbols_.declare(formal.name, VariableSymbol{&formal, ptx::StateSpace::kParam, storage});
  }
}

void FunctionLowering::bind_results() {
  const ptx::Signature& signature = source_.function->signature;
  unsigned index = signature.parameters.size();
  for (const ptx::Variable& formal : signature.results) {
    if (formal.space == ptx::StateSpace::kReg && is_scalar(formal)) {
      symbols_.declare(formal.name, RegisterSymbol{formal.type, 1, nullptr});
      continue;
    }
    llvm::Value* storage =
        returns_value(signature) ? variable_alloca(formal) : function_->getArg(index++);
    symbols_.declare(formal.name, VariableSymbol{&formal, ptx::StateSpace::kParam, storage});
  }
}

// --- Storage

llvm::AllocaInst* FunctionLowering::entry_alloca(llvm::Type* type, unsigned alignment,
                                                 std::string_view name) {
  llvm::IRBuilder<> at_entry(entry_, entry_->begin());
  llvm::AllocaInst* storage = at_entry.CreateAlloca(type, nullptr, llvm::StringRef(name));
  if (alignment != 0) storage->setAlignment(llvm::Align(alignment));
  return storage;
}

llvm::Value* FunctionLowering::variable_alloca(const ptx::Variable& variable) {
  const std::uint64_t bytes = std::max<std::uint64_t>(variable.byte_size(), 1);
  if (variable.space == ptx::StateSpace::kLocal) module_.add_local_bytes(bytes);
  llvm::Type* type = is_scalar(variable)
                         ? static_cast<llvm::Type*>(carrier_type(ir_.getContext(), variable))
                         : llvm::ArrayType::get(ir_.getInt8Ty(), bytes);
  return entry_alloca(type, variable.byte_alignment(), variable.name);
}

llvm::Type* FunctionLowering::register_type(const RegisterSymbol& symbol) {
  llvm::Type* element = llvm_type(symbol.type);
  return symbol.vector == 1 ? element : llvm::ArrayType::get(element, symbol.vector);
}

llvm::Value* FunctionLowering::register_storage(RegisterSymbol& symbol, char component) {
  if (symbol.storage == nullptr) {
    llvm::Type* type = register_type(symbol);
    symbol.storage = entry_alloca(type, 0, "r");
    llvm::IRBuilder<> at_entry(entry_->getTerminator());
    llvm::Instruction* after = llvm::cast<llvm::Instruction>(symbol.storage)->getNextNode();
    at_entry.SetInsertPoint(after);
    at_entry.CreateStore(llvm::Constant::getNullValue(type), symbol.storage);
  }
  if (component == 0 && symbol.vector == 1) return symbol.storage;
  const size_t lane = std::string_view("xyzw").find(component);
  if (lane >= symbol.vector || symbol.vector == 1) return nullptr;
  return ir_.CreateConstInBoundsGEP1_64(llvm_type(symbol.type), symbol.storage, lane);
}

// --- Names

LowerResult FunctionLowering::declare(std::string_view name, Symbol symbol,
                                      ptx::Location location) {
  if (symbols_.declare(name, symbol)) return {};
  return fault(location, fmt::format("The name '{}' is declared twice in one scope.", name), name);
}

LowerResult FunctionLowering::declare_variable(const ptx::Variable& variable) {
  if (variable.space == ptx::StateSpace::kReg) {
    const RegisterSymbol symbol{variable.type, variable.vector, nullptr};
    if (!variable.register_range) return declare(variable.name, symbol, variable.location);
    symbols_.declare_range(variable.name, symbol, *variable.register_range);
    return {};
  }
  if (variable.byte_size() > kMaxVariableBytes)
    return fault(variable.location,
                 fmt::format("The variable '{}' has {} bytes; at most {} are possible.",
                             variable.name, variable.byte_size(), kMaxVariableBytes),
                 variable.name);
  VariableSymbol symbol{&variable, variable.space, nullptr};
  const bool on_stack =
      variable.space == ptx::StateSpace::kLocal || variable.space == ptx::StateSpace::kParam;
  if (on_stack) symbol.storage = variable_alloca(variable);
  return declare(variable.name, symbol, variable.location);
}

LowerResult FunctionLowering::declare_names(const ptx::Scope& scope) {
  for (const ptx::Statement& statement : scope.statements) {
    LowerResult result;
    if (const auto* variable = std::get_if<ptx::Variable>(&statement)) {
      result = declare_variable(*variable);
    } else if (const auto* label = std::get_if<ptx::Label>(&statement)) {
      llvm::BasicBlock* block =
          llvm::BasicBlock::Create(ir_.getContext(), llvm::StringRef(label->name), function_);
      result = declare(label->name, LabelSymbol{block}, label->location);
    } else if (const auto* targets = std::get_if<ptx::TargetList>(&statement)) {
      result = declare(targets->label, targets, targets->location);
    } else if (const auto* prototype = std::get_if<ptx::Prototype>(&statement)) {
      result = declare(prototype->label, prototype, prototype->location);
    }
    if (!result) return result;
  }
  return {};
}

// --- Statements

LowerResult FunctionLowering::lower_scope(const ptx::Scope& scope) {
  symbols_.push_scope();
  LowerResult result = declare_names(scope);
  for (auto statement = scope.statements.begin(); result && statement != scope.statements.end();
       ++statement)
    result = lower_statement(*statement);
  symbols_.pop_scope();
  return result;
}

LowerResult FunctionLowering::lower_statement(const ptx::Statement& statement) {
  if (const auto* plain = std::get_if<ptx::Instruction>(&statement))
    return lower_instruction(*plain);
  if (const auto* label = std::get_if<ptx::Label>(&statement)) place_label(*label);
  if (const auto* nested = std::get_if<std::vector<ptx::Scope>>(&statement))
    for (const ptx::Scope& scope : *nested)
      if (LowerResult result = lower_scope(scope); !result) return result;
  return {};
}

void FunctionLowering::place_label(const ptx::Label& label) {
  llvm::BasicBlock* block = std::get<LabelSymbol>(*symbols_.find(label.name)).block;
  if (ir_.GetInsertBlock()->getTerminator() == nullptr) ir_.CreateBr(block);
  block->moveAfter(ir_.GetInsertBlock());
  ir_.SetInsertPoint(block);
}

LowerResult FunctionLowering::lower_instruction(const ptx::Instruction& instruction) {
  instruction_ = &instruction;
  failure_.clear();
  if (!instruction.guard) return lower_matched(instruction);

  llvm::Value* guard = read_name(*instruction.guard);
  if (guard == nullptr || !guard->getType()->isIntegerTy(1))
    return fault(
        instruction.location,
        fmt::format("The guard '{}' is not a predicate register.", instruction.guard->text),
        instruction.text);
  llvm::BasicBlock* guarded = llvm::BasicBlock::Create(ir_.getContext(), "guarded", function_);
  llvm::BasicBlock* next = llvm::BasicBlock::Create(ir_.getContext(), "next", function_);
  if (instruction.guard_negated)
    ir_.CreateCondBr(guard, next, guarded);
  else
    ir_.CreateCondBr(guard, guarded, next);
  ir_.SetInsertPoint(guarded);
  if (LowerResult result = lower_matched(instruction); !result) return result;
  if (ir_.GetInsertBlock()->getTerminator() == nullptr) ir_.CreateBr(next);
  ir_.SetInsertPoint(next);
  return {};
}

LowerResult FunctionLowering::lower_matched(const ptx::Instruction& instruction) {
  const Result<const Row*> row = match(instruction);
  if (!row)
    return fault(instruction.location, std::string(row.error().message()), instruction.text);
  if ((*row)->lower == nullptr)
    return fault(instruction.location,
                 fmt::format("`{}` is known but not translated yet.", instruction.opcode),
                 instruction.text);
  const Status status = (*row)->lower(*this);
  if (!status.ok())
    return fault(instruction.location, std::string(status.message()), instruction.text);
  if (!failure_.empty()) return fault(instruction.location, failure_, instruction.text);
  if (ir_.GetInsertBlock()->getTerminator() != nullptr) new_block("after");
  return {};
}

// --- Building

llvm::Type* FunctionLowering::llvm_type(ptx::ScalarType type) {
  return llvm_type_of(ir_.getContext(), type);
}

llvm::CallInst* FunctionLowering::device_op(DeviceOp op, llvm::ArrayRef<llvm::Value*> arguments) {
  return ir_.CreateCall(declare_device_op(module_.module(), op), arguments);
}

llvm::Value* FunctionLowering::carry() {
  if (carry_ == nullptr) set_carry(ir_.getFalse());
  return ir_.CreateLoad(ir_.getInt1Ty(), carry_);
}

void FunctionLowering::set_carry(llvm::Value* value) {
  if (carry_ == nullptr) carry_ = entry_alloca(ir_.getInt1Ty(), 0, "carry");
  ir_.CreateStore(value, carry_);
}

llvm::BasicBlock* FunctionLowering::new_block(const char* name) {
  llvm::BasicBlock* block = llvm::BasicBlock::Create(ir_.getContext(), name, function_);
  ir_.SetInsertPoint(block);
  return block;
}

}  // namespace cuda_shim::kernels::instructions
