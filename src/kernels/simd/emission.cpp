// The two forms of values, and the instructions that neither access memory nor decide about
// control.

#include "kernels/simd/emission.h"

#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Operator.h>

#include "kernels/instructions/device_ops.h"
#include "kernels/simd/own_arrays.h"

namespace cuda_shim::kernels::simd {

Emission::Emission(llvm::Function& source, const Lanes& lanes, const ShapeAnalysis& shapes)
    : source_(source),
      lanes_(lanes),
      shapes_(shapes),
      dominators_(source),
      post_dominators_(source),
      loops_(dominators_),
      lone_lanes_(source, lanes, shapes, dominators_, loops_),
      streaming_(source),
      waits_(instructions::uses(*source.getParent(), instructions::DeviceOp::yield)),
      has_tiles_(lanes.knows_block() && !lanes.one_dimensional() &&
                 instructions::uses(*source.getParent(), instructions::DeviceOp::shared_window)),
      ir_(source.getContext()) {}

std::expected<llvm::Function*, Refusal> Emission::run() {
  check_control();
  if (refusal_) return std::unexpected(*refusal_);
  made_ = llvm::Function::Create(source_.getFunctionType(), source_.getLinkage(),
                                 source_.getName() + ".simd", source_.getParent());
  made_->copyAttributesFrom(&source_);
  const llvm::ReversePostOrderTraversal<llvm::Function*> order(&source_);
  for (llvm::BasicBlock* block : order)
    heads_[block] = llvm::BasicBlock::Create(ir_.getContext(), block->getName(), made_);
  for (llvm::BasicBlock* block : order) {
    begin_block(*block);
    for (llvm::Instruction& instruction : *block)
      if (!instruction.isTerminator() && !refusal_) emit(instruction);
    if (refusal_) break;
    emit_terminator(*block);
  }
  if (!refusal_) finish_phis();
  if (!refusal_) return made_;
  made_->deleteBody();
  made_->eraseFromParent();
  return std::unexpected(*refusal_);
}

void Emission::refuse(std::string why) {
  if (!refusal_) refusal_ = std::move(why);
}

// --- Values

llvm::Type* Emission::vector_type(llvm::Type* type) const {
  if (type->isVoidTy()) return type;
  if (auto* structure = llvm::dyn_cast<llvm::StructType>(type)) {
    llvm::SmallVector<llvm::Type*> members;
    for (llvm::Type* member : structure->elements()) members.push_back(vector_type(member));
    return llvm::StructType::get(type->getContext(), members);
  }
  unsigned elements = lanes_.count;
  if (auto* own = llvm::dyn_cast<llvm::FixedVectorType>(type)) elements *= own->getNumElements();
  return llvm::FixedVectorType::get(type->getScalarType(), elements);
}

llvm::Value* Emission::scalar(llvm::Value* value) {
  if (!llvm::isa<llvm::Instruction>(value)) return value;
  return scalars_.lookup(value);
}

llvm::Constant* Emission::lane_numbers(llvm::Type* type, std::int64_t stride) const {
  llvm::SmallVector<llvm::Constant*> numbers;
  for (unsigned i = 0; i < lanes_.count; ++i)
    numbers.push_back(llvm::ConstantInt::get(
        type, llvm::APInt(type->getIntegerBitWidth(), static_cast<std::uint64_t>(stride * i), true,
                          /*implicitTrunc=*/true)));
  return llvm::ConstantVector::get(numbers);
}

/// The same value in every lane.
llvm::Value* Emission::repeat(llvm::Value* value, unsigned lanes) {
  if (auto* structure = llvm::dyn_cast<llvm::StructType>(value->getType())) {
    llvm::Value* made = llvm::PoisonValue::get(vector_type(structure));
    for (unsigned i = 0; i < structure->getNumElements(); ++i)
      made = ir_.CreateInsertValue(made, repeat(ir_.CreateExtractValue(value, i), lanes), i);
    return made;
  }
  auto* own = llvm::dyn_cast<llvm::FixedVectorType>(value->getType());
  if (own == nullptr) return ir_.CreateVectorSplat(lanes, value);
  llvm::SmallVector<int> order;
  for (unsigned i = 0; i < lanes; ++i)
    for (unsigned k = 0; k < own->getNumElements(); ++k) order.push_back(static_cast<int>(k));
  return ir_.CreateShuffleVector(value, order);
}

llvm::Value* Emission::spread(llvm::Value* value, std::int64_t stride) {
  llvm::Value* all = repeat(value);
  if (stride == 0) return all;
  if (!value->getType()->isPointerTy())
    return ir_.CreateAdd(all, lane_numbers(value->getType(), stride));
  return ir_.CreateGEP(ir_.getInt8Ty(), all, lane_numbers(ir_.getInt64Ty(), stride));
}

llvm::Value* Emission::vector(llvm::Value* value) {
  if (auto* constant = llvm::dyn_cast<llvm::Constant>(value)) return repeat(constant);
  if (llvm::Value* known = vectors_.lookup(value)) return known;
  if (auto* phi = llvm::dyn_cast<llvm::PHINode>(value); phi != nullptr && shapes_.of(phi).assumed)
    return counted_vector(*phi);
  const auto rows = rows_.find(value);
  if (rows != rows_.end()) {  // a phi, so that its rows' values are there from the block's begin
    llvm::IRBuilder<>::InsertPointGuard restore(ir_);
    llvm::BasicBlock* block = llvm::cast<llvm::PHINode>(rows->second.front())->getParent();
    ir_.SetInsertPoint(block, block->getFirstInsertionPt());
    return vectors_[value] = spread_rows(rows->second, shapes_.of(value).stride);
  }
  llvm::Value* of_lane_0 = scalar(value);
  if (of_lane_0 == nullptr) {
    refuse("A value is used before it is made.");
    return llvm::PoisonValue::get(vector_type(value->getType()));
  }
  const std::int64_t stride = shapes_.of(value).stride;
  auto* instruction = llvm::dyn_cast<llvm::Instruction>(of_lane_0);
  if (instruction == nullptr) return spread(of_lane_0, stride);
  // Where it is made, so that all its uses can share it.
  llvm::IRBuilder<>::InsertPointGuard restore(ir_);
  llvm::BasicBlock* block = instruction->getParent();
  ir_.SetInsertPoint(block, llvm::isa<llvm::PHINode>(instruction)
                                ? block->getFirstInsertionPt()
                                : std::next(instruction->getIterator()));
  llvm::Value* all = spread(of_lane_0, stride);
  vectors_[value] = all;
  return all;
}

/// What the lanes began with, and how far lane 0 has come since: only code that an assumption has
/// failed asks for it, so that it is worked out where it is used.
llvm::Value* Emission::counted_vector(llvm::PHINode& phi) {
  llvm::Value* begin = counted_from(phi);
  const bool address = phi.getType()->isPointerTy();
  llvm::Type* number = address ? ir_.getInt64Ty() : phi.getType();
  llvm::SmallVector<llvm::Value*> distances;
  const unsigned rows = shapes_.of(&phi).by_rows ? lanes_.rows() : 1;
  for (unsigned row = 0; row < rows; ++row) {
    llvm::Value *now = row_scalar(&phi, row), *then = row_scalar(begin, row);
    if (address) now = ir_.CreatePtrToInt(now, number), then = ir_.CreatePtrToInt(then, number);
    distances.push_back(repeat(ir_.CreateSub(now, then), lanes_.count / rows));
  }
  llvm::Value* all = joined(distances);
  return address ? ir_.CreateGEP(ir_.getInt8Ty(), vector(begin), all)
                 : ir_.CreateAdd(vector(begin), all);
}

llvm::Value* Emission::active_mask() {
  if (llvm::Value* mask = masks_.lookup(current_)) return mask;
  return llvm::ConstantInt::getTrue(llvm::FixedVectorType::get(ir_.getInt1Ty(), lanes_.count));
}

llvm::Value* Emission::mask_bits() {
  return ir_.CreateBitCast(active_mask(), ir_.getIntNTy(lanes_.count));
}

/// Each lane's bit for every one of its elements.
llvm::Value* Emission::divided(llvm::Value* mask, unsigned elements) {
  if (elements == 1) return mask;
  llvm::SmallVector<int> order;
  for (unsigned i = 0; i < lanes_.count; ++i) order.append(elements, static_cast<int>(i));
  return ir_.CreateShuffleVector(mask, order);
}

llvm::Value* Emission::mask_for(unsigned elements) {
  return divided(active_mask(), elements);
}

llvm::AllocaInst* Emission::slot(llvm::Type* type, llvm::Align alignment) {
  llvm::IRBuilder<>::InsertPointGuard restore(ir_);
  ir_.SetInsertPoint(&made_->getEntryBlock(), made_->getEntryBlock().begin());
  llvm::AllocaInst* made = ir_.CreateAlloca(type);
  made->setAlignment(alignment);
  return made;
}

// --- Instructions

void Emission::emit(llvm::Instruction& instruction) {
  if (auto* phi = llvm::dyn_cast<llvm::PHINode>(&instruction)) return emit_phi(*phi);
  if (auto* storage = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) return emit_alloca(*storage);
  if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) return emit_store(*store);
  const Shape shape = shapes_.of(&instruction);
  if (shape.by_rows) return emit_by_rows(instruction);
  if (const auto butterfly = butterfly_that_ends_in(instruction, lanes_))
    return define(instruction, reduced(instruction, *butterfly));
  auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
  const bool limits = llvm::isa<llvm::MinMaxIntrinsic>(instruction) && shape.is_affine();
  if (call != nullptr && !limits) return define(instruction, emit_call(*call));
  if (shape.is_affine()) return emit_affine(instruction);
  const bool once = shape.is_uniform() && !instruction.isAtomic();
  define(instruction, once ? emit_scalar(instruction) : emit_vector(instruction));
}

