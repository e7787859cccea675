// Loads, stores and atomic operations: one access for all lanes where their addresses allow it.

#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/MDBuilder.h>

#include "kernels/simd/elements.h"
#include "kernels/simd/emission.h"

namespace cuda_shim::kernels::simd {
namespace {

/// One thread's access as elements: what lies in memory, and how many.
struct Access {
  llvm::Type* element;
  unsigned count;
  std::int64_t bytes;  ///< of the whole access
  bool plain;          ///< whether vectors of such elements lie in memory as arrays do
};

Access access_of(llvm::Type* type) {
  llvm::Type* element = type->getScalarType();
  const unsigned count = elements_of(type), bits = bits_of(element);
  return {element, count, std::int64_t{count} * bits / 8, is_plain(bits)};
}

bool is_ordered(const llvm::Instruction& access) {
  return access.isAtomic() || access.isVolatile();
}

llvm::AtomicOrdering ordering_of(const llvm::Instruction& access) {
  if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&access)) return load->getOrdering();
  return llvm::cast<llvm::StoreInst>(access).getOrdering();
}

}  // namespace

Emission::Pattern Emission::pattern_of(llvm::Value* pointer, llvm::Type* type) const {
  const Shape shape = shapes_.of(pointer);
  const Access access = access_of(type);
  if (shape.is_uniform()) return Pattern::kUniform;
  if (is_alone()) return Pattern::kLone;
  if (shape.varying || !access.plain) return Pattern::kRandom;
  if (shape.by_rows && shape.stride == 0) return Pattern::kOnceForRows;
  const Pattern other = is_strided(pointer) ? Pattern::kStrided : Pattern::kRandom;
  if (shape.by_rows) return shape.stride == access.bytes ? Pattern::kRows : other;
  if (shape.stride == access.bytes) return Pattern::kContiguous;
  return shape.stride == -access.bytes && access.count == 1 ? Pattern::kReversed : other;
}

/// Accesses that others may see in the midst of are whole by nature of the machine; the compiler
/// must neither merge nor move them.
void Emission::order_before(llvm::Instruction& access) {
  if (!is_ordered(access)) return;
  const llvm::AtomicOrdering ordering = ordering_of(access);
  const bool releases = llvm::isReleaseOrStronger(ordering) && llvm::isa<llvm::StoreInst>(access);
  if (releases)
    ir_.CreateFence(llvm::AtomicOrdering::Release);
  else
    ir_.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent, llvm::SyncScope::SingleThread);
}

void Emission::order_after(llvm::Instruction& access) {
  if (!is_ordered(access)) return;
  const llvm::AtomicOrdering ordering = ordering_of(access);
  const bool acquires = llvm::isAcquireOrStronger(ordering) && llvm::isa<llvm::LoadInst>(access);
  if (acquires)
    ir_.CreateFence(llvm::AtomicOrdering::Acquire);
  else
    ir_.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent, llvm::SyncScope::SingleThread);
}

llvm::Value* Emission::guarded(llvm::Value* guard, llvm::function_ref<llvm::Value*()> fast,
                               llvm::function_ref<llvm::Value*()> slow) {
  const auto one = [](llvm::Value* value) {
    return value == nullptr || value->getType()->isVoidTy() ? Values() : Values{value};
  };
  const Values made =
      guarded_values(guard, [&] { return one(fast()); }, [&] { return one(slow()); });
  return made.empty() ? nullptr : made.front();
}

Emission::Values Emission::guarded_values(llvm::Value* guard, llvm::function_ref<Values()> fast,
                                          llvm::function_ref<Values()> slow) {
  if (guard == nullptr) return fast();
  llvm::LLVMContext& context = ir_.getContext();
  auto* in_line = llvm::BasicBlock::Create(context, "in_line", made_);
  auto* scattered = llvm::BasicBlock::Create(context, "scattered", made_);
  auto* after = llvm::BasicBlock::Create(context, "after", made_);
  llvm::BranchInst* branch = ir_.CreateCondBr(guard, in_line, scattered);
  branch->setMetadata(llvm::LLVMContext::MD_prof,
                      llvm::MDBuilder(context).createLikelyBranchWeights());
  Values results;
  const auto fill = [&](llvm::BasicBlock* block, llvm::function_ref<Values()> emit) {
    ir_.SetInsertPoint(block);
    const Values values = emit();
    llvm::BasicBlock* end = ir_.GetInsertBlock();
    ir_.CreateBr(after);
    for (const auto [i, value] : llvm::enumerate(values)) {
      if (i == results.size())
        results.push_back(llvm::PHINode::Create(value->getType(), 2, "", after));
      llvm::cast<llvm::PHINode>(results[i])->addIncoming(value, end);
    }
  };
  fill(in_line, fast);
  fill(scattered, slow);
  ir_.SetInsertPoint(after);
  return results;
}

