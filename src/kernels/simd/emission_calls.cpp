// Calls: thread indices, barriers and warp operations become code of the whole group; what LLVM can
// do on vectors, it does; the rest is done lane by lane.

#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Intrinsics.h>

#include "cuda_shim/host_abi.h"
#include "kernels/instructions/approximations.h"
#include "kernels/instructions/device_ops.h"
#include "kernels/instructions/matrix_warp.h"
#include "kernels/simd/emission.h"
#include "kernels/simd/lane_loops.h"
#include "kernels/simd/machine_forms.h"
#include "kernels/simd/warp_operations.h"

namespace cuda_shim::kernels::simd {

using instructions::DeviceOp;
using instructions::OpEffect;

llvm::Value* Emission::device_op(DeviceOp op, llvm::ArrayRef<llvm::Value*> arguments) {
  return ir_.CreateCall(instructions::declare_device_op(*source_.getParent(), op), arguments);
}

llvm::Value* Emission::emit_call(llvm::CallInst& call) {
  const llvm::Function* callee = call.getCalledFunction();
  if (callee == nullptr) {
    refuse("The kernel calls a function by an address.");
    return nullptr;
  }
  if (const auto op = instructions::device_op_of(*callee)) return emit_device_op(call, *op);
  if (callee->isIntrinsic()) return emit_intrinsic(call);
  if (llvm::Function* form = instructions::warp_form_of(*callee)) return emit_matrix(call, *form);
  if (is_lane_loop(*callee)) return repeat_for_lanes(call);
  if (!callee->isDeclaration()) {
    refuse("The kernel calls a function that cannot be expanded in place.");
    return nullptr;
  }
  return is_uniform(&call) && call.doesNotAccessMemory() ? emit_scalar(call)
                                                         : repeat_for_lanes(call);
}

// --- LLVM's own

namespace {

/// Says something to the optimiser about one thread, or nothing.
bool is_remark(llvm::Intrinsic::ID id) {
  return id == llvm::Intrinsic::assume || id == llvm::Intrinsic::lifetime_start ||
         id == llvm::Intrinsic::lifetime_end || id == llvm::Intrinsic::sideeffect ||
         id == llvm::Intrinsic::donothing || id == llvm::Intrinsic::experimental_noalias_scope_decl;
}

bool arguments_are_uniform(const llvm::CallInst& call, const ShapeAnalysis& shapes) {
  for (const llvm::Value* argument : call.args())
    if (!shapes.is_uniform(argument)) return false;
  return true;
}

}  // namespace

llvm::Value* Emission::emit_intrinsic(llvm::CallInst& call) {
  const llvm::Intrinsic::ID id = call.getIntrinsicID();
  if (is_remark(id)) return nullptr;
  const bool copies = llvm::isa<llvm::AnyMemIntrinsic>(call);
  if (arguments_are_uniform(call, shapes_) && (copies || call.doesNotAccessMemory()))
    return emit_scalar(call);
  if (id == llvm::Intrinsic::stacksave || id == llvm::Intrinsic::stackrestore) {
    refuse("The kernel takes room on the stack whose size shows only when it runs.");
    return nullptr;
  }
  if (!llvm::isTriviallyVectorizable(id)) return repeat_for_lanes(call);
  llvm::SmallVector<llvm::Type*> types;
  if (llvm::isVectorIntrinsicWithOverloadTypeAtArg(id, -1, nullptr))
    types.push_back(vector_type(call.getType()));
  llvm::SmallVector<llvm::Value*> arguments;
  for (unsigned i = 0; i < call.arg_size(); ++i) {
    llvm::Value* argument = call.getArgOperand(i);
    const bool stays = llvm::isVectorIntrinsicWithScalarOpAtArg(id, i, nullptr);
    if (stays && scalar(argument) == nullptr) return repeat_for_lanes(call);
    arguments.push_back(stays ? scalar(argument) : vector(argument));
    if (llvm::isVectorIntrinsicWithOverloadTypeAtArg(id, static_cast<int>(i), nullptr))
      types.push_back(arguments.back()->getType());
  }
  return ir_.CreateIntrinsic(id, types, arguments);
}

// --- Places of threads

/// Each thread's number in its block, counted x first.
llvm::Value* Emission::linear_index() {
  if (lanes_.grouping == Grouping::kLinear) {
    llvm::Value* warp = device_op(DeviceOp::warpid, {});
    llvm::Value* lane = device_op(DeviceOp::laneid, {});
    return spread(ir_.CreateAdd(ir_.CreateMul(warp, ir_.getInt32(CUDA_SHIM_WARP_SIZE)), lane), 1);
  }
  const auto place = [&](unsigned dimension) {
    return device_op(DeviceOp::tid, {ir_.getInt32(dimension)});
  };
  llvm::Value* row =
      ir_.CreateAdd(ir_.CreateMul(place(2), ir_.getInt32(lanes_.block[1])), place(1));
  return spread(ir_.CreateAdd(ir_.CreateMul(row, ir_.getInt32(lanes_.block[0])), place(0)), 1);
}

llvm::Value* Emission::block_size(unsigned dimension) {
  llvm::Value* size = lanes_.knows_block() ? ir_.getInt32(lanes_.block[dimension])
                                           : device_op(DeviceOp::ntid, {ir_.getInt32(dimension)});
  return repeat(size);
}

/// A group begins at a multiple of its size where x counts up, and much folds if that is known.
llvm::Value* Emission::first_thread_index(llvm::CallInst& call, bool is_x) {
  llvm::Value* index = emit_scalar(call);
  return is_x ? ir_.CreateAnd(index, ~(lanes_.count - 1)) : index;
}

llvm::Value* Emission::emit_thread_index(llvm::CallInst& call) {
  const auto* dimension = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(0));
  if (dimension == nullptr) {
    refuse("A thread asks for its index in a dimension that is not constant.");
    return nullptr;
  }
  if (lanes_.tid_counts_up()) return first_thread_index(call, dimension->isZero());
  const auto quotient = [&](llvm::Value* a, llvm::Value* b) {
    return whole_quotient(llvm::Instruction::UDiv, a, b);
  };
  llvm::Value* linear = linear_index();
  llvm::Value* row = quotient(linear, block_size(0));
  if (dimension->isZero()) return ir_.CreateSub(linear, ir_.CreateMul(row, block_size(0)));
  llvm::Value* slice = quotient(row, block_size(1));
  if (!dimension->isOne()) return slice;
  return ir_.CreateSub(row, ir_.CreateMul(slice, block_size(1)));
}