/// As the form that its type shows it to be.
void Emission::define(llvm::Instruction& instruction, llvm::Value* made) {
  if (made == nullptr || instruction.getType()->isVoidTy()) return;
  (made->getType() == instruction.getType() ? scalars_ : vectors_)[&instruction] = made;
}

llvm::Value* Emission::emit_scalar(llvm::Instruction& instruction) {
  llvm::Instruction* made = instruction.clone();
  for (llvm::Use& use : made->operands()) {
    llvm::Value* operand = scalar(use.get());
    if (operand == nullptr) {
      refuse("A uniform value depends on one that is not.");
      operand = llvm::PoisonValue::get(use->getType());
    }
    use.set(operand);
  }
  return ir_.Insert(made);
}

/// Lane 0 alone, whether it is active or not: what was concluded from the way that lanes have come
/// does not hold for it.
void Emission::emit_affine(llvm::Instruction& instruction) {
  llvm::Value* made = emit_scalar(instruction);
  if (auto* scalar_form = llvm::dyn_cast<llvm::Instruction>(made)) {
    scalar_form->dropPoisonGeneratingFlags();
    scalar_form->dropUnknownNonDebugMetadata();
  }
  scalars_[&instruction] = made;
  if (shapes_.of(&instruction).assumed) vectors_[&instruction] = emit_assumed(instruction);
}

