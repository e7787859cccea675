#pragma once
// The device operations of intrinsics.def as functions of an LLVM module.

#include <llvm/IR/Module.h>

#include <optional>
#include <string_view>

#include "kernels/instructions/lowering.h"

namespace cuda_shim::kernels::instructions {

/// What an operation may do besides computing its result; see intrinsics.def.
enum class OpEffect { kPure, kReads, kSync, kEffect, kNoReturn };

std::string_view name_of(DeviceOp op);
OpEffect effect_of(DeviceOp op);

/// The module's declaration of the operation, named cuda_shim.<name>, with the attributes of its
/// effect.
llvm::Function* declare_device_op(llvm::Module& module, DeviceOp op);

/// The operation that a function of the module stands for, if it is one.
std::optional<DeviceOp> device_op_of(const llvm::Function& function);
/// Whether anything in the module calls it.
bool uses(const llvm::Module& module, DeviceOp op);
/// The operation that an instruction calls, if it calls one.
std::optional<DeviceOp> device_op_in(const llvm::Value& instruction);

}  // namespace cuda_shim::kernels::instructions
