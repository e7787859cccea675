// Stores past the caches: whole lines of which all lanes write their part, where the launch as a
// whole writes more than caches hold.

#include <llvm/IR/Constants.h>
#include <llvm/IR/MDBuilder.h>

#include "kernels/instructions/device_ops.h"
#include "kernels/simd/emission.h"

namespace cuda_shim::kernels::simd {

using instructions::DeviceOp;

/// Whether all threads of the launch together write enough; worked out once, at the function's
/// begin.
llvm::Value* Emission::writes_much() {
  if (writes_much_ != nullptr) return writes_much_;
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
  return writes_much_ = ir_.CreateICmpUGE(bytes, ir_.getInt64(kLeastStreamed));
}

/// Whether the vectors of the store are whole lines, on a machine that has such stores for them.
bool Emission::may_stream(const llvm::StoreInst& store, llvm::Type* type) const {
  if (!lanes_.embedded_rounding || !streaming_.allows(store)) return false;
  const std::uint64_t bytes = source_.getDataLayout().getTypeStoreSize(type).getFixedValue();
  return bytes % kLineBytes == 0;
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
  if (!may_stream(store, value->getType())) {
    store_it();
    return;
  }
  llvm::Value* place = ir_.CreatePtrToInt(pointer, ir_.getInt64Ty());
  llvm::Value* fits = ir_.CreateICmpEQ(ir_.CreateAnd(place, kLineBytes - 1), ir_.getInt64(0));
  // Of all lanes, also where the store is of one row: LLVM takes a row's part of the mask out
  // through memory, and what is read there waits for all stores before it.
  if (mask != nullptr) fits = ir_.CreateAnd(fits, ir_.CreateAndReduce(active_mask()));
  guarded(
      ir_.CreateAnd(writes_much(), fits),
      [&] {
        ir_.CreateAlignedStore(value, pointer, llvm::Align(kLineBytes))
            ->setMetadata(llvm::LLVMContext::MD_nontemporal,
                          llvm::MDNode::get(ir_.getContext(),
                                            llvm::ConstantAsMetadata::get(ir_.getInt32(1))));
        return nullptr;
      },
      store_it);
}

}  // namespace cuda_shim::kernels::simd
