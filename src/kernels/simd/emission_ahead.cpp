// Fetches what other groups will read, where the machine does not foresee it: where a loop steps
// through memory in strides as wide as the block or the grid, and where blocks copy tiles of an
// array, whose rows are short pieces of more streams than the machine follows.

#include <llvm/IR/Constants.h>
#include <llvm/IR/GetElementPtrTypeIterator.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/Operator.h>

#include "kernels/instructions/device_ops.h"
#include "kernels/simd/emission.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;

/// How much a sum changes from one block of the grid to the next.
class BlockStep {
 public:
  BlockStep(llvm::IRBuilder<>& ir, const llvm::LoopInfo& loops,
            llvm::function_ref<llvm::Value*(llvm::Value*)> scalar)
      : ir_(ir), loops_(loops), scalar_(scalar) {}

  /// As a number of 64 bits; null: nothing is known.
  llvm::Value* of(llvm::Value* value, unsigned depth = 0) {
    constexpr unsigned kMostDepth = 16;
    auto* made = llvm::dyn_cast<llvm::Instruction>(value);
    if (made == nullptr) return none();
    if (depth == kMostDepth) return nullptr;
    if (auto* phi = llvm::dyn_cast<llvm::PHINode>(made)) return of_phi(*phi, depth);
    if (const auto* call = llvm::dyn_cast<llvm::CallInst>(made)) return of_call(*call);
    switch (made->getOpcode()) {
      case llvm::Instruction::Or:
        if (!llvm::cast<llvm::PossiblyDisjointInst>(made)->isDisjoint())
          return of_others(*made, depth);
        [[fallthrough]];
      case llvm::Instruction::Add:
      case llvm::Instruction::Sub: {
        llvm::Value *one = of(made->getOperand(0), depth + 1),
                    *other = of(made->getOperand(1), depth + 1);
        if (one == nullptr || other == nullptr) return nullptr;
        return made->getOpcode() == llvm::Instruction::Sub ? ir_.CreateSub(one, other)
                                                           : ir_.CreateAdd(one, other);
      }
      case llvm::Instruction::Mul:
        return of_product(made->getOperand(0), made->getOperand(1), depth);
      case llvm::Instruction::Shl: {
        const auto* bits = llvm::dyn_cast<llvm::ConstantInt>(made->getOperand(1));
        llvm::Value* step = bits != nullptr ? of(made->getOperand(0), depth + 1) : nullptr;
        return step != nullptr ? ir_.CreateShl(step, bits->getZExtValue()) : nullptr;
      }
      case llvm::Instruction::SExt:
      case llvm::Instruction::ZExt:
      case llvm::Instruction::Trunc:
      case llvm::Instruction::IntToPtr:
      case llvm::Instruction::PtrToInt:
      case llvm::Instruction::Freeze:
        return of(made->getOperand(0), depth + 1);
      case llvm::Instruction::GetElementPtr:
        return of_address(*llvm::cast<llvm::GetElementPtrInst>(made), depth);
      case llvm::Instruction::Load:
        return none();
      default:
        return of_others(*made, depth);
    }
  }

 private:
  llvm::Value* none() { return ir_.getInt64(0); }
  static bool is_none(const llvm::Value* step) {
    const auto* number = llvm::dyn_cast_or_null<llvm::ConstantInt>(step);
    return number != nullptr && number->isZero();
  }

  /// What is made from numbers that all blocks have alike is alike, too.
  llvm::Value* of_others(llvm::Instruction& made, unsigned depth) {
    const bool alike = llvm::all_of(
        made.operands(), [&](llvm::Value* operand) { return is_none(of(operand, depth + 1)); });
    return alike && !made.mayReadOrWriteMemory() ? none() : nullptr;
  }

  llvm::Value* of_call(const llvm::CallInst& call) {
    const auto op = instructions::device_op_in(call);
    if (!op) return nullptr;
    if (op != DeviceOp::ctaid) return none();
    const auto* dimension = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(0));
    return ir_.getInt64(dimension != nullptr && dimension->isZero());
  }

  /// Where a loop began, since it steps alike in all blocks.
  llvm::Value* of_phi(llvm::PHINode& phi, unsigned depth) {
    const llvm::Loop* loop = loops_.getLoopFor(phi.getParent());
    if (loop == nullptr || loop->getHeader() != phi.getParent() ||
        loop->getLoopPreheader() == nullptr)
      return nullptr;
    return of(phi.getIncomingValueForBlock(loop->getLoopPreheader()), depth + 1);
  }

  llvm::Value* of_product(llvm::Value* one, llvm::Value* other, unsigned depth) {
    llvm::Value *step = of(one, depth + 1), *other_step = of(other, depth + 1);
    if (step == nullptr || other_step == nullptr) return nullptr;
    if (is_none(step)) std::swap(step, other_step), std::swap(one, other);
    if (is_none(step)) return none();
    llvm::Value* factor = is_none(other_step) ? scalar_(other) : nullptr;
    if (factor == nullptr) return nullptr;
    return ir_.CreateMul(step, ir_.CreateSExtOrTrunc(factor, ir_.getInt64Ty()));
  }

  llvm::Value* of_address(llvm::GetElementPtrInst& address, unsigned depth) {
    llvm::Value* sum = of(address.getPointerOperand(), depth + 1);
    const llvm::DataLayout& layout = address.getDataLayout();
    for (auto part = llvm::gep_type_begin(address); sum && part != llvm::gep_type_end(address);
         ++part) {
      llvm::Value* step = of(part.getOperand(), depth + 1);
      if (step == nullptr || part.isStruct()) return nullptr;
      const std::uint64_t bytes = part.getSequentialElementStride(layout);
      sum = ir_.CreateAdd(sum, ir_.CreateMul(step, ir_.getInt64(bytes)));
    }
    return sum;
  }

  llvm::IRBuilder<>& ir_;
  const llvm::LoopInfo& loops_;
  llvm::function_ref<llvm::Value*(llvm::Value*)> scalar_;
};

}  // namespace

