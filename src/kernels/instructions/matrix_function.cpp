// The building blocks of matrix functions.

#include "kernels/instructions/matrix_function.h"

#include <fmt/format.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>

#include "kernels/instructions/llvm_types.h"
#include "kernels/instructions/matrix_layout.h"

namespace cuda_shim::kernels::instructions {
namespace {

using llvm::Value;

constexpr std::uint32_t kWholeWarp = 0xffffffff;
constexpr unsigned kWordBytes = 4;
/// Fragments hold elements of up to 8 bytes.
constexpr unsigned kFragmentAlignment = 8;

/// One function for each spelling of an instruction: modifiers decide everything.
std::string function_name(const ptx::Instruction& instruction) {
  std::string name = "matrix.";
  name.append(instruction.opcode);
  for (std::string_view word : instruction.modifiers) name.append(".").append(word);
  return name;
}

llvm::Function* declare(llvm::Module& module, const std::string& name,
                        llvm::ArrayRef<Value*> arguments, llvm::Type* result) {
  llvm::SmallVector<llvm::Type*> parameters;
  for (Value* argument : arguments) parameters.push_back(argument->getType());
  auto* function = llvm::Function::Create(llvm::FunctionType::get(result, parameters, false),
                                          llvm::GlobalValue::InternalLinkage, name, module);
  function->addFnAttr(llvm::Attribute::NoUnwind);
  function->addFnAttr(llvm::Attribute::Convergent);
  function->addFnAttr(llvm::Attribute::NoInline);
  llvm::BasicBlock::Create(module.getContext(), "entry", function);
  return function;
}

/// Keeps the optimiser from writing the loop out: the functions are many and seldom hot.
void keep_rolled(llvm::BranchInst* latch) {
  llvm::LLVMContext& context = latch->getContext();
  llvm::Metadata* disable =
      llvm::MDNode::get(context, llvm::MDString::get(context, "llvm.loop.unroll.disable"));
  llvm::MDNode* loop = llvm::MDNode::getDistinct(context, {nullptr, disable});
  loop->replaceOperandWith(0, loop);
  latch->setMetadata(llvm::LLVMContext::MD_loop, loop);
}

}  // namespace

MatrixFunction::MatrixFunction(Lowering& lowering, llvm::Function& function)
    : lowering_(lowering), function_(function), guard_(lowering.ir()) {
  ir().SetInsertPoint(&function.getEntryBlock());
  lane_ = lowering.device_op(DeviceOp::laneid, {});
}

Value* MatrixFunction::words(unsigned words) {
  llvm::AllocaInst* memory = ir().CreateAlloca(llvm::ArrayType::get(ir().getInt32Ty(), words));
  memory->setAlignment(llvm::Align(kFragmentAlignment));
  return memory;
}

void MatrixFunction::store_all(Value* memory, llvm::ArrayRef<Value*> values) {
  unsigned offset = 0;
  for (Value* value : values) {
    Value* place = ir().CreateConstInBoundsGEP1_64(ir().getInt8Ty(), memory, offset);
    ir().CreateAlignedStore(value, place, llvm::Align(kWordBytes));
    offset += static_cast<unsigned>(value->getType()->getPrimitiveSizeInBits()) / 8;
  }
}

Value* MatrixFunction::exchange(Value* own, unsigned count) {
  Value* all = words(kLanes * count);
  lowering_.device_op(DeviceOp::exchange,
                      {own, ir().getInt32(count), all, ir().getInt32(kWholeWarp)});
  return all;
}

void MatrixFunction::loop(unsigned count, llvm::function_ref<void(Value* index)> body) {
  if (count == 1) return body(ir().getInt32(0));
  llvm::BasicBlock* before = ir().GetInsertBlock();
  auto* start = llvm::BasicBlock::Create(ir().getContext(), "loop", &function_);
  auto* after = llvm::BasicBlock::Create(ir().getContext(), "after", &function_);
  ir().CreateBr(start);
  ir().SetInsertPoint(start);
  llvm::PHINode* index = ir().CreatePHI(ir().getInt32Ty(), 2);
  index->addIncoming(ir().getInt32(0), before);
  body(index);
  Value* next = ir().CreateAdd(index, ir().getInt32(1));
  index->addIncoming(next, ir().GetInsertBlock());
  keep_rolled(ir().CreateCondBr(ir().CreateICmpULT(next, ir().getInt32(count)), start, after));
  ir().SetInsertPoint(after);
}

Value* MatrixFunction::look_up(const std::vector<std::uint16_t>& table, Value* index) {
  llvm::Constant* data = llvm::ConstantDataArray::get(ir().getContext(), table);
  auto* memory = new llvm::GlobalVariable(*function_.getParent(), data->getType(), true,
                                          llvm::GlobalValue::PrivateLinkage, data, "matrix.table",
                                          nullptr, llvm::GlobalValue::NotThreadLocal, kConstSpace);
  memory->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  Value* place =
      ir().CreateInBoundsGEP(ir().getInt16Ty(), memory, ir().CreateZExt(index, ir().getInt64Ty()));
  return ir().CreateZExt(ir().CreateLoad(ir().getInt16Ty(), place), ir().getInt32Ty());
}

Value* MatrixFunction::at(Value* memory, Value* bytes) {
  return ir().CreateGEP(ir().getInt8Ty(), memory, ir().CreateZExt(bytes, ir().getInt64Ty()));
}

void MatrixFunction::return_from(Value* memory) {
  ir().CreateRet(
      ir().CreateAlignedLoad(function_.getReturnType(), memory, llvm::Align(kFragmentAlignment)));
}

Value* call_matrix_function(Lowering& lowering, llvm::ArrayRef<Value*> arguments,
                            unsigned result_words, llvm::Type* word,
                            llvm::function_ref<void(MatrixFunction&)> build, const WarpForm& form) {
  llvm::Module& module = *lowering.ir().GetInsertBlock()->getModule();
  llvm::Type* result = lowering.ir().getVoidTy();
  if (result_words > 0)
    result =
        llvm::StructType::get(module.getContext(), std::vector<llvm::Type*>(result_words, word));
  const std::string name = function_name(lowering.instruction());
  llvm::Function* function = module.getFunction(name);
  if (function == nullptr) {
    function = declare(module, name, arguments, result);
    MatrixFunction filled(lowering, *function);
    build(filled);
    if (form.build) make_warp_form(*function, form);
  }
  return lowering.ir().CreateCall(function, arguments);
}

std::vector<Value*> registers_of(Lowering& lowering, unsigned operand, ptx::ScalarType type) {
  std::vector<Value*> values;
  for (unsigned i = 0; i < lowering.element_count(operand); ++i)
    values.push_back(lowering.element(operand, i, type));
  return values;
}

void set_registers(Lowering& lowering, unsigned operand, Value* words, ptx::ScalarType type) {
  for (unsigned i = 0; i < lowering.element_count(operand); ++i)
    lowering.set_element(operand, i, lowering.ir().CreateExtractValue(words, i), type);
}

Status check_registers(const Lowering& lowering, unsigned operand, unsigned count) {
  if (lowering.element_count(operand) == count) return {};
  return lowering.not_supported(fmt::format("operand {} has {} registers, and the fragment {}.",
                                            operand + 1, lowering.element_count(operand), count));
}

}  // namespace cuda_shim::kernels::instructions
