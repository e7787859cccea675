// How memory instructions access memory.
//
// A vector access is one access of the whole vector, also where it is atomic: programs rely on the
// hardware moving up to 16 bytes at once (flag and value of a look-back tile in one ld.relaxed.v2),
// though the manual promises it only for the elements. Larger ones are atomic in pieces of 16
// bytes.

#include "kernels/instructions/memory_access.h"

#include <llvm/IR/Constants.h>

#include "kernels/instructions/llvm_types.h"

namespace cuda_shim::kernels::instructions {
namespace {

constexpr unsigned kMaxAtomicBits = 128;

/// Type and alignment of the whole access.
struct Shape {
  llvm::Type* type;
  unsigned bits;
  llvm::Align alignment;
};

Shape shape_of(Lowering& lowering, ptx::ScalarType type, unsigned count) {
  llvm::Type* element = lowering.llvm_type(type);
  const unsigned bits = ptx::bytes_of(type) * 8 * count;
  llvm::Type* whole = element;
  if (count > 1) {
    // A vector of vectors does not exist: packed elements travel as integers.
    if (element->isVectorTy()) element = lowering.ir().getIntNTy(ptx::bits_of(type));
    whole = llvm::FixedVectorType::get(element, count);
  }
  return {whole, bits, llvm::Align(bits / 8)};
}

llvm::LoadInst* load_piece(Lowering& lowering, llvm::Type* type, llvm::Value* pointer,
                           llvm::Align alignment, const Access& access) {
  llvm::LoadInst* load =
      lowering.ir().CreateAlignedLoad(type, pointer, alignment, access.is_volatile);
  if (access.ordering != llvm::AtomicOrdering::NotAtomic)
    load->setAtomic(access.ordering, access.scope);
  return load;
}

void store_piece(Lowering& lowering, llvm::Value* value, llvm::Value* pointer,
                 llvm::Align alignment, const Access& access) {
  llvm::StoreInst* store =
      lowering.ir().CreateAlignedStore(value, pointer, alignment, access.is_volatile);
  if (access.ordering != llvm::AtomicOrdering::NotAtomic)
    store->setAtomic(access.ordering, access.scope);
}

bool in_one_piece(const Access& access, unsigned bits) {
  return access.ordering == llvm::AtomicOrdering::NotAtomic || bits <= kMaxAtomicBits;
}

llvm::Value* piece_pointer(Lowering& lowering, llvm::Value* pointer, unsigned piece) {
  return lowering.ir().CreateConstGEP1_64(lowering.ir().getInt8Ty(), pointer,
                                          piece * kMaxAtomicBits / 8);
}

}  // namespace

llvm::SyncScope::ID scope_of(Lowering& lowering) {
  llvm::LLVMContext& context = lowering.ir().getContext();
  if (lowering.has("cta")) return context.getOrInsertSyncScopeID("block");
  if (lowering.has("cluster")) return context.getOrInsertSyncScopeID("cluster");
  if (lowering.has("gpu")) return context.getOrInsertSyncScopeID("device");
  return llvm::SyncScope::System;
}

llvm::AtomicOrdering ordering_of(const Lowering& lowering, llvm::AtomicOrdering fallback) {
  if (lowering.has("relaxed")) return llvm::AtomicOrdering::Monotonic;
  if (lowering.has("acquire")) return llvm::AtomicOrdering::Acquire;
  if (lowering.has("release")) return llvm::AtomicOrdering::Release;
  if (lowering.has("acq_rel")) return llvm::AtomicOrdering::AcquireRelease;
  return fallback;
}

Access access_of(Lowering& lowering) {
  Access access;
  access.is_volatile = lowering.has("volatile") || lowering.has("mmio");
  access.ordering = ordering_of(lowering, llvm::AtomicOrdering::NotAtomic);
  access.scope = scope_of(lowering);
  return access;
}

llvm::Value* load(Lowering& lowering, llvm::Value* pointer, ptx::ScalarType type, unsigned count,
                  const Access& access) {
  llvm::IRBuilder<>& ir = lowering.ir();
  const Shape shape = shape_of(lowering, type, count);
  if (access.ordering == llvm::AtomicOrdering::NotAtomic)
    return load_piece(lowering, shape.type, pointer, shape.alignment, access);
  if (in_one_piece(access, shape.bits)) {
    llvm::Value* bits =
        load_piece(lowering, ir.getIntNTy(shape.bits), pointer, shape.alignment, access);
    return ir.CreateBitCast(bits, shape.type);
  }
  const unsigned pieces = shape.bits / kMaxAtomicBits;
  llvm::Type* piece_type = ir.getIntNTy(kMaxAtomicBits);
  llvm::Value* all = llvm::PoisonValue::get(llvm::FixedVectorType::get(piece_type, pieces));
  for (unsigned i = 0; i < pieces; ++i) {
    llvm::Value* piece = load_piece(lowering, piece_type, piece_pointer(lowering, pointer, i),
                                    llvm::Align(kMaxAtomicBits / 8), access);
    all = ir.CreateInsertElement(all, piece, i);
  }
  return ir.CreateBitCast(all, shape.type);
}

void store(Lowering& lowering, llvm::Value* pointer, llvm::Value* value, ptx::ScalarType type,
           unsigned count, const Access& access) {
  llvm::IRBuilder<>& ir = lowering.ir();
  const Shape shape = shape_of(lowering, type, count);
  if (access.ordering == llvm::AtomicOrdering::NotAtomic)
    return store_piece(lowering, value, pointer, shape.alignment, access);
  if (in_one_piece(access, shape.bits)) {
    llvm::Value* bits = ir.CreateBitCast(value, ir.getIntNTy(shape.bits));
    return store_piece(lowering, bits, pointer, shape.alignment, access);
  }
  const unsigned pieces = shape.bits / kMaxAtomicBits;
  llvm::Value* all =
      ir.CreateBitCast(value, llvm::FixedVectorType::get(ir.getIntNTy(kMaxAtomicBits), pieces));
  for (unsigned i = 0; i < pieces; ++i)
    store_piece(lowering, ir.CreateExtractElement(all, i), piece_pointer(lowering, pointer, i),
                llvm::Align(kMaxAtomicBits / 8), access);
}

}  // namespace cuda_shim::kernels::instructions