// --- Device operations

llvm::Value* Emission::emit_barrier_reduce(llvm::CallInst& call) {
  llvm::Value* predicate = ir_.CreateIsNotNull(vector(call.getArgOperand(3)));
  const auto count = [&](llvm::Value* lanes) {
    llvm::Value* bits = ir_.CreateBitCast(lanes, ir_.getIntNTy(lanes_.count));
    return ir_.CreateZExtOrTrunc(ir_.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, bits),
                                 ir_.getInt32Ty());
  };
  llvm::Value* active = active_mask();
  llvm::Value* agreeing =
      ir_.CreateSelect(active, predicate, llvm::Constant::getNullValue(active->getType()));
  return device_op(DeviceOp::barrier_reduce_group,
                   {scalar(call.getArgOperand(0)), scalar(call.getArgOperand(1)),
                    scalar(call.getArgOperand(2)), count(agreeing), count(active)});
}

llvm::Value* Emission::emit_match(llvm::CallInst& call) {
  const auto* mode = llvm::cast<llvm::ConstantInt>(call.getArgOperand(0));
  const bool any = mode->equalsInt(CUDA_SHIM_MATCH_ANY);
  llvm::Value* value = call.getArgOperand(1);
  llvm::Value* all = ir_.CreateFreeze(vector(value));  // inactive lanes may hold anything
  llvm::Value* members = call.getArgOperand(2);
  llvm::Value* active = mask_bits();
  return for_each_lane({value, members}, call.getType(), [&](LaneValue of_lane) -> llvm::Value* {
    llvm::Value* group = ir_.CreateAnd(of_lane(members), active);
    llvm::Value* equal = ir_.CreateBitCast(
        ir_.CreateICmpEQ(all, ir_.CreateVectorSplat(lanes_.count, of_lane(value))),
        ir_.getInt32Ty());
    equal = ir_.CreateAnd(equal, group);
    llvm::Value* pair =
        ir_.CreateOr(ir_.CreateZExt(equal, ir_.getInt64Ty()), ir_.getInt64(std::uint64_t{1} << 32));
    return any ? pair : ir_.CreateSelect(ir_.CreateICmpEQ(equal, group), pair, ir_.getInt64(0));
  });
}