/// What the threads of a row of the block read.
std::int64_t Emission::row_bytes(const llvm::LoadInst& load) const {
  return shapes_.of(load.getPointerOperand()).stride * static_cast<std::int64_t>(lanes_.block[0]);
}

/// How far away the next block reads instead; null where that is not known.
llvm::Value* Emission::distance_of_next_block(llvm::LoadInst& load) {
  const auto scalar_of = [&](llvm::Value* value) {
    return is_uniform(value) ? scalar(value) : nullptr;
  };
  return BlockStep(ir_, loops_, scalar_of).of(load.getPointerOperand());
}

/// The distance to what this worker will read next. Null: the machine foresees that.
llvm::Value* Emission::distance_ahead(llvm::LoadInst& load) {
  const llvm::Loop* loop = loops_.getLoopFor(load.getParent());
  llvm::Value* of_next_block = distance_of_next_block(load);
  const auto* known = llvm::dyn_cast_or_null<llvm::ConstantInt>(of_next_block);
  // No further than this block's next groups read.
  if (known != nullptr && known->getSExtValue() <= row_bytes(load)) of_next_block = nullptr;
  if (loop == nullptr) {
    // Blocks that may wait for those before them go to the workers one by one.
    if (of_next_block == nullptr || !waits_) return nullptr;
    llvm::Value* workers = device_op(DeviceOp::nsmid, {});
    return ir_.CreateMul(of_next_block, ir_.CreateZExt(workers, ir_.getInt64Ty()));
  }
  if (loop->isLoopInvariant(load.getPointerOperand())) return nullptr;
  if (of_next_block != nullptr) return of_next_block;
  return ir_.getInt64(shapes_.of(load.getPointerOperand()).stride * lanes_.count);
}

/// The distance to the same row of a tile further on, of blocks whose tiles lie side by side. Null:
/// there are no such.
llvm::Value* Emission::distance_of_later_tile(llvm::LoadInst& load) {
  constexpr std::int64_t kTilesAhead = 2;
  if (!has_tiles_ || loops_.getLoopFor(load.getParent()) != nullptr) return nullptr;
  const auto* known = llvm::dyn_cast_or_null<llvm::ConstantInt>(distance_of_next_block(load));
  if (known == nullptr || known->getSExtValue() != row_bytes(load)) return nullptr;
  return ir_.getInt64(static_cast<std::uint64_t>(kTilesAhead * row_bytes(load)));
}

/// What the next block reads at its turn, or one after it; else what the next group reads, which
/// lies behind this group's numbers. Of so many lanes from the pointer.
void Emission::fetch_ahead(llvm::LoadInst& load, llvm::Value* pointer, unsigned lanes) {
  constexpr unsigned kGlobalMemory = 1, kNearCaches = 3, kSecondCache = 2;
  if (load.getPointerAddressSpace() != kGlobalMemory) return;
  const bool flat = lanes_.one_dimensional();
  llvm::Value* distance = flat ? distance_ahead(load) : distance_of_later_tile(load);
  if (distance == nullptr) return;
  const auto bytes =
      static_cast<std::uint64_t>(shapes_.of(load.getPointerOperand()).stride) * lanes;
  llvm::Value* begin = ir_.CreateGEP(ir_.getInt8Ty(), pointer, distance);
  for (std::uint64_t offset = 0; offset < bytes; offset += kLineBytes)
    ir_.CreateIntrinsic(
        llvm::Intrinsic::prefetch, {pointer->getType()},
        {ir_.CreateGEP(ir_.getInt8Ty(), begin, ir_.getInt64(offset)), ir_.getInt32(0),
         ir_.getInt32(flat ? kNearCaches : kSecondCache), ir_.getInt32(1)});
}

}  // namespace cuda_shim::kernels::simd
