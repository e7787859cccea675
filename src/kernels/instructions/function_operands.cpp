// Operands: what a register, number, name or address means where it stands.

#include <fmt/format.h>
#include <llvm/ADT/APFloat.h>
#include <llvm/IR/Constants.h>

#include "kernels/instructions/function_lowering.h"
#include "kernels/instructions/llvm_types.h"
#include "kernels/instructions/special_registers.h"
#include "kernels/instructions/stack_address.h"

namespace cuda_shim::kernels::instructions {
namespace {

const ptx::Operand kSink{};

llvm::APFloat as_float(const ptx::Immediate& number) {
  using Kind = ptx::Immediate::Kind;
  if (number.kind == Kind::kF32)
    return llvm::APFloat(llvm::APFloat::IEEEsingle(), llvm::APInt(32, number.bits));
  if (number.kind == Kind::kF64)
    return llvm::APFloat(llvm::APFloat::IEEEdouble(), llvm::APInt(64, number.bits));
  llvm::APFloat value(llvm::APFloat::IEEEdouble());
  value.convertFromAPInt(llvm::APInt(64, number.bits), true, llvm::APFloat::rmNearestTiesToEven);
  return value;
}

// A number where bits are wanted. A floating literal has the width of the type: 1.0 as .b32 are the
// bits of the float.
llvm::APInt as_bits(const ptx::Immediate& number, unsigned width) {
  if (number.kind == ptx::Immediate::Kind::kF64 && width == 32) {
    llvm::APFloat value = as_float(number);
    bool inexact = false;
    value.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &inexact);
    return value.bitcastToAPInt();
  }
  return llvm::APInt(64, number.bits).sextOrTrunc(width);
}

}  // namespace

void FunctionLowering::fail(std::string why) {
  if (failure_.empty()) failure_ = std::move(why);
}

const ptx::Operand& FunctionLowering::operand(unsigned index) const {
  return index < instruction_->operands.size() ? instruction_->operands[index] : kSink;
}

// The elements of `[a, {x, y}]` are those of the vector.
const ptx::Operand& FunctionLowering::vector_operand(unsigned index) const {
  const ptx::Operand& whole = operand(index);
  const ptx::Address* address = whole.address();
  return address != nullptr && address->bracketed && !address->more.empty() ? address->more.back()
                                                                            : whole;
}

const ptx::Operand& FunctionLowering::element_operand(unsigned index, unsigned element) const {
  const ptx::Operand& whole = vector_operand(index);
  const ptx::Vector* vector = whole.vector();
  if (vector == nullptr) return element == 0 ? whole : kSink;
  return element < vector->elements.size() ? vector->elements[element] : kSink;
}

// --- Reading

llvm::Value* FunctionLowering::value(unsigned index, ptx::ScalarType type) {
  return read(operand(index), type);
}

bool FunctionLowering::is_predicate(unsigned index) {
  const ptx::Name* name = operand(index).name();
  Symbol* symbol = name == nullptr ? nullptr : symbols_.find(name->text);
  const auto* found = symbol == nullptr ? nullptr : std::get_if<RegisterSymbol>(symbol);
  return found != nullptr && found->type == ptx::ScalarType::kPred;
}

unsigned FunctionLowering::element_count(unsigned index) const {
  const ptx::Vector* vector = vector_operand(index).vector();
  return vector != nullptr ? vector->elements.size() : 1;
}

llvm::Value* FunctionLowering::element(unsigned index, unsigned element, ptx::ScalarType type) {
  return read(element_operand(index, element), type);
}

llvm::Value* FunctionLowering::second_of_address(unsigned index, ptx::ScalarType type) {
  const ptx::Address* address = operand(index).address();
  return address != nullptr && address->more.size() == 2 ? read(address->more[0], type) : nullptr;
}

