// Accesses whose places are known from the first lane's, but leave gaps, and those of several
// numbers at once: one plain access for each lane. Gathers and scatters take longer for the same
// (Zen 4, cycles for a lane's word: gather 1.2, load and insertion 0.5; scatter 3.3, store 1.0).

#include <llvm/IR/Constants.h>

#include "kernels/simd/elements.h"
#include "kernels/simd/emission.h"

namespace cuda_shim::kernels::simd {
namespace {

/// More lanes than this are not written out one by one.
constexpr unsigned kMostLanes = 64;
/// A plain access moves this many bytes at once.
constexpr unsigned kLeastPieceBits = 64, kMostPieceBits = 512;

}  // namespace

/// Whether every lane's place is a known distance from that of the first lane, or of its row's.
bool Emission::is_strided(const llvm::Value* pointer) const {
  const Shape shape = shapes_.of(pointer);
  return !shape.varying && shape.stride != 0 && lanes_.count <= kMostLanes;
}

/// Whether a thread moves so much that a load for each lane is better than several gathers.
bool Emission::moves_pieces(const llvm::Type* type) const {
  const unsigned bits = static_cast<unsigned>(type->getPrimitiveSizeInBits().getFixedValue());
  return elements_of(type) > 1 && bits >= kLeastPieceBits && bits <= kMostPieceBits &&
         lanes_.count <= kMostLanes;
}

llvm::Value* Emission::place_of_lane(llvm::Value* pointer, unsigned lane) {
  const Shape shape = shapes_.of(pointer);
  if (!shape.by_rows) return moved(scalar(pointer), shape.stride * lane);
  return moved(row_scalar(pointer, lane / lanes_.row), shape.stride * (lane % lanes_.row));
}

/// One behind the other: what `piece` gives for each lane, of the type of one thread's value.
llvm::Value* Emission::collected(llvm::Type* type,
                                 llvm::function_ref<llvm::Value*(unsigned)> piece) {
  if (!type->isVectorTy()) {
    llvm::Value* all = llvm::PoisonValue::get(vector_type(type));
    for (unsigned lane = 0; lane < lanes_.count; ++lane)
      all = ir_.CreateInsertElement(all, piece(lane), lane);
    return all;
  }
  llvm::SmallVector<llvm::Value*> pieces;
  for (unsigned lane = 0; lane < lanes_.count; ++lane) pieces.push_back(piece(lane));
  return joined(pieces);
}

llvm::Value* Emission::piece_of(llvm::Value* all, llvm::Type* type, unsigned lane) {
  if (!type->isVectorTy()) return ir_.CreateExtractElement(all, lane);
  const unsigned count = elements_of(type);
  llvm::SmallVector<int> order;
  for (unsigned k = 0; k < count; ++k) order.push_back(static_cast<int>(lane * count + k));
  return ir_.CreateShuffleVector(all, order);
}

/// That the fast way may be taken: the shape holds and no lane is inactive. Null: always.
llvm::Value* Emission::all_in_place(llvm::Value* pointer) {
  llvm::Value* mask = masks_.lookup(current_);
  llvm::Value* holds = guard(pointer);
  if (mask == nullptr) return holds;
  llvm::Value* full = ir_.CreateAndReduce(mask);
  return holds == nullptr ? full : ir_.CreateAnd(holds, full);
}

llvm::Value* Emission::load_strided(llvm::LoadInst& load) {
  llvm::Type* type = load.getType();
  return guarded(
      all_in_place(load.getPointerOperand()),
      [&] {
        return collected(type, [&](unsigned lane) {
          return ir_.CreateAlignedLoad(type, place_of_lane(load.getPointerOperand(), lane),
                                       load.getAlign());
        });
      },
      [&] { return load_gathered(load); });
}

void Emission::store_strided(llvm::StoreInst& store) {
  llvm::Type* type = store.getValueOperand()->getType();
  llvm::Value* all = vector(store.getValueOperand());
  guarded(
      all_in_place(store.getPointerOperand()),
      [&] {
        for (unsigned lane = 0; lane < lanes_.count; ++lane)
          ir_.CreateAlignedStore(piece_of(all, type, lane),
                                 place_of_lane(store.getPointerOperand(), lane), store.getAlign());
        return nullptr;
      },
      [&] {
        store_scattered(store);
        return nullptr;
      });
}

/// Each lane's numbers at once. Inactive lanes read from a place of ours.
llvm::Value* Emission::load_pieces(llvm::LoadInst& load) {
  llvm::Type* type = load.getType();
  llvm::Value* places = vector(load.getPointerOperand());
  if (llvm::Value* mask = masks_.lookup(current_)) {
    llvm::Value* nowhere =
        ir_.CreateAddrSpaceCast(slot(type, load.getAlign()), load.getPointerOperand()->getType());
    places = ir_.CreateSelect(mask, places, repeat(nowhere));
  }
  return collected(type, [&](unsigned lane) {
    return ir_.CreateAlignedLoad(type, ir_.CreateExtractElement(places, lane), load.getAlign());
  });
}

}  // namespace cuda_shim::kernels::simd
