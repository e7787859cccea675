// What has no vector form is done by one lane after another, in a loop over the active ones; or by
// the one that is there.

#include <llvm/IR/Constants.h>
#include <llvm/IR/Intrinsics.h>

#include "kernels/simd/emission.h"
#include "kernels/targets/host/shared_memory.h"

namespace cuda_shim::kernels::simd {

/// Where the values of all lanes lie while a loop goes over them.
struct Emission::LaneRoom {
  llvm::AllocaInst* place = nullptr;  ///< null: every lane's value follows from lane 0's
  llvm::Type* type = nullptr;         ///< of one lane
  llvm::Value* source = nullptr;      ///< the value of the one-thread function
};

namespace {

/// Bits have no address of their own.
llvm::Type* stored(llvm::Type* type) {
  return type->isIntegerTy(1) ? llvm::Type::getInt8Ty(type->getContext()) : type;
}

/// Where a lane's value lies in a room. LLVM's arrays of vectors may have gaps; rooms have none.
struct LanePlace {
  llvm::Value* pointer;
  llvm::Align alignment;
};

LanePlace place_in(llvm::IRBuilder<>& ir, llvm::AllocaInst& room, llvm::Type* type,
                   llvm::Value* lane) {
  llvm::Type* element = type->getScalarType();
  if (const auto* own = llvm::dyn_cast<llvm::FixedVectorType>(type))
    lane = ir.CreateMul(lane, ir.getInt64(own->getNumElements()));
  return {ir.CreateGEP(element, &room, lane), room.getDataLayout().getABITypeAlign(element)};
}

}  // namespace

Emission::LaneRoom Emission::lane_room_for(llvm::Type* type) {
  if (type->isStructTy()) refuse("An operation with a structure is carried out lane by lane.");
  llvm::Type* all = llvm::ArrayType::get(stored(type), lanes_.count);
  return {slot(all, llvm::Align(64)), type, nullptr};
}

Emission::LaneRoom Emission::lane_room(llvm::Value* value) {
  const Shape shape = shapes_.of(value);
  if (shape.is_sure() && !shape.by_rows) return {nullptr, value->getType(), value};
  LaneRoom room = lane_room_for(value->getType());
  room.source = value;
  llvm::Value* all = vector(value);
  if (value->getType()->isIntegerTy(1))
    all = ir_.CreateZExt(all, llvm::FixedVectorType::get(ir_.getInt8Ty(), lanes_.count));
  ir_.CreateAlignedStore(all, room.place, llvm::Align(64));
  return room;
}

llvm::Value* Emission::read_lane(const LaneRoom& room, llvm::Value* lane) {
  if (room.place == nullptr) {
    const std::int64_t stride = shapes_.of(room.source).stride;
    llvm::Value* first = scalar(room.source);
    if (stride == 0) return first;
    const bool address = room.type->isPointerTy();
    llvm::Type* number = address ? ir_.getInt64Ty() : room.type;
    llvm::Value* distance =
        ir_.CreateMul(ir_.CreateZExtOrTrunc(lane, number),
                      llvm::ConstantInt::getSigned(number, stride, /*implicitTrunc=*/true));
    return address ? ir_.CreateGEP(ir_.getInt8Ty(), first, distance)
                   : ir_.CreateAdd(first, distance);
  }
  llvm::Type* type = stored(room.type);
  const auto [pointer, alignment] = place_in(ir_, *room.place, type, lane);
  llvm::Value* loaded = ir_.CreateAlignedLoad(type, pointer, alignment);
  return type == room.type ? loaded : ir_.CreateTrunc(loaded, room.type);
}

llvm::Value* Emission::element_of_lane(llvm::Value* all, llvm::Type* type, llvm::Value* lane) {
  const auto* own = llvm::dyn_cast<llvm::FixedVectorType>(type);
  if (own == nullptr) return ir_.CreateExtractElement(all, lane);
  llvm::Value* made = llvm::PoisonValue::get(type);
  for (unsigned k = 0; k < own->getNumElements(); ++k)
    made = ir_.CreateInsertElement(
        made, ir_.CreateExtractElement(column_of(all, own->getNumElements(), k), lane), k);
  return made;
}

/// Whether exactly one lane runs the current block.
bool Emission::is_alone() const {
  if (lone_lanes_.of(current_) == nullptr) return false;
  return !always_enters_.contains(current_->getSinglePredecessor());
}

llvm::Value* Emission::number_of_lone_lane() {
  const auto [counting, wanted] = *lone_lanes_.of(current_);
  llvm::Type* number = ir_.getInt64Ty();
  if (shapes_.of(counting).stride != 1)
    return ir_.CreateZExtOrTrunc(
        ir_.CreateBinaryIntrinsic(llvm::Intrinsic::cttz, mask_bits(), ir_.getTrue()), number);
  // Often a constant by what is known of the low bits.
  llvm::Value* lane = ir_.CreateSub(scalar(wanted), scalar(counting));
  return ir_.CreateAnd(ir_.CreateZExtOrTrunc(lane, number), lanes_.count - 1);
}

llvm::Value* Emission::for_lone_lane(llvm::Type* result, LaneBody body) {
  llvm::Value* lane = number_of_lone_lane();
  lane_of_loop_ = lane;
  llvm::Value* made = body([&](llvm::Value* operand) {
    const Shape shape = shapes_.of(operand);
    if (shape.is_sure() && !shape.by_rows)
      return read_lane({nullptr, operand->getType(), operand}, lane);
    return element_of_lane(vector(operand), operand->getType(), lane);
  });
  if (result->isVoidTy()) return nullptr;
  llvm::Value* all = llvm::PoisonValue::get(vector_type(result));
  const auto* own = llvm::dyn_cast<llvm::FixedVectorType>(result);
  if (own == nullptr) return ir_.CreateInsertElement(all, made, lane);
  const unsigned count = own->getNumElements();
  for (unsigned k = 0; k < count; ++k)
    all = ir_.CreateInsertElement(
        all, ir_.CreateExtractElement(made, k),
        ir_.CreateAdd(ir_.CreateMul(lane, ir_.getInt64(count)), ir_.getInt64(k)));
  return all;
}

/// What a loop over lanes consists of: does the work of one of them.
using LaneWork = llvm::function_ref<void(llvm::Value* lane)>;

namespace {

/// From the first active lane to the last. Ends in a new block.
void loop_over_active(llvm::IRBuilder<>& ir, llvm::Value* active, llvm::BasicBlock* after,
                      LaneWork work) {
  llvm::BasicBlock* before = ir.GetInsertBlock();
  auto* loop = llvm::BasicBlock::Create(ir.getContext(), "lane", before->getParent());
  ir.CreateBr(loop);
  ir.SetInsertPoint(loop);
  llvm::PHINode* left = ir.CreatePHI(active->getType(), 2);
  left->addIncoming(active, before);
  work(ir.CreateZExtOrTrunc(ir.CreateBinaryIntrinsic(llvm::Intrinsic::cttz, left, ir.getTrue()),
                            ir.getInt64Ty()));
  llvm::Value* rest =
      ir.CreateAnd(left, ir.CreateSub(left, llvm::ConstantInt::get(left->getType(), 1)));
  left->addIncoming(rest, ir.GetInsertBlock());
  ir.CreateCondBr(ir.CreateIsNotNull(rest), loop, after);
}

/// So that lanes' values are read from memory: taken out of registers, they cost more.
void keep_rolled(llvm::BranchInst* latch) {
  llvm::LLVMContext& context = latch->getContext();
  llvm::Metadata* disable =
      llvm::MDNode::get(context, llvm::MDString::get(context, "llvm.loop.unroll.disable"));
  llvm::MDNode* loop = llvm::MDNode::getDistinct(context, {nullptr, disable});
  loop->replaceOperandWith(0, loop);
  latch->setMetadata(llvm::LLVMContext::MD_loop, loop);
}

/// Over `count` lanes, all of them active, several in a round.
void loop_over_all(llvm::IRBuilder<>& ir, unsigned count, llvm::BasicBlock* after, LaneWork work) {
  constexpr unsigned kInRound = 8;
  llvm::BasicBlock* before = ir.GetInsertBlock();
  auto* loop = llvm::BasicBlock::Create(ir.getContext(), "lanes", before->getParent());
  ir.CreateBr(loop);
  ir.SetInsertPoint(loop);
  llvm::PHINode* lane = ir.CreatePHI(ir.getInt64Ty(), 2);
  lane->addIncoming(ir.getInt64(0), before);
  const unsigned in_round = std::min(kInRound, count);
  for (unsigned i = 0; i < in_round; ++i) work(ir.CreateAdd(lane, ir.getInt64(i)));
  llvm::Value* next = ir.CreateAdd(lane, ir.getInt64(in_round));
  lane->addIncoming(next, ir.GetInsertBlock());
  keep_rolled(ir.CreateCondBr(ir.CreateICmpNE(next, ir.getInt64(count)), loop, after));
}

}  // namespace

llvm::Value* Emission::for_each_lane(llvm::ArrayRef<llvm::Value*> operands, llvm::Type* result,
                                     LaneBody body, bool is_short) {
  if (is_alone()) return for_lone_lane(result, body);
  llvm::SmallDenseMap<llvm::Value*, LaneRoom> rooms;
  for (llvm::Value* operand : operands)
    if (!rooms.contains(operand)) rooms[operand] = lane_room(operand);
  const bool returns = !result->isVoidTy();
  const LaneRoom results = returns ? lane_room_for(result) : LaneRoom{};
  const auto work = [&](llvm::Value* lane) {
    lane_of_loop_ = lane;
    llvm::Value* made =
        body([&](llvm::Value* operand) { return read_lane(rooms.lookup(operand), lane); });
    if (!returns) return;
    llvm::Type* type = stored(result);
    if (type != result) made = ir_.CreateZExt(made, type);
    const auto [pointer, alignment] = place_in(ir_, *results.place, type, lane);
    ir_.CreateAlignedStore(made, pointer, alignment);
  };
  llvm::Value* active = mask_bits();
  auto* after = llvm::BasicBlock::Create(ir_.getContext(), "lanes_done", made_);
  if (is_short) {
    auto* all = llvm::BasicBlock::Create(ir_.getContext(), "all_lanes", made_);
    auto* some = llvm::BasicBlock::Create(ir_.getContext(), "some_lanes", made_);
    ir_.CreateCondBr(ir_.CreateICmpEQ(active, llvm::Constant::getAllOnesValue(active->getType())),
                     all, some);
    ir_.SetInsertPoint(all);
    loop_over_all(ir_, lanes_.count, after, work);
    ir_.SetInsertPoint(some);
  }
  loop_over_active(ir_, active, after, work);
  ir_.SetInsertPoint(after);
  if (!returns) return nullptr;
  if (!result->isIntegerTy(1))
    return ir_.CreateAlignedLoad(vector_type(result), results.place, llvm::Align(64));
  llvm::Value* bytes = ir_.CreateAlignedLoad(
      llvm::FixedVectorType::get(ir_.getInt8Ty(), lanes_.count), results.place, llvm::Align(64));
  return ir_.CreateTrunc(bytes, vector_type(result));
}

/// The instruction as it stands, for each lane. Atomic operations in shared memory are short: no
/// other core takes part in them. A structure that it returns is taken apart.
llvm::Value* Emission::repeat_for_lanes(llvm::Instruction& instruction) {
  const bool is_short = instruction.hasMetadata(metadata_kind());
  llvm::SmallVector<llvm::Value*> operands;
  for (llvm::Value* operand : instruction.operands())
    if (!llvm::isa<llvm::Function>(operand)) operands.push_back(operand);
  const auto repeat_it = [&](LaneValue value) {
    llvm::Instruction* made = instruction.clone();
    made->dropUnknownNonDebugMetadata({metadata_kind()});
    for (llvm::Use& use : made->operands())
      if (!llvm::isa<llvm::Function>(use.get())) use.set(value(use.get()));
    return static_cast<llvm::Value*>(ir_.Insert(made));
  };
  llvm::Type* type = instruction.getType();
  if (auto* structure = llvm::dyn_cast<llvm::StructType>(type)) {
    if (!llvm::isa<llvm::AtomicCmpXchgInst>(instruction)) {
      refuse("An operation that returns a structure is carried out lane by lane.");
      return nullptr;
    }
    llvm::Type* first = structure->getElementType(0);
    llvm::Value* found = for_each_lane(
        operands, first,
        [&](LaneValue value) { return ir_.CreateExtractValue(repeat_it(value), 0); }, is_short);
    llvm::Value* made = llvm::PoisonValue::get(vector_type(type));
    made = ir_.CreateInsertValue(made, found, 0);
    llvm::Value* expected = vector(instruction.getOperand(1));
    return ir_.CreateInsertValue(made, ir_.CreateICmpEQ(found, expected), 1);
  }
  return for_each_lane(operands, type, repeat_it, is_short);
}

unsigned Emission::metadata_kind() {
  return ir_.getContext().getMDKindID(targets::host::kSharedMark);
}

}  // namespace cuda_shim::kernels::simd