/// The vector for where the assumption fails, and the bit that says so.
llvm::Value* Emission::emit_assumed(llvm::Instruction& instruction) {
  auto* limit = llvm::dyn_cast<llvm::MinMaxIntrinsic>(&instruction);
  llvm::Value* made = limit != nullptr ? emit_intrinsic(*limit) : emit_elementwise(instruction);
  guards_[&instruction] = all_of(operand_guards(instruction), own_guard(instruction));
  return made;
}

/// Both, where nothing stands for what is sure.
llvm::Value* Emission::all_of(llvm::Value* one, llvm::Value* other) {
  if (one == nullptr || other == nullptr) return one == nullptr ? other : one;
  return ir_.CreateAnd(one, other);
}

llvm::Value* Emission::operand_guards(llvm::Instruction& instruction) {
  llvm::Value* all = nullptr;
  for (llvm::Value* operand : instruction.operands()) all = all_of(all, guard(operand));
  return all;
}

/// Whether what the instruction itself assumes is so.
llvm::Value* Emission::own_guard(llvm::Instruction& instruction) {
  auto* limit = llvm::dyn_cast<llvm::MinMaxIntrinsic>(&instruction);
  const bool extends = llvm::isa<llvm::ZExtInst, llvm::SExtInst>(instruction);
  if (limit == nullptr && (!extends || shapes_.of(instruction.getOperand(0)).assumed))
    return nullptr;
  const bool by_rows = shapes_.of(&instruction).by_rows;
  llvm::Value* all = nullptr;
  for (unsigned row = 0; row < (by_rows ? lanes_.rows() : 1); ++row)
    all = all_of(all, limit != nullptr ? limit_guard(*limit, row)
                                       : does_not_wrap(row_scalar(instruction.getOperand(0), row),
                                                       way_through(&instruction),
                                                       llvm::isa<llvm::SExtInst>(instruction)));
  return all;
}