llvm::Value* FunctionLowering::read(const ptx::Operand& operand, ptx::ScalarType type) {
  llvm::Value* result = nullptr;
  if (const ptx::Immediate* number = operand.immediate())
    result = immediate(*number, type);
  else if (const ptx::Name* name = operand.name())
    result = read_name(*name);
  else if (const ptx::Address* address = operand.address())
    result = address_number(*address);
  else
    fail("A value is expected where the statement has `_` or a vector.");
  if (result == nullptr) return llvm::Constant::getNullValue(llvm_type(type));
  result = reinterpret(ir_, result, llvm_type(type));
  if (!operand.negated) return result;
  if (type == ptx::ScalarType::kPred) return ir_.CreateNot(result);
  return result->getType()->isFPOrFPVectorTy() ? ir_.CreateFNeg(result) : ir_.CreateNeg(result);
}

llvm::Value* FunctionLowering::immediate(const ptx::Immediate& number, ptx::ScalarType type) {
  llvm::Type* wanted = llvm_type(type);
  if (type == ptx::ScalarType::kPred) return ir_.getInt1(number.bits != 0);
  const bool integer = number.kind == ptx::Immediate::Kind::kInteger;
  // Halves have no literals: an integer stands for their bits.
  const bool half = wanted->isHalfTy() || wanted->isBFloatTy();
  if (!wanted->isFloatingPointTy() || (half && integer)) {
    const unsigned width = wanted->getPrimitiveSizeInBits();
    return ir_.CreateBitCast(ir_.getInt(as_bits(number, width)), wanted);
  }
  llvm::APFloat value = as_float(number);
  bool inexact = false;
  value.convert(wanted->getFltSemantics(), llvm::APFloat::rmNearestTiesToEven, &inexact);
  return llvm::ConstantFP::get(wanted, value);
}

llvm::Value* FunctionLowering::read_name(const ptx::Name& name) {
  Symbol* symbol = symbols_.find(name.text);
  if (symbol == nullptr) {
    if (name.text.starts_with('%') || name.text == "WARP_SZ") return special_register(name);
    if (const auto found = program_symbol(name.text)) return *found;
    fail(fmt::format("'{}' is not declared.", name.text));
    return nullptr;
  }
  if (auto* variable = std::get_if<VariableSymbol>(symbol)) return variable_value(*variable);
  auto* reg = std::get_if<RegisterSymbol>(symbol);
  if (reg == nullptr) {
    fail(fmt::format("'{}' is a label and has no value.", name.text));
    return nullptr;
  }
  llvm::Value* storage = register_storage(*reg, name.component);
  if (storage != nullptr) return ir_.CreateLoad(llvm_type(reg->type), storage);
  fail(fmt::format("The register '{}' has {} components; one must be chosen.", name.text,
                   reg->vector));
  return nullptr;
}

llvm::Value* FunctionLowering::special_register(const ptx::Name& name) {
  llvm::Value* result = read_special_register(*this, module_.shared(), name.text, name.component);
  if (result != nullptr) return result;
  if (is_unsupported_special_register(name.text))
    fail(fmt::format("The special register '{}' is not supported.", name.text));
  else
    fail(fmt::format("'{}' is not declared and is no special register.", name.text));
  return nullptr;
}

// A name of the module's scope: variable or function. Empty if there is none; null in it after
// `fail`.
std::optional<llvm::Value*> FunctionLowering::program_symbol(std::string_view name) {
  if (const ProgramVariable* variable = module_.source().find_variable(source_.unit, name)) {
    llvm::Value* place = module_address(variable->offset);
    // A texture or surface reference stands for the handle that it holds.
    const bool reference = variable->reference.kind != ReferenceOutline::kNone;
    return reference ? ir_.CreateLoad(ir_.getInt64Ty(), place) : place;
  }
  if (const ptx::Variable* shared = module_.source().find_shared(source_.unit, name))
    return shared_address(*shared);
  unsigned unit = 0;
  const ptx::Function* function = module_.source().find_function(source_.unit, name, &unit);
  if (function == nullptr) return std::nullopt;
  const std::uint64_t number = module_.source().address_of(function);
  if (number == 0) fail(fmt::format("The function '{}' has no address.", name));
  return ir_.getInt64(number);
}

// --- Writing

void FunctionLowering::set(unsigned index, llvm::Value* value, ptx::ScalarType type) {
  write(operand(index), value, type);
}