llvm::Value* Emission::emit_warp_op(llvm::CallInst& call, DeviceOp op) {
  const WarpContext warp = {ir_, active_mask(), lanes_.embedded_rounding};
  const auto word = [&](unsigned index) { return call.getArgOperand(index); };
  const auto mode = [&] {
    const auto* number = llvm::dyn_cast<llvm::ConstantInt>(word(0));
    return static_cast<unsigned>(number != nullptr ? number->getZExtValue() : 0);
  };
  const auto members = [&](unsigned index) {
    return is_uniform(word(index)) ? scalar(word(index)) : vector(word(index));
  };
  switch (op) {
    case DeviceOp::warp_sync:
      return ir_.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent,
                             llvm::SyncScope::SingleThread);
    case DeviceOp::activemask:
      return warp.active_bits();
    case DeviceOp::shuffle:
      return emit_shuffle(warp, mode(), vector(word(1)), vector(word(2)), vector(word(3)),
                          vector(word(4)));
    case DeviceOp::vote:
      return emit_vote(warp, mode(), vector(word(1)), members(2));
    case DeviceOp::elect:
      return emit_elect(warp, members(0));
    case DeviceOp::match:
      return emit_match(call);
    default:
      break;
  }
  llvm::Value* all = vector(word(1));
  if (is_uniform(word(2))) return emit_redux(warp, mode(), all, scalar(word(2)));
  // Each lane has a mask of its own.
  return for_each_lane({word(2)}, call.getType(), [&](LaneValue of_lane) {
    return emit_redux(warp, mode(), all, of_lane(word(2)));
  });
}

/// Lanes that take no part give nought, as in shuffles.
llvm::Value* Emission::reduced(llvm::Instruction& last, const Butterfly& butterfly) {
  llvm::Value* all = vector(butterfly.start);
  if (llvm::Value* mask = masks_.lookup(butterfly.block))
    all = ir_.CreateSelect(mask, all, llvm::Constant::getNullValue(all->getType()));
  return emit_butterfly(ir_, butterfly, last, all);
}

/// What all lanes get is the same, and lies in one place.
llvm::Value* Emission::emit_exchange(llvm::CallInst& call) {
  llvm::Value* own = call.getArgOperand(0);
  llvm::Value* words = call.getArgOperand(1);
  llvm::Value* all = call.getArgOperand(2);
  if (!is_uniform(words) || !is_uniform(all)) {
    refuse("Lanes exchange words through memory that is not set apart for it.");
    return nullptr;
  }
  llvm::Value* bytes = ir_.CreateMul(ir_.CreateZExt(scalar(words), ir_.getInt64Ty()),
                                     ir_.getInt64(sizeof(std::uint32_t)));
  if (masks_.lookup(current_) != nullptr)
    ir_.CreateMemSet(scalar(all), ir_.getInt8(0), ir_.CreateMul(bytes, ir_.getInt64(lanes_.count)),
                     llvm::Align(4));
  llvm::SmallVector<llvm::Value*> operands = {own, words, all};
  for_each_lane(operands, ir_.getVoidTy(), [&](LaneValue value) -> llvm::Value* {
    llvm::Value* place =
        ir_.CreateGEP(ir_.getInt8Ty(), value(all), ir_.CreateMul(bytes, lane_of_loop_));
    return ir_.CreateMemCpy(place, llvm::Align(4), value(own), llvm::Align(4), bytes);
  });
  return nullptr;
}

