// Stores past the caches: whole lines of which all lanes write their part, where the launch as a
// whole writes more than caches hold.

#include <llvm/IR/Constants.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/PatternMatch.h>

#include "kernels/instructions/device_ops.h"
#include "kernels/simd/emission.h"

namespace cuda_shim::kernels::simd {

using instructions::DeviceOp;

namespace {

/// A loop that counts up to a bound, about bound / step times.
struct Counting {
  llvm::Value *step, *bound;
};

std::optional<Counting> counting_of(const llvm::Loop& loop) {
  using namespace llvm::PatternMatch;
  const llvm::BasicBlock* latch = loop.getLoopLatch();
  llvm::Value* condition = nullptr;
  if (latch == nullptr ||
      !match(latch->getTerminator(), m_Br(m_Value(condition), m_BasicBlock(), m_BasicBlock())))
    return std::nullopt;
  if (instructions::device_op_in(*condition) == DeviceOp::group_all)
    condition = llvm::cast<llvm::CallInst>(condition)->getArgOperand(0);
  llvm::Value *counter = nullptr, *step = nullptr, *bound = nullptr;
  if (!match(condition, m_c_ICmp(m_c_Add(m_Value(counter), m_Value(step)), m_Value(bound))))
    return std::nullopt;
  if (loop.isLoopInvariant(counter)) std::swap(counter, step);
  const auto* phi = llvm::dyn_cast<llvm::PHINode>(counter);
  const bool counts = phi != nullptr && phi->getParent() == loop.getHeader() &&
                      loop.isLoopInvariant(step) && loop.isLoopInvariant(bound);
  return counts ? std::optional(Counting{step, bound}) : std::nullopt;
}

}  // namespace

/// What all threads of the launch together write, if each runs through its loops once; worked out
/// at the function's begin.
llvm::Value* Emission::bytes_of_launch() {
  if (bytes_of_launch_ != nullptr) return bytes_of_launch_;
  llvm::IRBuilder<>::InsertPointGuard restore(ir_);
  llvm::BasicBlock& entry = made_->getEntryBlock();
  ir_.SetInsertPoint(&entry, entry.getFirstNonPHIOrDbgOrAlloca());
  llvm::Value* bytes = ir_.getInt64(streaming_.bytes_of_thread());
  const auto multiply_by = [&](DeviceOp op, unsigned dimension) {
    llvm::Value* size = device_op(op, {ir_.getInt32(dimension)});
    bytes = ir_.CreateMul(bytes, ir_.CreateZExt(size, ir_.getInt64Ty()));
  };
  for (unsigned dimension = 0; dimension < 3; ++dimension) {
    multiply_by(DeviceOp::nctaid, dimension);
    if (lanes_.knows_block())
      bytes = ir_.CreateMul(bytes, ir_.getInt64(lanes_.block[dimension]));
    else
      multiply_by(DeviceOp::ntid, dimension);
  }
  return bytes_of_launch_ = ir_.CreateUIToFP(bytes, ir_.getDoubleTy());
}

/// Whether the launch writes enough by stores like this one, of which a loop has been counted
/// before it begins. In floating point, where nothing wraps.
llvm::Value* Emission::writes_much(const llvm::StoreInst& store) {
  const llvm::Loop* loop = loops_.getLoopFor(store.getParent());
  llvm::Value*& known = writes_much_[loop];
  if (known != nullptr) return known;
  llvm::Value* bytes = bytes_of_launch();
  llvm::IRBuilder<>::InsertPointGuard restore(ir_);
  const llvm::BasicBlock* before = loop != nullptr ? loop->getLoopPreheader() : nullptr;
  if (before != nullptr)
    ir_.SetInsertPoint(tails_.lookup(before)->getTerminator());
  else
    ir_.SetInsertPoint(llvm::cast<llvm::Instruction>(bytes)->getNextNode());
  llvm::Value* enough = llvm::ConstantFP::get(ir_.getDoubleTy(), kLeastStreamed);
  const auto number = [&](llvm::Value* count) {
    return ir_.CreateSIToFP(scalar(count), ir_.getDoubleTy());
  };
  for (; before != nullptr && loop != nullptr; loop = loop->getParentLoop()) {
    const std::optional<Counting> counting = counting_of(*loop);
    if (!counting || !is_uniform(counting->step) || !is_uniform(counting->bound)) continue;
    bytes = ir_.CreateFMul(bytes, number(counting->bound));
    enough = ir_.CreateFMul(enough, number(counting->step));
  }
  return known = ir_.CreateFCmpOGE(bytes, enough);
}

/// Whether the vectors of the store are whole lines, on a machine that has such stores for them.
bool Emission::may_stream(const llvm::StoreInst& store, llvm::Type* type) const {
  if (!lanes_.embedded_rounding || !streaming_.allows(store)) return false;
  const std::uint64_t bytes = source_.getDataLayout().getTypeStoreSize(type).getFixedValue();
  return bytes % kLineBytes == 0;
}

void Emission::stream(llvm::Value* value, llvm::Value* pointer) {
  llvm::Metadata* one = llvm::ConstantAsMetadata::get(ir_.getInt32(1));
  ir_.CreateAlignedStore(value, pointer, llvm::Align(kLineBytes))
      ->setMetadata(llvm::LLVMContext::MD_nontemporal, llvm::MDNode::get(ir_.getContext(), one));
}

/// Those of several lines past the caches of which the mask has all elements; the first and the
/// last lines of an array's rows may lack some.
void Emission::stream_whole_lines(const llvm::StoreInst& store, llvm::Value* value,
                                  llvm::Value* pointer, llvm::Value* mask) {
  const auto elements = static_cast<int>(
      kLineBytes / source_.getDataLayout().getTypeStoreSize(value->getType()->getScalarType()));
  const int all =
      static_cast<int>(llvm::cast<llvm::FixedVectorType>(value->getType())->getNumElements());
  // As a number: LLVM asks for a part of a mask through memory, and what is read there waits for
  // all stores before it.
  llvm::Value* bits = ir_.CreateBitCast(mask, ir_.getIntNTy(static_cast<unsigned>(all)));
  llvm::Type* type = ir_.getIntNTy(static_cast<unsigned>(elements));
  for (int first = 0; first < all; first += elements) {
    const auto part = llvm::to_vector(llvm::seq(first, first + elements));
    llvm::Value* line = ir_.CreateShuffleVector(value, part);
    llvm::Value* place = ir_.CreateConstInBoundsGEP1_32(line->getType()->getScalarType(), pointer,
                                                        static_cast<unsigned>(first));
    guarded(
        ir_.CreateICmpEQ(ir_.CreateTrunc(ir_.CreateLShr(bits, first), type),
                         llvm::Constant::getAllOnesValue(type)),
        [&] {
          stream(line, place);
          return nullptr;
        },
        [&] {
          ir_.CreateMaskedStore(line, place, store.getAlign(), ir_.CreateShuffleVector(mask, part));
          return nullptr;
        });
  }
}

/// All elements of `value` that the mask has (null: all).
void Emission::store_in_line(const llvm::StoreInst& store, llvm::Value* value, llvm::Value* pointer,
                             llvm::Value* mask) {
  const auto store_it = [&] {
    if (mask == nullptr)
      ir_.CreateAlignedStore(value, pointer, store.getAlign());
    else
      ir_.CreateMaskedStore(value, pointer, store.getAlign(), mask);
    return nullptr;
  };
  const auto stream_it = [&] {
    stream(value, pointer);
    return nullptr;
  };
  if (!may_stream(store, value->getType())) {
    store_it();
    return;
  }
  llvm::Value* place = ir_.CreatePtrToInt(pointer, ir_.getInt64Ty());
  llvm::Value* fits = ir_.CreateICmpEQ(ir_.CreateAnd(place, kLineBytes - 1), ir_.getInt64(0));
  llvm::Value* streams = ir_.CreateAnd(writes_much(store), fits);
  if (mask == nullptr) {
    guarded(streams, stream_it, store_it);
    return;
  }
  // Of all lanes, also where the store is of one row, whose part of the mask takes time as well.
  llvm::Value* all = ir_.CreateAndReduce(active_mask());
  const bool has_lines = mask == active_mask() &&
                         source_.getDataLayout().getTypeStoreSize(value->getType()) > kLineBytes;
  if (!has_lines) {
    guarded(ir_.CreateAnd(streams, all), stream_it, store_it);
    return;
  }
  guarded(
      streams,
      [&] {
        return guarded(all, stream_it, [&] {
          stream_whole_lines(store, value, pointer, mask);
          return nullptr;
        });
      },
      store_it);
}

}  // namespace cuda_shim::kernels::simd