// --- Loads

llvm::Value* Emission::emit_load(llvm::LoadInst& load) {
  if (moves_columns(load)) return load_by_columns(load);
  order_before(load);
  llvm::Value* pointer = load.getPointerOperand();
  llvm::Value* made = nullptr;
  switch (pattern_of(pointer, load.getType())) {
    case Pattern::kLone:
      made = repeat_for_lanes(load);
      break;
    case Pattern::kUniform:
      made = emit_scalar(load);
      break;
    case Pattern::kContiguous:
    case Pattern::kReversed:
      made = guarded(
          guard(pointer), [&] { return load_contiguous(load); },
          [&] { return load_gathered(load); });
      break;
    case Pattern::kOnceForRows:
      made = guarded(
          guard(pointer), [&] { return load_once_for_rows(load); },
          [&] { return load_gathered(load); });
      break;
    case Pattern::kRows:
      made = guarded(
          guard(pointer), [&] { return load_rows(load); }, [&] { return load_gathered(load); });
      break;
    case Pattern::kStrided:
      made = load_strided(load);
      break;
    case Pattern::kRandom:
      made = load_gathered(load);
  }
  order_after(load);
  return made;
}

llvm::Value* Emission::lowest(llvm::Value* pointer, llvm::Type* type) {
  llvm::Value* first = scalar(pointer);
  if (pattern_of(pointer, type) != Pattern::kReversed) return first;
  const std::int64_t stride = shapes_.of(pointer).stride;
  return ir_.CreateGEP(ir_.getInt8Ty(), first,
                       ir_.getInt64(static_cast<std::uint64_t>(stride * (lanes_.count - 1))));
}

llvm::Value* Emission::load_contiguous(llvm::LoadInst& load) {
  llvm::Type* type = vector_type(load.getType());
  const bool reversed = pattern_of(load.getPointerOperand(), load.getType()) == Pattern::kReversed;
  llvm::Value* pointer = lowest(load.getPointerOperand(), load.getType());
  if (!reversed) fetch_ahead(load, pointer, lanes_.count);
  if (masks_.lookup(current_) == nullptr) {
    llvm::Value* all = ir_.CreateAlignedLoad(type, pointer, load.getAlign());
    return reversed ? ir_.CreateVectorReverse(all) : all;
  }
  llvm::Value* mask = mask_for(access_of(load.getType()).count);
  if (reversed) mask = ir_.CreateVectorReverse(mask);
  // LLVM 22 merges a selection by the same mask into the load, even behind stores that the load
  // came before: InstCombine puts the load where the selection was. It does not look through
  // `freeze`.
  llvm::Value* all = ir_.CreateFreeze(ir_.CreateMaskedLoad(type, pointer, load.getAlign(), mask));
  return reversed ? ir_.CreateVectorReverse(all) : all;
}

/// Where each lane's element `index` is.
llvm::Value* Emission::element_pointers(llvm::Value* pointers, llvm::Type* element,
                                        unsigned index) {
  return index == 0 ? pointers : ir_.CreateGEP(element, pointers, ir_.getInt64(index));
}

/// Machines gather words. A byte or half a word, aligned, lies in the aligned word around it, and
/// where one byte of that can be read the others can.
llvm::Value* Emission::gathered(llvm::Type* element, llvm::Value* pointers, llvm::Align alignment) {
  llvm::Type* column = llvm::FixedVectorType::get(element, lanes_.count);
  const unsigned bits = bits_of(element);
  if (bits >= 32 || alignment.value() * 8 < bits)
    return ir_.CreateMaskedGather(column, pointers, alignment, active_mask());
  llvm::Type* words = llvm::FixedVectorType::get(ir_.getInt32Ty(), lanes_.count);
  llvm::Value* low = ir_.CreateTrunc(
      ir_.CreatePtrToInt(pointers, llvm::FixedVectorType::get(ir_.getInt64Ty(), lanes_.count)),
      words);
  llvm::Value* distance = ir_.CreateAnd(low, llvm::ConstantInt::get(words, 3));
  llvm::Value* back = ir_.CreateNeg(
      ir_.CreateZExt(distance, llvm::FixedVectorType::get(ir_.getInt64Ty(), lanes_.count)));
  llvm::Value* around = ir_.CreateGEP(ir_.getInt8Ty(), pointers, back);
  llvm::Value* all = ir_.CreateMaskedGather(words, around, llvm::Align(4), active_mask());
  all = ir_.CreateLShr(all, ir_.CreateShl(distance, 3));
  return ir_.CreateBitCast(
      ir_.CreateTrunc(all, llvm::FixedVectorType::get(ir_.getIntNTy(bits), lanes_.count)), column);
}

