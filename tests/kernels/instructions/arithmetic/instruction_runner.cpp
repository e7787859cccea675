#include "kernels/instructions/arithmetic/instruction_runner.h"

#include <gtest/gtest.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>

#include <map>
#include <mutex>
#include <string>

#include "cuda_shim/host_abi.h"
#include "kernels/instructions/device_ops.h"
#include "kernels/instructions/llvm_types.h"
#include "kernels/instructions/lowering.h"
#include "kernels/ptx/parser.h"
#include "kernels/targets/host/device_ops.h"

namespace cuda_shim::kernels::instructions::testing {
namespace {

using llvm::Value;

/// A register's width and number from its name; slot 0 of no bits for anything else.
struct Register {
  unsigned bits = 0, slot = 0;
};

Register parse_register(std::string_view name) {
  constexpr std::pair<char, unsigned> kWidths[] = {
      {'p', 1}, {'b', 8}, {'h', 16}, {'r', 32}, {'x', 64}};
  if (name.size() != 3 || name[0] != '%') return {};
  for (const auto& [letter, bits] : kWidths)
    if (name[1] == letter) return {bits, static_cast<unsigned>(name[2] - '0')};
  return {};
}

/// Registers are slots in memory, of which the function's one argument is the first.
class SlotLowering final : public Lowering {
 public:
  SlotLowering(llvm::IRBuilder<>& ir, Value* slots, const ptx::Instruction& instruction)
      : ir_(ir), slots_(slots), instruction_(instruction) {}

  llvm::IRBuilder<>& ir() override { return ir_; }
  const ptx::Instruction& instruction() const override { return instruction_; }

  Value* value(unsigned index, ptx::ScalarType type) override {
    const ptx::Operand& operand = instruction_.operands.at(index);
    if (const ptx::Immediate* number = operand.immediate()) return immediate(*number, type);
    const Register reg = parse_register(operand.name()->text);
    Value* bits = ir_.CreateTrunc(load(reg.slot), ir_.getIntNTy(reg.bits));
    if (operand.negated) bits = ir_.CreateNot(bits);
    return reinterpret(ir_, bits, llvm_type(type), false);
  }

  void set(unsigned index, Value* value, ptx::ScalarType type) override {
    const ptx::Operand& operand = instruction_.operands.at(index);
    if (!operand.is_sink()) store(parse_register(operand.name()->text), value, type);
  }

  void set_pair(unsigned index, Value* value, ptx::ScalarType type) override {
    const ptx::Operand& operand = instruction_.operands.at(index);
    if (operand.pair) store(parse_register(operand.pair->text), value, type);
  }

  llvm::Type* llvm_type(ptx::ScalarType type) override {
    return llvm_type_of(ir_.getContext(), type);
  }

  llvm::CallInst* device_op(DeviceOp op, llvm::ArrayRef<Value*> arguments) override {
    llvm::Module& module = *ir_.GetInsertBlock()->getModule();
    return ir_.CreateCall(declare_device_op(module, op), arguments);
  }

  Value* carry() override { return ir_.CreateTrunc(load(kCarrySlot), ir_.getInt1Ty()); }
  void set_carry(Value* value) override {
    ir_.CreateStore(ir_.CreateZExt(value, ir_.getInt64Ty()), slot(kCarrySlot));
  }

  // Not for arithmetic.
  bool is_predicate(unsigned) override { return false; }
  unsigned element_count(unsigned) const override { return 1; }
  Value* element(unsigned, unsigned, ptx::ScalarType) override { return nullptr; }
  Value* second_of_address(unsigned, ptx::ScalarType) override { return nullptr; }
  void set_element(unsigned, unsigned, Value*, ptx::ScalarType) override {}
  Value* address(unsigned, std::optional<ptx::StateSpace>) override { return nullptr; }
  llvm::BasicBlock* new_block(const char*) override { return nullptr; }
  llvm::BasicBlock* label(unsigned) override { return nullptr; }
  std::vector<llvm::BasicBlock*> label_list(unsigned) override { return {}; }
  Status call() override { return {}; }
  void ret() override {}
  void exit() override {}

 private:
  Value* slot(unsigned index) { return ir_.CreateConstGEP1_32(ir_.getInt64Ty(), slots_, index); }
  Value* load(unsigned index) { return ir_.CreateLoad(ir_.getInt64Ty(), slot(index)); }

  void store(Register reg, Value* value, ptx::ScalarType type) {
    const bool sign = ptx::kind_of(type) == ptx::TypeKind::kSigned;
    Value* bits = reinterpret(ir_, value, ir_.getIntNTy(reg.bits), sign);
    ir_.CreateStore(ir_.CreateZExt(bits, ir_.getInt64Ty()), slot(reg.slot));
  }

  Value* immediate(const ptx::Immediate& number, ptx::ScalarType type) {
    return reinterpret(ir_, ir_.getInt64(number.bits), llvm_type(type), false);
  }