void FunctionLowering::set_pair(unsigned index, llvm::Value* value, ptx::ScalarType type) {
  if (const auto& pair = operand(index).pair) write_name(*pair, value, type);
}

void FunctionLowering::set_element(unsigned index, unsigned element, llvm::Value* value,
                                   ptx::ScalarType type) {
  write(element_operand(index, element), value, type);
}

void FunctionLowering::write(const ptx::Operand& operand, llvm::Value* value,
                             ptx::ScalarType type) {
  if (operand.is_sink()) return;
  if (const ptx::Name* name = operand.name()) return write_name(*name, value, type);
  fail("The destination is not a register.");
}

void FunctionLowering::write_name(const ptx::Name& name, llvm::Value* value, ptx::ScalarType type) {
  if (name.text == "_") return;
  Symbol* symbol = symbols_.find(name.text);
  auto* reg = symbol != nullptr ? std::get_if<RegisterSymbol>(symbol) : nullptr;
  llvm::Value* storage = reg != nullptr ? register_storage(*reg, name.component) : nullptr;
  if (storage == nullptr) return fail(fmt::format("'{}' is not a register.", name.text));
  const bool is_signed = ptx::kind_of(type) == ptx::TypeKind::kSigned;
  ir_.CreateStore(reinterpret(ir_, value, llvm_type(reg->type), is_signed), storage);
}

// --- Addresses

llvm::Value* FunctionLowering::module_address(std::uint64_t offset) {
  llvm::Value* base = device_op(DeviceOp::module_memory, {});
  return ir_.CreateConstGEP1_64(ir_.getInt8Ty(), base, offset);
}

llvm::Value* FunctionLowering::shared_address(const ptx::Variable& variable) {
  if (!SharedLayout::is_dynamic(variable))
    return ir_.getInt64(module_.shared().offset_of(variable));
  module_.shared().use_dynamic(variable.byte_alignment());
  return ir_.CreateZExt(device_op(DeviceOp::static_shared_size, {}), ir_.getInt64Ty());
}

llvm::Value* FunctionLowering::variable_address(VariableSymbol& symbol) {
  if (symbol.storage != nullptr) return symbol.storage;
  if (symbol.space == ptx::StateSpace::kShared) return shared_address(*symbol.declaration);
  const KernelSource& program = module_.source();
  const ProgramVariable* variable = program.find_body_variable(*symbol.declaration);
  if (variable == nullptr)  // .extern: of module scope, here or in another unit
    variable = program.find_variable(source_.unit, symbol.declaration->name);
  if (variable != nullptr) return module_address(variable->offset);
  fail(fmt::format("The variable '{}' has no place in memory.", symbol.declaration->name));
  return nullptr;
}

// The address; an opaque parameter of a kernel stands for the handle that it was given.
llvm::Value* FunctionLowering::variable_value(VariableSymbol& symbol) {
  llvm::Value* place = variable_address(symbol);
  const bool opaque = ptx::kind_of(symbol.declaration->type) == ptx::TypeKind::kOpaque;
  if (place == nullptr || !opaque || symbol.space != ptx::StateSpace::kParam) return place;
  return ir_.CreateLoad(ir_.getInt64Ty(), place);
}

llvm::Value* FunctionLowering::address(unsigned index, std::optional<ptx::StateSpace> space) {
  const ptx::Address* written = operand(index).address();
  const ptx::StateSpace wanted = space.value_or(this->space());
  llvm::Type* type = ir_.getPtrTy(address_space_of(wanted));
  if (written == nullptr) {
    fail("An address in brackets is expected.");
    return llvm::Constant::getNullValue(type);
  }
  llvm::Value* pointer = pointer_to(*written, wanted);
  return pointer != nullptr ? pointer : llvm::Constant::getNullValue(type);
}

bool FunctionLowering::names_shared(const ptx::Address& address) {
  const auto* name = std::get_if<ptx::Name>(&address.base);
  if (name == nullptr) return false;
  const Symbol* symbol = symbols_.find(name->text);
  if (symbol == nullptr) return module_.source().find_shared(source_.unit, name->text) != nullptr;
  const auto* variable = std::get_if<VariableSymbol>(symbol);
  return variable != nullptr && variable->space == ptx::StateSpace::kShared;
}