llvm::Value* Emission::load_gathered(llvm::LoadInst& load) {
  const Access access = access_of(load.getType());
  if (!access.plain) return repeat_for_lanes(load);
  if (moves_pieces(load.getType())) return load_pieces(load);
  llvm::Value* pointers = vector(load.getPointerOperand());
  llvm::Value* all = nullptr;
  for (unsigned k = 0; k < access.count; ++k) {
    llvm::Value* places = element_pointers(pointers, access.element, k);
    const llvm::Align alignment =
        llvm::commonAlignment(load.getAlign(), k * access.bytes / access.count);
    llvm::Value* elements = gathered(access.element, places, alignment);
    all = k == 0 ? widened(elements, access.count) : with_column(all, elements, access.count, k);
  }
  return all;
}

// --- Stores

void Emission::emit_store(llvm::StoreInst& store) {
  if (moves_columns(store)) return store_by_columns(store);
  order_before(store);
  llvm::Value* pointer = store.getPointerOperand();
  switch (pattern_of(pointer, store.getValueOperand()->getType())) {
    case Pattern::kLone:
      repeat_for_lanes(store);
      break;
    case Pattern::kUniform:
      store_once(store);
      break;
    case Pattern::kContiguous:
    case Pattern::kReversed:
    case Pattern::kRows:
      guarded(
          guard(pointer),
          [&] {
            shapes_.of(pointer).by_rows ? store_rows(store) : store_contiguous(store);
            return nullptr;
          },
          [&] {
            store_scattered(store);
            return nullptr;
          });
      break;
    case Pattern::kStrided:
      store_strided(store);
      break;
    case Pattern::kOnceForRows:
    case Pattern::kRandom:
      store_scattered(store);
  }
  order_after(store);
}

llvm::Value* Emission::last_active_lane() {
  if (is_alone()) return number_of_lone_lane();
  llvm::Value* above =
      ir_.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, mask_bits(), ir_.getFalse());
  return ir_.CreateSub(ir_.getInt64(lanes_.count - 1),
                       ir_.CreateZExtOrTrunc(above, ir_.getInt64Ty()));
}

/// All lanes write to one place: the last one stays.
void Emission::store_once(llvm::StoreInst& store) {
  llvm::Value* value = store.getValueOperand();
  if (!is_uniform(value)) {
    value = element_of_lane(vector(value), value->getType(), last_active_lane());
  } else {
    value = scalar(value);
  }
  auto* made = llvm::cast<llvm::StoreInst>(ir_.Insert(store.clone()));
  made->setOperand(0, value);
  made->setOperand(1, scalar(store.getPointerOperand()));
}

void Emission::store_contiguous(llvm::StoreInst& store) {
  llvm::Type* type = store.getValueOperand()->getType();
  llvm::Value* value = vector(store.getValueOperand());
  const bool reversed = pattern_of(store.getPointerOperand(), type) == Pattern::kReversed;
  llvm::Value* pointer = lowest(store.getPointerOperand(), type);
  if (reversed) value = ir_.CreateVectorReverse(value);
  const bool masked = masks_.lookup(current_) != nullptr;
  llvm::Value* mask = masked ? mask_for(access_of(type).count) : nullptr;
  if (reversed && masked) mask = ir_.CreateVectorReverse(mask);
  store_in_line(store, value, pointer, mask);
}

void Emission::store_scattered(llvm::StoreInst& store) {
  const Access access = access_of(store.getValueOperand()->getType());
  // Machines scatter words, and what lies beside a byte may be somebody else's.
  if (!access.plain || access.bytes / access.count < 4) {
    repeat_for_lanes(store);
    return;
  }
  llvm::Value* pointers = vector(store.getPointerOperand());
  for (unsigned k = 0; k < access.count; ++k)
    ir_.CreateMaskedScatter(
        column(store.getValueOperand(), k), element_pointers(pointers, access.element, k),
        llvm::commonAlignment(store.getAlign(), k * access.bytes / access.count), active_mask());
}

// --- Columns: element k of all lanes' vectors

/// Of a value of the source.
llvm::Value* Emission::column(llvm::Value* value, unsigned k) {
  if (!value->getType()->isVectorTy()) return vector(value);
  llvm::Value* element = llvm::findScalarElement(value, k);
  return element != nullptr ? vector(element)
                            : column_of(vector(value), access_of(value->getType()).count, k);
}