/// How far the last lane, or the last of each row, is from the first.
std::int64_t Emission::way_through(llvm::Value* value) const {
  const Shape shape = shapes_.of(value);
  return shape.stride * ((shape.by_rows ? lanes_.row : lanes_.count) - 1);
}

/// Whether a number counts on from the first lane by the distance without wrapping.
llvm::Value* Emission::does_not_wrap(llvm::Value* first, std::int64_t distance, bool is_signed) {
  const unsigned width = first->getType()->getIntegerBitWidth();
  const llvm::APInt room(width, static_cast<std::uint64_t>(std::llabs(distance)));
  if (distance >= 0) {
    const llvm::APInt top =
        is_signed ? llvm::APInt::getSignedMaxValue(width) : llvm::APInt::getMaxValue(width);
    return ir_.CreateICmp(is_signed ? llvm::CmpInst::ICMP_SLE : llvm::CmpInst::ICMP_ULE, first,
                          ir_.getInt(top - room));
  }
  const llvm::APInt bottom =
      is_signed ? llvm::APInt::getSignedMinValue(width) : llvm::APInt::getMinValue(width);
  return ir_.CreateICmp(is_signed ? llvm::CmpInst::ICMP_SGE : llvm::CmpInst::ICMP_UGE, first,
                        ir_.getInt(bottom + room));
}

/// Whether no lane reaches the limit: if the outermost ones do not, none between them does.
llvm::Value* Emission::limit_guard(llvm::MinMaxIntrinsic& limit, unsigned row) {
  const bool counts_first = shapes_.of(limit.getLHS()).stride != 0;
  llvm::Value* first = row_scalar(counts_first ? limit.getLHS() : limit.getRHS(), row);
  llvm::Value* bound = row_scalar(counts_first ? limit.getRHS() : limit.getLHS(), row);
  const std::int64_t distance = way_through(&limit);
  const auto stays = [&](llvm::Value* end) {
    return ir_.CreateICmp(llvm::ICmpInst::getNonStrictPredicate(limit.getPredicate()), end, bound);
  };
  return ir_.CreateAnd(does_not_wrap(first, distance, limit.isSigned()),
                       ir_.CreateAnd(stays(first), stays(moved(first, distance))));
}

llvm::Value* Emission::emit_vector(llvm::Instruction& instruction) {
  if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) return emit_load(*load);
  if (llvm::isa<llvm::AtomicRMWInst, llvm::AtomicCmpXchgInst>(instruction))
    return emit_atomic(instruction);
  if (auto* fence = llvm::dyn_cast<llvm::FenceInst>(&instruction))
    return ir_.Insert(fence->clone());
  if (auto* operation = llvm::dyn_cast<llvm::BinaryOperator>(&instruction);
      operation != nullptr && operation->isIntDivRem())
    return emit_division(*operation);
  if (llvm::isa<llvm::ExtractElementInst, llvm::InsertElementInst, llvm::ShuffleVectorInst>(
          instruction))
    return emit_element_access(instruction);
  return emit_elementwise(instruction);
}

