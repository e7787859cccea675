#pragma once
// One function's body as LLVM IR.
//
// Every register is an alloca of its declared type, zeroed on entry: SSA construction is LLVM's,
// and a read of a register that was never written gives a zero instead of undefined behaviour.
// Statements are lowered one by one through the rows of the instruction table; guards, labels and
// scopes are handled here. What is said about operands is in function_operands.cpp, calls in
// function_calls.cpp.

#include <llvm/IR/IRBuilder.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/module_lowering.h"
#include "kernels/instructions/symbols.h"

namespace cuda_shim::kernels::instructions {

class FunctionLowering final : public Lowering {
 public:
  /// `function` is empty and has the type that function_type() gives for the source (a kernel:
  /// void()).
  FunctionLowering(ModuleLowering& module, const FunctionSource& source, llvm::Function* function);

  LowerResult lower();

  // --- Lowering
  llvm::IRBuilder<>& ir() override { return ir_; }
  const ptx::Instruction& instruction() const override { return *instruction_; }
  llvm::Value* value(unsigned index, ptx::ScalarType type) override;
  void set(unsigned index, llvm::Value* value, ptx::ScalarType type) override;
  void set_pair(unsigned index, llvm::Value* value, ptx::ScalarType type) override;
  bool is_predicate(unsigned index) override;
  unsigned element_count(unsigned index) const override;
  llvm::Value* element(unsigned index, unsigned element, ptx::ScalarType type) override;
  llvm::Value* second_of_address(unsigned index, ptx::ScalarType type) override;
  void set_element(unsigned index, unsigned element, llvm::Value* value,
                   ptx::ScalarType type) override;
  llvm::Value* address(unsigned index, std::optional<ptx::StateSpace> space) override;
  llvm::Type* llvm_type(ptx::ScalarType type) override;
  llvm::CallInst* device_op(DeviceOp op, llvm::ArrayRef<llvm::Value*> arguments) override;
  llvm::Value* carry() override;
  void set_carry(llvm::Value* value) override;
  llvm::BasicBlock* new_block(const char* name) override;
  llvm::BasicBlock* label(unsigned index) override;
  std::vector<llvm::BasicBlock*> label_list(unsigned index) override;
  Status call() override;
  void ret() override;
  void exit() override;

 private:
  // --- Statements (function_lowering.cpp)
  LowerResult lower_scope(const ptx::Scope& scope);
  LowerResult lower_statement(const ptx::Statement& statement);
  LowerResult lower_instruction(const ptx::Instruction& instruction);
  LowerResult lower_matched(const ptx::Instruction& instruction);
  LowerResult declare_names(const ptx::Scope& scope);
  LowerResult declare_variable(const ptx::Variable& variable);
  LowerResult declare(std::string_view name, Symbol symbol, ptx::Location location);
  void place_label(const ptx::Label& label);
  void bind_kernel_parameters();
  void bind_parameters();
  void bind_results();
  void finish();
  bool is_kernel() const { return source_.kernel != nullptr; }

  // --- Storage
  llvm::AllocaInst* entry_alloca(llvm::Type* type, unsigned alignment, std::string_view name);
  llvm::Value* variable_alloca(const ptx::Variable& variable);
  llvm::Type* register_type(const RegisterSymbol& symbol);
  llvm::Value* register_storage(RegisterSymbol& symbol, char component);

  // --- Operands (function_operands.cpp)
  const ptx::Operand& operand(unsigned index) const;
  const ptx::Operand& vector_operand(unsigned index) const;
  const ptx::Operand& element_operand(unsigned index, unsigned element) const;
  llvm::Value* read(const ptx::Operand& operand, ptx::ScalarType type);
  void write(const ptx::Operand& operand, llvm::Value* value, ptx::ScalarType type);
  void write_name(const ptx::Name& name, llvm::Value* value, ptx::ScalarType type);
  llvm::Value* immediate(const ptx::Immediate& immediate, ptx::ScalarType type);
  /// The value of a name as it stands (a register's type, an address as i64), or null after `fail`.
  llvm::Value* read_name(const ptx::Name& name);
  llvm::Value* special_register(const ptx::Name& name);
  std::optional<llvm::Value*> program_symbol(std::string_view name);
  /// The address of a variable as a number: an offset in the window for .shared, else a generic
  /// address.
  llvm::Value* variable_address(VariableSymbol& symbol);
  llvm::Value* variable_value(VariableSymbol& symbol);
  llvm::Value* shared_address(const ptx::Variable& variable);
  llvm::Value* module_address(std::uint64_t offset);
  /// Whether the base is the name of a .shared variable.
  bool names_shared(const ptx::Address& address);
  llvm::Value* pointer_to(const ptx::Address& address, ptx::StateSpace space);
  llvm::Value* pointer_to_variable(VariableSymbol& symbol, std::int64_t offset);
  llvm::Value* address_number(const ptx::Address& address);
  /// Remembers the first thing that is wrong with the current instruction.
  void fail(std::string why);

  // --- Calls (function_calls.cpp)
  struct CallOperands;
  Result<CallOperands> parse_call() const;
  Status emit_call(const CallOperands& call, const ptx::Signature& signature,
                   llvm::FunctionCallee callee, std::vector<llvm::Value*> arguments);
  const ptx::Signature* listed_signature(const ptx::Name& list);
  Status emit_indirect_call(const CallOperands& call);
  Status check_counts(const CallOperands& call, const ptx::Signature& signature) const;
  llvm::Value* argument(const ptx::Operand& operand, const ptx::Variable& formal);
  llvm::Value* result_block(const ptx::Operand& operand);
  void store_result(const ptx::Operand& operand, llvm::Value* value);
  VariableSymbol* variable_named(const ptx::Operand& operand);

  ModuleLowering& module_;
  FunctionSource source_;
  llvm::Function* function_;
  llvm::IRBuilder<> ir_;
  llvm::BasicBlock* entry_ = nullptr;  ///< allocas, their zeroes, parameters; branches to the body
  SymbolTable symbols_;
  ptx::Scope body_;
  llvm::Value* carry_ = nullptr;
  const ptx::Instruction* instruction_ = nullptr;
  std::string failure_;
};

}  // namespace cuda_shim::kernels::instructions