  llvm::IRBuilder<>& ir_;
  Value* slots_;
  const ptx::Instruction& instruction_;
};

/// The one instruction of a body.
const ptx::Instruction* only_instruction(const ptx::Scope& scope) {
  for (const ptx::Statement& statement : scope.statements)
    if (const auto* instruction = std::get_if<ptx::Instruction>(&statement)) return instruction;
  return nullptr;
}

/// Lowers the text into the function `name` of the module.
Status lower_text(std::string_view text, llvm::Module& module, const std::string& name) {
  ptx::Function body;
  body.body_text = text;
  const auto scope = ptx::parse_body(body);
  if (!scope) return Status(StatusCode::kInvalidPtx, scope.error().to_string());
  const ptx::Instruction* instruction = only_instruction(*scope);
  if (instruction == nullptr) return Status(StatusCode::kInvalidPtx, "no instruction");
  const auto row = match(*instruction);
  if (!row) return Status(row.error().code(), std::string(row.error().message()));
  if ((*row)->lower == nullptr) return Status(StatusCode::kNotSupported, "not translated yet");

  llvm::LLVMContext& context = module.getContext();
  auto* pointer = llvm::PointerType::get(context, 0);
  auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), {pointer}, false);
  auto* function = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, module);
  llvm::IRBuilder<> ir(llvm::BasicBlock::Create(context, "entry", function));
  SlotLowering lowering(ir, function->getArg(0), *instruction);
  Status status = (*row)->lower(lowering);
  ir.CreateRetVoid();
  return status;
}

void optimise(llvm::Module& module) {
  llvm::PassBuilder builder;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

/// Only the arithmetic functions of host_abi.def can be called; any other undefined symbol fails
/// the lookup.
std::unique_ptr<llvm::orc::LLJIT> make_jit() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto jit = llvm::cantFail(llvm::orc::LLJITBuilder()
                                .setLinkProcessSymbolsByDefault(false)
                                .setPlatformSetUp(llvm::orc::setUpInactivePlatform)
                                .create());
  llvm::orc::SymbolMap symbols;
  const auto add = [&](const char* name, auto* function) {
    symbols[jit->mangleAndIntern(name)] = {llvm::orc::ExecutorAddr::fromPtr(function),
                                           llvm::JITSymbolFlags::Exported};
  };
#define ADD(name) add("cuda_shim_host_" #name, &cuda_shim_host_##name)
  ADD(add_f32);
  ADD(mul_f32);
  ADD(fma_f32);
  ADD(div_f32);
  ADD(sqrt_f32);
  ADD(add_f64);
  ADD(mul_f64);
  ADD(fma_f64);
  ADD(div_f64);
  ADD(sqrt_f64);
  ADD(cvt_f32_f64);
  ADD(cvt_f32_s64);
  ADD(cvt_f32_u64);
  ADD(cvt_f64_s64);
  ADD(cvt_f64_u64);
#undef ADD
  llvm::cantFail(jit->getMainJITDylib().define(llvm::orc::absoluteSymbols(std::move(symbols))));
  return jit;
}

void do_nothing(std::uint64_t*) {}

using Function = void (*)(std::uint64_t*);

Function compile(std::string_view text, unsigned number) {
  static const std::unique_ptr<llvm::orc::LLJIT> jit = make_jit();
  auto context = std::make_unique<llvm::LLVMContext>();
  auto module = std::make_unique<llvm::Module>("instruction", *context);
  module->setDataLayout(jit->getDataLayout());
  const std::string name = "instruction_" + std::to_string(number);
  const std::string statement = std::string(text) + ";";
  const Status status = lower_text(statement, *module, name);
  EXPECT_TRUE(status.ok()) << text << ": " << status.message();
  if (!status.ok() || llvm::verifyModule(*module, &llvm::errs())) {
    ADD_FAILURE() << text;
    return do_nothing;
  }
  targets::host::lower_device_ops(*module);
  optimise(*module);
  llvm::cantFail(
      jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(module), std::move(context))));
  auto symbol = jit->lookup(name);
  if (!symbol) {
    ADD_FAILURE() << text << ": " << llvm::toString(symbol.takeError());
    return do_nothing;
  }
  return symbol->toPtr<Function>();
}

}  // namespace

Instruction::Instruction(std::string_view text) {
  static std::map<std::string, Function, std::less<>> known;
  auto found = known.find(text);
  if (found == known.end())
    found = known.emplace(text, compile(text, static_cast<unsigned>(known.size()))).first;
  function_ = found->second;
}

std::string refusal(std::string_view text) {
  llvm::LLVMContext context;
  llvm::Module module("refused", context);
  return std::string(lower_text(std::string(text) + ";", module, "refused").message());
}

}  // namespace cuda_shim::kernels::instructions::testing