llvm::Value* Emission::emit_elementwise(llvm::Instruction& instruction) {
  llvm::Type* type = vector_type(instruction.getType());
  const auto operand = [&](unsigned index) { return vector(instruction.getOperand(index)); };
  if (auto* operation = llvm::dyn_cast<llvm::BinaryOperator>(&instruction)) {
    llvm::Value* made = ir_.CreateBinOp(operation->getOpcode(), operand(0), operand(1));
    if (auto* copy = llvm::dyn_cast<llvm::Instruction>(made)) copy->copyIRFlags(operation);
    return made;
  }
  if (auto* operation = llvm::dyn_cast<llvm::UnaryOperator>(&instruction))
    return ir_.CreateUnOp(operation->getOpcode(), operand(0));
  if (auto* cast = llvm::dyn_cast<llvm::CastInst>(&instruction))
    return ir_.CreateCast(cast->getOpcode(), operand(0), type);
  if (auto* comparison = llvm::dyn_cast<llvm::CmpInst>(&instruction))
    return ir_.CreateCmp(comparison->getPredicate(), operand(0), operand(1));
  if (llvm::isa<llvm::FreezeInst>(instruction)) return ir_.CreateFreeze(operand(0));
  if (auto* selection = llvm::dyn_cast<llvm::SelectInst>(&instruction)) {
    llvm::Value* condition = selection->getCondition();
    if (is_uniform(condition)) return ir_.CreateSelect(scalar(condition), operand(1), operand(2));
    const auto* own = llvm::dyn_cast<llvm::FixedVectorType>(instruction.getType());
    const bool one_for_all = own != nullptr && !condition->getType()->isVectorTy();
    llvm::Value* chosen = divided(vector(condition), one_for_all ? own->getNumElements() : 1);
    return ir_.CreateSelect(chosen, operand(1), operand(2));
  }
  if (auto* element = llvm::dyn_cast<llvm::GetElementPtrInst>(&instruction)) {
    llvm::SmallVector<llvm::Value*> indices;
    for (llvm::Value* index : element->indices())
      indices.push_back(llvm::isa<llvm::Constant>(index) ? index : vector(index));
    return ir_.CreateGEP(element->getSourceElementType(), vector(element->getPointerOperand()),
                         indices);
  }
  if (auto* member = llvm::dyn_cast<llvm::ExtractValueInst>(&instruction))
    return ir_.CreateExtractValue(operand(0), member->getIndices());
  if (auto* member = llvm::dyn_cast<llvm::InsertValueInst>(&instruction))
    return ir_.CreateInsertValue(operand(0), operand(1), member->getIndices());
  refuse(std::string("The engine has no vector form of `") + instruction.getOpcodeName() + "`.");
  return llvm::PoisonValue::get(type);
}

/// 32-bit quotients are exact in double precision, which machines divide by in vectors.
llvm::Value* Emission::whole_quotient(llvm::Instruction::BinaryOps opcode, llvm::Value* dividend,
                                      llvm::Value* divisor) {
  llvm::Type* type = dividend->getType();
  if (llvm::isa<llvm::Constant>(divisor) || type->getScalarSizeInBits() > 32)
    return ir_.CreateBinOp(opcode, dividend, divisor);
  llvm::Type* wide = type->getWithNewType(ir_.getDoubleTy());
  if (opcode == llvm::Instruction::SDiv)
    return ir_.CreateFPToSI(
        ir_.CreateFDiv(ir_.CreateSIToFP(dividend, wide), ir_.CreateSIToFP(divisor, wide)), type);
  return ir_.CreateFPToUI(
      ir_.CreateFDiv(ir_.CreateUIToFP(dividend, wide), ir_.CreateUIToFP(divisor, wide)), type);
}