llvm::Value* Emission::emit_power(llvm::CallInst& call) {
  llvm::Value* x = vector(call.getArgOperand(0));
  if (llvm::Value* made = lanes_.embedded_rounding ? emit_exp2(ir_, x) : nullptr) return made;
  const bool flushes = llvm::cast<llvm::ConstantInt>(call.getArgOperand(1))->isOne();
  return flushes ? instructions::approximate_normal_exp2(ir_, x)
                 : instructions::approximate_exp2(ir_, x);
}

llvm::Value* Emission::emit_in_rounding(llvm::CallInst& call, DeviceOp op) {
  if (call.arg_empty()) return nullptr;
  const auto* rounding = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(call.arg_size() - 1));
  if (rounding == nullptr || !call.getType()->isFloatingPointTy()) return nullptr;
  llvm::SmallVector<llvm::Value*> operands;
  for (unsigned i = 0; i + 1 < call.arg_size(); ++i)
    operands.push_back(vector(call.getArgOperand(i)));
  return emit_rounded(ir_, op, operands, rounding->getZExtValue());
}

/// All lanes at once, and as long as the first one wants to: to wake up early is allowed.
llvm::Value* Emission::emit_sleep(llvm::CallInst& call) {
  llvm::Value* duration = call.getArgOperand(0);
  if (is_uniform(duration)) return emit_scalar(call);
  llvm::Value* all = vector(duration);
  llvm::Value* wanted =
      ir_.CreateSelect(active_mask(), all, llvm::Constant::getAllOnesValue(all->getType()));
  return device_op(DeviceOp::nanosleep,
                   {ir_.CreateUnaryIntrinsic(llvm::Intrinsic::vector_reduce_umin, wanted)});
}

llvm::Value* Emission::emit_device_op(llvm::CallInst& call, DeviceOp op) {
  const bool uniform = arguments_are_uniform(call, shapes_);
  switch (op) {
    case DeviceOp::tid:
      return emit_thread_index(call);
    case DeviceOp::laneid:
      if (lanes_.within_warp())
        return lanes_.count == CUDA_SHIM_WARP_SIZE ? ir_.getInt32(0) : emit_scalar(call);
      return ir_.CreateAnd(linear_index(), repeat(ir_.getInt32(CUDA_SHIM_WARP_SIZE - 1)));
    case DeviceOp::warpid:
      if (lanes_.within_warp()) return emit_scalar(call);
      return ir_.CreateLShr(linear_index(), repeat(ir_.getInt32(5)));
    case DeviceOp::warp_sync:
    case DeviceOp::activemask:
    case DeviceOp::shuffle:
    case DeviceOp::vote:
    case DeviceOp::redux:
    case DeviceOp::elect:
    case DeviceOp::match:
      return emit_warp_op(call, op);
    case DeviceOp::barrier_reduce:
      return emit_barrier_reduce(call);
    case DeviceOp::barrier_sync:
    case DeviceOp::barrier_arrive:
      if (uniform) return emit_scalar(call);
      refuse("A barrier's number differs from thread to thread.");
      return nullptr;
    case DeviceOp::yield:
      return emit_scalar(call);
    case DeviceOp::group_all:
      return emit_group_all(call);
    case DeviceOp::nanosleep:
      return emit_sleep(call);
    case DeviceOp::exchange:
      return emit_exchange(call);
    case DeviceOp::texture_fetch:
      return emit_texture_fetch(call);
    case DeviceOp::exp2_f32:
      return uniform ? emit_scalar(call) : emit_power(call);
    case DeviceOp::texture_query:
      // As uniformity.cpp says, all lanes get the same of one texture.
      return uniform ? emit_scalar(call) : repeat_for_lanes(call);
    case DeviceOp::tensor_copy:
    case DeviceOp::exit_thread:
      refuse(std::string("The engine has no vector form of the operation ")
                 .append(instructions::name_of(op)) +
             ".");
      return nullptr;
    default:
      break;
  }
  const OpEffect effect = instructions::effect_of(op);
  const bool pure = effect == OpEffect::kPure || effect == OpEffect::kReads;
  if (pure && uniform) return emit_scalar(call);
  if (llvm::Value* made = lanes_.embedded_rounding ? emit_in_rounding(call, op) : nullptr)
    return made;
  return repeat_for_lanes(call);
}

}  // namespace cuda_shim::kernels::simd
