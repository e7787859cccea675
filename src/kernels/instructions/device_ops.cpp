// Declares the device operations in LLVM modules and recognises them again.

#include "kernels/instructions/device_ops.h"

#include <llvm/IR/DerivedTypes.h>

#include <iterator>
#include <string>
#include <vector>

namespace cuda_shim::kernels::instructions {
namespace {

constexpr std::string_view kPrefix = "cuda_shim.";

// The type words of intrinsics.def.
enum class TypeWord { i1, i8, i16, i32, i64, i32x4, f32, f64, ptr, void_word };

constexpr TypeWord type_word(std::string_view word) {
  if (word == "i1") return TypeWord::i1;
  if (word == "i8") return TypeWord::i8;
  if (word == "i16") return TypeWord::i16;
  if (word == "i32") return TypeWord::i32;
  if (word == "i64") return TypeWord::i64;
  if (word == "i32x4") return TypeWord::i32x4;
  if (word == "f32") return TypeWord::f32;
  if (word == "f64") return TypeWord::f64;
  if (word == "ptr") return TypeWord::ptr;
  return TypeWord::void_word;
}

struct OpRow {
  std::string_view name;
  TypeWord result;
  std::string_view parameters;  // "(i32, ptr)"
  OpEffect effect;
};

constexpr OpRow kOps[] = {
#define CUDA_SHIM_INTRINSIC(name, result, parameters, effect) \
  {#name, type_word(#result), #parameters, OpEffect::effect},
#include "cuda_shim/intrinsics.def"
#undef CUDA_SHIM_INTRINSIC
};

const OpRow& row(DeviceOp op) {
  return kOps[static_cast<unsigned>(op)];
}

llvm::Type* type_of(llvm::LLVMContext& context, TypeWord word) {
  switch (word) {
    case TypeWord::i1:
      return llvm::Type::getInt1Ty(context);
    case TypeWord::i8:
      return llvm::Type::getInt8Ty(context);
    case TypeWord::i16:
      return llvm::Type::getInt16Ty(context);
    case TypeWord::i32:
      return llvm::Type::getInt32Ty(context);
    case TypeWord::i64:
      return llvm::Type::getInt64Ty(context);
    case TypeWord::i32x4:
      return llvm::FixedVectorType::get(llvm::Type::getInt32Ty(context), 4);
    case TypeWord::f32:
      return llvm::Type::getFloatTy(context);
    case TypeWord::f64:
      return llvm::Type::getDoubleTy(context);
    case TypeWord::ptr:
      return llvm::PointerType::get(context, 0);
    case TypeWord::void_word:
      return llvm::Type::getVoidTy(context);
  }
  return nullptr;
}

std::vector<llvm::Type*> parameter_types(llvm::LLVMContext& context, std::string_view list) {
  std::vector<llvm::Type*> types;
  constexpr std::string_view kSeparators = "(), ";
  for (size_t at = list.find_first_not_of(kSeparators); at != list.npos;
       at = list.find_first_not_of(kSeparators, at)) {
    const size_t end = list.find_first_of(kSeparators, at);
    types.push_back(type_of(context, type_word(list.substr(at, end - at))));
    at = end;
  }
  return types;
}

void add_attributes(llvm::Function& function, OpEffect effect) {
  function.addFnAttr(llvm::Attribute::NoUnwind);
  switch (effect) {
    case OpEffect::kPure:
      function.setMemoryEffects(llvm::MemoryEffects::none());
      function.addFnAttr(llvm::Attribute::WillReturn);
      function.addFnAttr(llvm::Attribute::Speculatable);
      break;
    case OpEffect::kReads:
      // Clocks differ at each reading: more than `readonly` allows, less than any memory.
      function.setMemoryEffects(llvm::MemoryEffects::inaccessibleMemOnly());
      function.addFnAttr(llvm::Attribute::WillReturn);
      break;
    case OpEffect::kSync:
      // As LLVM's GPU targets do: convergent alone, so that functions with barriers can be inlined
      // and loops unrolled.
      function.addFnAttr(llvm::Attribute::Convergent);
      break;
    case OpEffect::kEffect:
      break;
    case OpEffect::kNoReturn:
      function.addFnAttr(llvm::Attribute::NoReturn);
      function.addFnAttr(llvm::Attribute::Cold);
      break;
  }
}

}  // namespace

std::string_view name_of(DeviceOp op) {
  return row(op).name;
}

OpEffect effect_of(DeviceOp op) {
  return row(op).effect;
}

llvm::Function* declare_device_op(llvm::Module& module, DeviceOp op) {
  const std::string name = std::string(kPrefix).append(row(op).name);
  if (llvm::Function* known = module.getFunction(name)) return known;
  llvm::LLVMContext& context = module.getContext();
  auto* type = llvm::FunctionType::get(type_of(context, row(op).result),
                                       parameter_types(context, row(op).parameters), false);
  auto* function = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, module);
  add_attributes(*function, row(op).effect);
  return function;
}

std::optional<DeviceOp> device_op_of(const llvm::Function& function) {
  const std::string_view name = function.getName();
  if (!name.starts_with(kPrefix)) return std::nullopt;
  for (unsigned i = 0; i < std::size(kOps); ++i)
    if (kOps[i].name == name.substr(kPrefix.size())) return static_cast<DeviceOp>(i);
  return std::nullopt;
}

bool uses(const llvm::Module& module, DeviceOp op) {
  for (const llvm::Function& function : module)
    if (device_op_of(function) == op) return !function.use_empty();
  return false;
}

std::optional<DeviceOp> device_op_in(const llvm::Value& instruction) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
  const llvm::Function* callee = call != nullptr ? call->getCalledFunction() : nullptr;
  return callee != nullptr ? device_op_of(*callee) : std::nullopt;
}

}  // namespace cuda_shim::kernels::instructions
