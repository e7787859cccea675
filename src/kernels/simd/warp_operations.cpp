// The operations in the manual's words (PTX ISA 9.0, section 9.7.9.8 and 9.7.13), lane by lane as
// in the scalar engine, but for all lanes at once. Constants fold: a butterfly by a known distance
// is one permutation.

#include "kernels/simd/warp_operations.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>

#include <numeric>

#include "cuda_shim/host_abi.h"

namespace cuda_shim::kernels::simd {
namespace {

using llvm::Value;

constexpr unsigned kLanes = CUDA_SHIM_WARP_SIZE;

llvm::Type* words(llvm::IRBuilder<>& ir) {
  return llvm::FixedVectorType::get(ir.getInt32Ty(), kLanes);
}

Value* lane_numbers(llvm::IRBuilder<>& ir) {
  llvm::SmallVector<llvm::Constant*> numbers;
  for (unsigned i = 0; i < kLanes; ++i) numbers.push_back(ir.getInt32(i));
  return llvm::ConstantVector::get(numbers);
}

Value* all_lanes(llvm::IRBuilder<>& ir, std::uint32_t number) {
  return llvm::ConstantInt::get(words(ir), number);
}

Value* as_vector(llvm::IRBuilder<>& ir, Value* value) {
  return value->getType()->isVectorTy() ? value : ir.CreateVectorSplat(kLanes, value);
}

/// A scalar in the form of `model`.
Value* like(llvm::IRBuilder<>& ir, Value* model, Value* value) {
  return model->getType()->isVectorTy() ? as_vector(ir, value) : value;
}

/// By AVX-512, whose permutation of two registers knows 32 places: half the lanes at a time.
Value* permuted_by_registers(llvm::IRBuilder<>& ir, Value* value, Value* from) {
  constexpr unsigned kHalf = kLanes / 2;
  llvm::SmallVector<int> first(kHalf), second(kHalf), both(kLanes);
  std::iota(first.begin(), first.end(), 0);
  std::iota(second.begin(), second.end(), static_cast<int>(kHalf));
  std::iota(both.begin(), both.end(), 0);
  Value* low = ir.CreateShuffleVector(value, first);
  Value* high = ir.CreateShuffleVector(value, second);
  const auto lanes_from = [&](Value* places) {
    return ir.CreateIntrinsic(llvm::Intrinsic::x86_avx512_vpermi2var_d_512, {},
                              {low, places, high});
  };
  return ir.CreateShuffleVector(lanes_from(ir.CreateShuffleVector(from, first)),
                                lanes_from(ir.CreateShuffleVector(from, second)), both);
}

/// Lane i of the result is lane from[i] of the value.
Value* permuted(const WarpContext& warp, Value* value, Value* from) {
  llvm::IRBuilder<>& ir = warp.ir;
  if (auto* known = llvm::dyn_cast<llvm::Constant>(from)) {
    llvm::SmallVector<int> order;
    for (unsigned i = 0; i < kLanes; ++i) {
      auto* index = llvm::dyn_cast<llvm::ConstantInt>(known->getAggregateElement(i));
      order.push_back(index != nullptr ? static_cast<int>(index->getZExtValue()) : -1);
    }
    return ir.CreateShuffleVector(value, order);
  }
  if (warp.has_avx512) return permuted_by_registers(ir, value, from);
  // Through memory: code generators have no name for a permutation that is not known.
  llvm::Function* function = ir.GetInsertBlock()->getParent();
  llvm::IRBuilder<> entry(&function->getEntryBlock(), function->getEntryBlock().begin());
  llvm::AllocaInst* room = entry.CreateAlloca(words(ir));
  ir.CreateStore(value, room);
  Value* places =
      ir.CreateGEP(ir.getInt32Ty(), room,
                   ir.CreateZExt(from, llvm::FixedVectorType::get(ir.getInt64Ty(), kLanes)));
  return ir.CreateMaskedGather(words(ir), places, llvm::Align(4));
}

struct Source {
  Value* lane;
  Value* in_range;
};

/// The lane that each lane reads, and whether it lies in the lane's segment.
Source source_of(llvm::IRBuilder<>& ir, unsigned mode, Value* b, Value* c) {
  Value* own = lane_numbers(ir);
  Value* low_bits = all_lanes(ir, 31);
  Value* distance = ir.CreateAnd(b, low_bits);
  Value* clamp = ir.CreateAnd(c, low_bits);
  Value* segment = ir.CreateAnd(ir.CreateLShr(c, 8), low_bits);
  Value* outside = ir.CreateNot(segment);
  Value* least = ir.CreateAnd(own, segment);
  Value* most = ir.CreateOr(least, ir.CreateAnd(clamp, outside));
  switch (mode) {
    case CUDA_SHIM_SHFL_UP: {
      Value* from = ir.CreateSub(own, distance);
      return {from, ir.CreateICmpSGE(from, most)};
    }
    case CUDA_SHIM_SHFL_DOWN: {
      Value* from = ir.CreateAdd(own, distance);
      return {from, ir.CreateICmpSLE(from, most)};
    }
    case CUDA_SHIM_SHFL_BFLY: {
      Value* from = ir.CreateXor(own, distance);
      return {from, ir.CreateICmpSLE(from, most)};
    }
    default: {
      Value* from = ir.CreateOr(least, ir.CreateAnd(distance, outside));
      return {from, ir.CreateICmpSLE(from, most)};
    }
  }
}

bool are_all_members(Value* members) {
  auto* known = llvm::dyn_cast<llvm::Constant>(members);
  return known != nullptr && known->isAllOnesValue();
}

}  // namespace

Value* pair_of(llvm::IRBuilder<>& ir, Value* low, Value* high) {
  llvm::Type* type = llvm::FixedVectorType::get(ir.getInt64Ty(), kLanes);
  return ir.CreateOr(ir.CreateZExt(low, type), ir.CreateShl(ir.CreateZExt(high, type), 32));
}

Value* emit_shuffle(const WarpContext& warp, unsigned mode, Value* value, Value* b, Value* c,
                    Value* members) {
  llvm::IRBuilder<>& ir = warp.ir;
  const Source source = source_of(ir, mode, b, c);
  Value* from = ir.CreateSelect(source.in_range, source.lane, lane_numbers(ir));
  // Inactive lanes may hold anything, but must name a lane.
  if (!llvm::isa<llvm::Constant>(from)) from = ir.CreateFreeze(from);
  // A source that takes no part gives nought, as in the scalar engine.
  Value* present = ir.CreateSelect(warp.active, value, all_lanes(ir, 0));
  Value* result = permuted(warp, present, from);
  if (!are_all_members(members)) {
    Value* member = ir.CreateTrunc(ir.CreateLShr(members, from),
                                   llvm::FixedVectorType::get(ir.getInt1Ty(), kLanes));
    result = ir.CreateSelect(member, result, all_lanes(ir, 0));
  }
  result = ir.CreateSelect(source.in_range, result, value);
  return pair_of(ir, result, source.in_range);
}

Value* emit_vote(const WarpContext& warp, unsigned mode, Value* predicate, Value* members) {
  llvm::IRBuilder<>& ir = warp.ir;
  Value* is_true = ir.CreateSelect(
      warp.active, ir.CreateIsNotNull(predicate),
      llvm::ConstantInt::getFalse(llvm::FixedVectorType::get(ir.getInt1Ty(), kLanes)));
  Value* group = ir.CreateAnd(members, like(ir, members, warp.active_bits()));
  Value* ballot =
      ir.CreateAnd(group, like(ir, members, ir.CreateBitCast(is_true, ir.getInt32Ty())));
  const auto word = [&](Value* bit) { return ir.CreateZExt(bit, members->getType()); };
  switch (mode) {
    case CUDA_SHIM_VOTE_ALL:
      return word(ir.CreateICmpEQ(ballot, group));
    case CUDA_SHIM_VOTE_ANY:
      return word(ir.CreateIsNotNull(ballot));
    case CUDA_SHIM_VOTE_UNI:
      return word(ir.CreateOr(ir.CreateIsNull(ballot), ir.CreateICmpEQ(ballot, group)));
    default:
      return ballot;
  }
}

namespace {

struct Reduction {
  llvm::Intrinsic::ID intrinsic;
  std::uint32_t identity;
};

Reduction reduction_of(unsigned operation) {
  switch (operation) {
    case CUDA_SHIM_REDUX_ADD:
      return {llvm::Intrinsic::vector_reduce_add, 0};
    case CUDA_SHIM_REDUX_MIN_U:
      return {llvm::Intrinsic::vector_reduce_umin, ~0u};
    case CUDA_SHIM_REDUX_MAX_U:
      return {llvm::Intrinsic::vector_reduce_umax, 0};
    case CUDA_SHIM_REDUX_MIN_S:
      return {llvm::Intrinsic::vector_reduce_smin, 0x7fffffffu};
    case CUDA_SHIM_REDUX_MAX_S:
      return {llvm::Intrinsic::vector_reduce_smax, 0x80000000u};
    case CUDA_SHIM_REDUX_AND:
      return {llvm::Intrinsic::vector_reduce_and, ~0u};
    case CUDA_SHIM_REDUX_OR:
      return {llvm::Intrinsic::vector_reduce_or, 0};
    default:
      return {llvm::Intrinsic::vector_reduce_xor, 0};
  }
}

}  // namespace

Value* emit_redux(const WarpContext& warp, unsigned operation, Value* value, Value* members) {
  llvm::IRBuilder<>& ir = warp.ir;
  const Reduction reduction = reduction_of(operation);
  Value* group = ir.CreateBitCast(ir.CreateAnd(members, warp.active_bits()),
                                  llvm::FixedVectorType::get(ir.getInt1Ty(), kLanes));
  Value* taken = ir.CreateSelect(group, value, all_lanes(ir, reduction.identity));
  return ir.CreateUnaryIntrinsic(reduction.intrinsic, taken);
}

Value* emit_elect(const WarpContext& warp, Value* members) {
  llvm::IRBuilder<>& ir = warp.ir;
  Value* group = ir.CreateAnd(members, like(ir, members, warp.active_bits()));
  Value* leader =
      as_vector(ir, ir.CreateBinaryIntrinsic(llvm::Intrinsic::cttz, group, ir.getFalse()));
  return pair_of(ir, leader, ir.CreateICmpEQ(leader, lane_numbers(ir)));
}

}  // namespace cuda_shim::kernels::simd