/// Inactive lanes must not divide by nothing.
llvm::Value* Emission::emit_division(llvm::BinaryOperator& operation) {
  llvm::Value* dividend = vector(operation.getOperand(0));
  llvm::Value* divisor = vector(operation.getOperand(1));
  const auto* type = llvm::cast<llvm::FixedVectorType>(dividend->getType());
  const unsigned elements = type->getNumElements() / lanes_.count;
  if (masks_.lookup(current_) != nullptr && !llvm::isa<llvm::Constant>(divisor))
    divisor = ir_.CreateSelect(mask_for(elements), divisor,
                               llvm::ConstantInt::get(dividend->getType(), 1));
  switch (operation.getOpcode()) {
    case llvm::Instruction::SRem:
      return ir_.CreateSub(
          dividend,
          ir_.CreateMul(whole_quotient(llvm::Instruction::SDiv, dividend, divisor), divisor));
    case llvm::Instruction::URem:
      return ir_.CreateSub(
          dividend,
          ir_.CreateMul(whole_quotient(llvm::Instruction::UDiv, dividend, divisor), divisor));
    default:
      return whole_quotient(operation.getOpcode(), dividend, divisor);
  }
}

/// Elements of one thread's vectors, where the index is known.
llvm::Value* Emission::emit_element_access(llvm::Instruction& instruction) {
  auto* own = llvm::cast<llvm::FixedVectorType>(instruction.getOperand(0)->getType());
  const unsigned count = own->getNumElements();
  llvm::Value* first = vector(instruction.getOperand(0));
  llvm::SmallVector<int> order;
  const auto refuse_index = [&] {
    refuse("An element of a thread's vector is chosen by a number that is not constant.");
    return llvm::PoisonValue::get(vector_type(instruction.getType()));
  };
  if (llvm::isa<llvm::ExtractElementInst>(instruction)) {
    auto* index = llvm::dyn_cast<llvm::ConstantInt>(instruction.getOperand(1));
    if (index == nullptr) return refuse_index();
    if (const auto columns = columns_.find(instruction.getOperand(0)); columns != columns_.end())
      return columns->second[index->getZExtValue()];
    for (unsigned i = 0; i < lanes_.count; ++i)
      order.push_back(static_cast<int>(i * count + index->getZExtValue()));
    return ir_.CreateShuffleVector(first, order);
  }
  if (llvm::isa<llvm::InsertElementInst>(instruction)) {
    auto* index = llvm::dyn_cast<llvm::ConstantInt>(instruction.getOperand(2));
    if (index == nullptr) return refuse_index();
    llvm::Value* elements = vector(instruction.getOperand(1));
    llvm::SmallVector<int> widen;
    for (unsigned i = 0; i < lanes_.count * count; ++i) {
      const bool inserted = i % count == index->getZExtValue();
      widen.push_back(static_cast<int>(i / count));
      order.push_back(static_cast<int>(inserted ? lanes_.count * count + i : i));
    }
    return ir_.CreateShuffleVector(first, ir_.CreateShuffleVector(elements, widen), order);
  }
  auto& shuffle = llvm::cast<llvm::ShuffleVectorInst>(instruction);
  for (unsigned i = 0; i < lanes_.count; ++i)
    for (const int from : shuffle.getShuffleMask()) {
      const int limit = static_cast<int>(count), lane = static_cast<int>(i * count);
      const int second = static_cast<int>(lanes_.count * count) + lane;
      order.push_back(from < 0 ? -1 : from < limit ? lane + from : second + from - limit);
    }
  return ir_.CreateShuffleVector(first, vector(instruction.getOperand(1)), order);
}

/// Every lane has room of its own, one after another; but for what all lanes get alike, and for
/// what was interleaved before.
void Emission::emit_alloca(llvm::AllocaInst& storage) {
  const auto size = storage.getAllocationSize(source_.getDataLayout());
  if (!size || storage.getParent() != &source_.getEntryBlock())
    return refuse("The kernel takes room on the stack whose size shows only when it runs.");
  if (is_uniform(&storage) || interleaved_unit(storage) != 0) {
    scalars_[&storage] = slot(storage.getAllocatedType(), storage.getAlign());
    return;
  }
  const std::uint64_t stride = llvm::alignTo(size->getFixedValue(), storage.getAlign());
  llvm::AllocaInst* all = slot(llvm::ArrayType::get(ir_.getInt8Ty(), stride * lanes_.count),
                               std::max(storage.getAlign(), llvm::Align(64)));
  scalars_[&storage] = all;
}

}  // namespace cuda_shim::kernels::simd