// Variables give pointers derived from their storage, so that LLVM sees what is accessed; registers
// give numbers made pointers here.
llvm::Value* FunctionLowering::pointer_to(const ptx::Address& address, ptx::StateSpace space) {
  llvm::Type* type = ir_.getPtrTy(address_space_of(space));
  llvm::Value* base = nullptr;
  if (const auto* number = std::get_if<ptx::Immediate>(&address.base))
    base = ir_.getInt64(number->bits);
  else
    base = read_name(std::get<ptx::Name>(address.base));
  if (base == nullptr) return nullptr;
  if (base->getType()->isPointerTy())
    return ir_.CreateConstGEP1_64(ir_.getInt8Ty(), base, address.offset);
  base = as_integer(ir_, base);
  if (space == ptx::StateSpace::kGeneric && names_shared(address))
    type = ir_.getPtrTy(kSharedSpace);
  // Of a thread's own memory, 32 bits say enough: it lies near the stack pointer.
  if (space == ptx::StateSpace::kLocal && base->getType()->isIntegerTy(32))
    base = whole_stack_address(ir_, base);
  // Shared addresses are computed in 32-bit registers and wrap there: [%r+4] with %r = -4 is
  // address 0. As no window reaches 2 GiB, sign extension gives the same sum in 64 bits, and the
  // offset stays apart for the machine's addressing.
  base = space == ptx::StateSpace::kShared ? ir_.CreateSExtOrTrunc(base, ir_.getInt64Ty())
                                           : ir_.CreateZExtOrTrunc(base, ir_.getInt64Ty());
  llvm::Value* pointer = ir_.CreateIntToPtr(base, type);
  if (address.offset == 0) return pointer;
  return ir_.CreateConstGEP1_64(ir_.getInt8Ty(), pointer, address.offset);
}

llvm::Value* FunctionLowering::address_number(const ptx::Address& address) {
  llvm::Value* base = nullptr;
  if (const auto* number = std::get_if<ptx::Immediate>(&address.base))
    base = ir_.getInt64(number->bits);
  else
    base = read_name(std::get<ptx::Name>(address.base));
  if (base == nullptr) return nullptr;
  if (address.subscript) {
    fail("An element of an array has no value here; load it with ld.");
    return nullptr;
  }
  if (base->getType()->isPointerTy())
    return ir_.CreateConstGEP1_64(ir_.getInt8Ty(), base, address.offset);
  base = as_integer(ir_, base);
  return ir_.CreateAdd(base, llvm::ConstantInt::getSigned(base->getType(), address.offset));
}

// --- Labels

llvm::BasicBlock* FunctionLowering::label(unsigned index) {
  const ptx::Name* name = operand(index).name();
  Symbol* symbol = name != nullptr ? symbols_.find(name->text) : nullptr;
  if (symbol != nullptr)
    if (const auto* found = std::get_if<LabelSymbol>(symbol)) return found->block;
  fail(fmt::format("There is no label '{}' here.", name != nullptr ? name->text : "?"));
  return ir_.GetInsertBlock();
}

std::vector<llvm::BasicBlock*> FunctionLowering::label_list(unsigned index) {
  const ptx::Name* name = operand(index).name();
  Symbol* symbol = name != nullptr ? symbols_.find(name->text) : nullptr;
  const auto* list = symbol != nullptr ? std::get_if<const ptx::TargetList*>(symbol) : nullptr;
  std::vector<llvm::BasicBlock*> blocks;
  if (list == nullptr) {
    fail("There is no .branchtargets list of this name here.");
    return blocks;
  }
  for (std::string_view target : (*list)->names) {
    Symbol* found = symbols_.find(target);
    const auto* place = found != nullptr ? std::get_if<LabelSymbol>(found) : nullptr;
    if (place == nullptr)
      fail(fmt::format("There is no label '{}' here.", target));
    else
      blocks.push_back(place->block);
  }
  return blocks;
}

}  // namespace cuda_shim::kernels::instructions