llvm::Value* Emission::column_of(llvm::Value* all, unsigned count, unsigned k) {
  if (count == 1) return all;
  llvm::SmallVector<int> order;
  for (unsigned i = 0; i < lanes_.count; ++i) order.push_back(static_cast<int>(i * count + k));
  return ir_.CreateShuffleVector(all, order);
}

/// A vector with `count` places for each lane, of which all hold the lane's element.
llvm::Value* Emission::widened(llvm::Value* column, unsigned count) {
  return divided(column, count);
}

llvm::Value* Emission::with_column(llvm::Value* all, llvm::Value* column, unsigned count,
                                   unsigned k) {
  llvm::SmallVector<int> order;
  for (unsigned i = 0; i < lanes_.count * count; ++i)
    order.push_back(static_cast<int>(i % count == k ? lanes_.count * count + i : i));
  return ir_.CreateShuffleVector(all, widened(column, count), order);
}

// --- Atomic operations

namespace {

/// The reduction over lanes that does the same to memory in one step; none if there is none.
llvm::Intrinsic::ID reduction_of(llvm::AtomicRMWInst::BinOp operation) {
  switch (operation) {
    case llvm::AtomicRMWInst::Add:
      return llvm::Intrinsic::vector_reduce_add;
    case llvm::AtomicRMWInst::And:
      return llvm::Intrinsic::vector_reduce_and;
    case llvm::AtomicRMWInst::Or:
      return llvm::Intrinsic::vector_reduce_or;
    case llvm::AtomicRMWInst::Xor:
      return llvm::Intrinsic::vector_reduce_xor;
    case llvm::AtomicRMWInst::Max:
      return llvm::Intrinsic::vector_reduce_smax;
    case llvm::AtomicRMWInst::Min:
      return llvm::Intrinsic::vector_reduce_smin;
    case llvm::AtomicRMWInst::UMax:
      return llvm::Intrinsic::vector_reduce_umax;
    case llvm::AtomicRMWInst::UMin:
      return llvm::Intrinsic::vector_reduce_umin;
    default:
      return llvm::Intrinsic::not_intrinsic;
  }
}

llvm::APInt identity_of(llvm::AtomicRMWInst::BinOp operation, unsigned width) {
  switch (operation) {
    case llvm::AtomicRMWInst::And:
    case llvm::AtomicRMWInst::UMin:
      return llvm::APInt::getMaxValue(width);
    case llvm::AtomicRMWInst::Max:
      return llvm::APInt::getSignedMinValue(width);
    case llvm::AtomicRMWInst::Min:
      return llvm::APInt::getSignedMaxValue(width);
    default:
      return llvm::APInt(width, 0);
  }
}

}  // namespace

/// One update for all lanes where all update one place and nobody asks what was there. The order of
/// floating-point additions is nobody's to rely on.
bool Emission::emit_reduction(llvm::AtomicRMWInst& update) {
  if (!update.use_empty() || !is_uniform(update.getPointerOperand())) return false;
  llvm::Type* type = update.getType();
  const auto operation = update.getOperation();
  const bool adds_floats =
      operation == llvm::AtomicRMWInst::FAdd && (type->isFloatTy() || type->isDoubleTy());
  const llvm::Intrinsic::ID reduction = reduction_of(operation);
  if (!adds_floats && reduction == llvm::Intrinsic::not_intrinsic) return false;
  llvm::Constant* identity =
      adds_floats ? llvm::ConstantFP::getNegativeZero(type)
                  : static_cast<llvm::Constant*>(llvm::ConstantInt::get(
                        ir_.getContext(), identity_of(operation, type->getIntegerBitWidth())));
  llvm::Value* values = vector(update.getValOperand());
  values = ir_.CreateSelect(active_mask(), values, ir_.CreateVectorSplat(lanes_.count, identity));
  llvm::Value* sum = nullptr;
  if (adds_floats) {
    auto* call = ir_.CreateFAddReduce(identity, values);
    call->setHasAllowReassoc(true);
    sum = call;
  } else {
    sum = ir_.CreateUnaryIntrinsic(reduction, values);
  }
  auto* made = llvm::cast<llvm::AtomicRMWInst>(ir_.Insert(update.clone()));
  made->setOperand(0, scalar(update.getPointerOperand()));
  made->setOperand(1, sum);
  return true;
}

llvm::Value* Emission::emit_atomic(llvm::Instruction& atomic) {
  auto* update = llvm::dyn_cast<llvm::AtomicRMWInst>(&atomic);
  if (update != nullptr && emit_reduction(*update)) return nullptr;
  return repeat_for_lanes(atomic);
}

}  // namespace cuda_shim::kernels::simd
