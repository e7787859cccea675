// Walks back through additions and where ways meet.

#include "kernels/simd/address_origin.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Operator.h>

#include <optional>

#include "kernels/instructions/device_ops.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;

/// Of an address that is loaded: that of a parameter, if it is one.
Origin origin_of_loaded(const llvm::LoadInst& load) {
  const llvm::Value* place = load.getPointerOperand()->stripInBoundsConstantOffsets();
  if (instructions::device_op_in(*place) != DeviceOp::parameters) return {};
  return {OriginKind::kParameter, load.getPointerOperand()};
}

class Walk {
 public:
  /// Nothing: the value is being looked at, and leads back to itself.
  std::optional<Origin> of(const llvm::Value* value) {
    const auto [place, added] = found_.try_emplace(value, std::nullopt);
    if (!added) return place->second;
    const std::optional<Origin> origin = look(value);
    found_[value] = origin.value_or(Origin{});
    return origin;
  }

 private:
  std::optional<Origin> look(const llvm::Value* value) {
    if (llvm::isa<llvm::AllocaInst>(value)) return Origin{OriginKind::kOwn};
    if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(value)) return origin_of_loaded(*load);
    if (const auto op = instructions::device_op_in(*value)) return of_base(*op);
    if (const auto* phi = llvm::dyn_cast<llvm::PHINode>(value)) return of_all(*phi);
    switch (llvm::Operator::getOpcode(value)) {
      case llvm::Instruction::GetElementPtr:
      case llvm::Instruction::IntToPtr:
      case llvm::Instruction::PtrToInt:
      case llvm::Instruction::AddrSpaceCast:
        return of(llvm::cast<llvm::Operator>(value)->getOperand(0));
      case llvm::Instruction::Add:
        return of_either(*llvm::cast<llvm::Operator>(value));
      default:
        return Origin{};
    }
  }

  static Origin of_base(DeviceOp op) {
    if (op == DeviceOp::shared_window) return {OriginKind::kShared};
    if (op == DeviceOp::module_memory) return {OriginKind::kVariables};
    return {};
  }

  /// One is the address, the other what is added.
  std::optional<Origin> of_either(const llvm::Operator& sum) {
    const auto one = of(sum.getOperand(0));
    const auto other = of(sum.getOperand(1));
    if (!one || !other)
      return (one && one->is_known()) || (other && other->is_known())
                 ? std::optional<Origin>{Origin{}}
                 : std::nullopt;
    if (one->is_known() && other->is_known()) return Origin{};
    return one->is_known() ? one : other;
  }

  std::optional<Origin> of_all(const llvm::PHINode& phi) {
    std::optional<Origin> common;
    for (const llvm::Value* value : phi.incoming_values()) {
      const auto origin = of(value);
      if (origin && common && *origin != *common) return Origin{};
      if (origin) common = origin;
    }
    return common;
  }

  llvm::DenseMap<const llvm::Value*, std::optional<Origin>> found_;
};

}  // namespace

Origin origin_of(const llvm::Value* address) {
  return Walk().of(address).value_or(Origin{});
}

}  // namespace cuda_shim::kernels::simd
