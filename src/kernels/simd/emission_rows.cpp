// Values of which only something within each row of lanes is known: one scalar for each row, that
// of its first lane, and memory accesses row by row.

#include <llvm/IR/Constants.h>

#include "cuda_shim/host_abi.h"
#include "kernels/instructions/device_ops.h"
#include "kernels/simd/elements.h"
#include "kernels/simd/emission.h"

namespace cuda_shim::kernels::simd {
using instructions::DeviceOp;

// --- Values

llvm::Value* Emission::moved(llvm::Value* value, std::int64_t distance) {
  if (distance == 0) return value;
  if (value->getType()->isPointerTy())
    return ir_.CreateGEP(ir_.getInt8Ty(), value,
                         ir_.getInt64(static_cast<std::uint64_t>(distance)));
  return ir_.CreateAdd(value, llvm::ConstantInt::getSigned(value->getType(), distance,
                                                           /*implicitTrunc=*/true));
}

llvm::Value* Emission::row_scalar(llvm::Value* value, unsigned row) {
  if (!llvm::isa<llvm::Instruction>(value)) return value;
  const Shape shape = shapes_.of(value);
  if (shape.by_rows) {
    const auto found = rows_.find(value);
    return found != rows_.end() ? found->second[row] : nullptr;
  }
  llvm::Value* first = scalar(value);
  return first == nullptr ? nullptr : moved(first, shape.stride * lanes_.row * row);
}

/// Vectors of the rows, one behind the other.
llvm::Value* Emission::joined(llvm::ArrayRef<llvm::Value*> rows) {
  llvm::SmallVector<llvm::Value*> parts(rows);
  while (parts.size() > 1) {
    const unsigned length =
        llvm::cast<llvm::FixedVectorType>(parts.front()->getType())->getNumElements();
    llvm::SmallVector<int> order;
    for (unsigned i = 0; i < 2 * length; ++i) order.push_back(static_cast<int>(i));
    for (unsigned i = 0; 2 * i < parts.size(); ++i)
      parts[i] = ir_.CreateShuffleVector(parts[2 * i], parts[2 * i + 1], order);
    parts.truncate(parts.size() / 2);
  }
  return parts.front();
}

llvm::Value* Emission::part_of_row(llvm::Value* all, unsigned row) {
  const unsigned length = llvm::cast<llvm::FixedVectorType>(all->getType())->getNumElements();
  llvm::SmallVector<int> order;
  for (unsigned i = 0; i < length / lanes_.rows(); ++i)
    order.push_back(static_cast<int>(row * (length / lanes_.rows()) + i));
  return ir_.CreateShuffleVector(all, order);
}

llvm::Value* Emission::spread_rows(llvm::ArrayRef<llvm::Value*> firsts, std::int64_t stride) {
  llvm::SmallVector<llvm::Value*> rows;
  for (llvm::Value* first : firsts) rows.push_back(ir_.CreateVectorSplat(lanes_.row, first));
  llvm::Value* all = joined(rows);
  if (stride == 0) return all;
  llvm::Type* type = firsts.front()->getType();
  const bool address = type->isPointerTy();
  llvm::SmallVector<llvm::Constant*> numbers;
  for (unsigned i = 0; i < lanes_.count; ++i)
    numbers.push_back(llvm::ConstantInt::getSigned(address ? ir_.getInt64Ty() : type,
                                                   stride * (i % lanes_.row),
                                                   /*implicitTrunc=*/true));
  llvm::Constant* distances = llvm::ConstantVector::get(numbers);
  return address ? ir_.CreateGEP(ir_.getInt8Ty(), all, distances) : ir_.CreateAdd(all, distances);
}

// --- Instructions

/// The first thread of each row asks for its place.
llvm::Value* Emission::place_of_row(DeviceOp op, llvm::CallInst& call, unsigned row) {
  llvm::Value* ahead = ir_.getInt32(lanes_.row * row);
  const auto place = [&](DeviceOp of, llvm::ArrayRef<llvm::Value*> arguments = {}) {
    return device_op(of, arguments);
  };
  if (op != DeviceOp::tid) {
    llvm::Value* lane = ir_.CreateAdd(place(DeviceOp::laneid), ahead);
    if (op == DeviceOp::laneid) return ir_.CreateAnd(lane, CUDA_SHIM_WARP_SIZE - 1);
    return ir_.CreateAdd(place(DeviceOp::warpid), ir_.CreateLShr(lane, 5));
  }
  const auto coordinate = [&](unsigned dimension) {
    return place(DeviceOp::tid, {ir_.getInt32(dimension)});
  };
  llvm::Value* width = ir_.getInt32(lanes_.block[0]);
  llvm::Value* height = ir_.getInt32(lanes_.block[1]);
  llvm::Value* x = ir_.CreateAdd(coordinate(0), ahead);
  const auto dimension = llvm::cast<llvm::ConstantInt>(call.getArgOperand(0))->getZExtValue();
  if (dimension == 0) return ir_.CreateURem(x, width);
  llvm::Value* y = ir_.CreateAdd(coordinate(1), ir_.CreateUDiv(x, width));
  if (dimension == 1) return ir_.CreateURem(y, height);
  return ir_.CreateAdd(coordinate(2), ir_.CreateUDiv(y, height));
}

/// As emit_affine, for the first lane of each row.
llvm::Value* Emission::copy_for_row(llvm::Instruction& instruction, unsigned row) {
  if (auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction))
    if (const auto op = instructions::device_op_of(*call->getCalledFunction()))
      return place_of_row(*op, *call, row);
  llvm::Instruction* made = instruction.clone();
  for (llvm::Use& use : made->operands()) {
    if (llvm::isa<llvm::Function>(use.get())) continue;
    llvm::Value* operand = row_scalar(use.get(), row);
    if (operand == nullptr) {
      refuse("A value of a row depends on one that differs within the row.");
      operand = llvm::PoisonValue::get(use->getType());
    }
    use.set(operand);
  }
  made->dropPoisonGeneratingFlags();
  made->dropUnknownNonDebugMetadata();
  return ir_.Insert(made);
}

void Emission::emit_by_rows(llvm::Instruction& instruction) {
  llvm::SmallVector<llvm::Value*, 4> firsts;
  for (unsigned row = 0; row < lanes_.rows(); ++row)
    firsts.push_back(copy_for_row(instruction, row));
  rows_[&instruction] = firsts;
  const Shape shape = shapes_.of(&instruction);
  vectors_[&instruction] =
      shape.assumed ? emit_assumed(instruction) : spread_rows(firsts, shape.stride);
}

void Emission::emit_phi_by_rows(llvm::PHINode& phi) {
  llvm::SmallVector<llvm::Value*, 4> firsts;
  for (unsigned row = 0; row < lanes_.rows(); ++row)
    firsts.push_back(ir_.CreatePHI(phi.getType(), phi.getNumIncomingValues()));
  rows_[&phi] = firsts;
}

void Emission::finish_phi_by_rows(llvm::PHINode& phi) {
  for (llvm::BasicBlock* from : phi.blocks()) {
    if (skips_to(from, phi.getParent())) continue;
    llvm::Value* value = phi.getIncomingValueForBlock(from);
    ir_.SetInsertPoint(tails_[from]->getTerminator());
    for (unsigned row = 0; row < lanes_.rows(); ++row) {
      llvm::Value* incoming = llvm::isa<llvm::UndefValue>(value)
                                  ? llvm::Constant::getNullValue(phi.getType())
                                  : row_scalar(value, row);
      if (incoming == nullptr)
        return refuse("A value of a row depends on one that differs within the row.");
      llvm::cast<llvm::PHINode>(rows_[&phi][row])->addIncoming(incoming, tails_[from]);
    }
  }
}

// --- Memory

llvm::Type* Emission::row_type(llvm::Type* type) const {
  auto* all = llvm::cast<llvm::FixedVectorType>(vector_type(type));
  return llvm::FixedVectorType::get(all->getElementType(), all->getNumElements() / lanes_.rows());
}

llvm::Value* Emission::load_rows(llvm::LoadInst& load) {
  llvm::Type* type = row_type(load.getType());
  const bool masked = masks_.lookup(current_) != nullptr;
  llvm::Value* mask = masked ? mask_for(elements_of(load.getType())) : nullptr;
  llvm::SmallVector<llvm::Value*> rows;
  for (unsigned row = 0; row < lanes_.rows(); ++row) {
    llvm::Value* pointer = row_scalar(load.getPointerOperand(), row);
    fetch_ahead(load, pointer, lanes_.row);
    // As for all lanes at once, `freeze` keeps LLVM 22 from moving the load.
    rows.push_back(masked ? ir_.CreateFreeze(ir_.CreateMaskedLoad(type, pointer, load.getAlign(),
                                                                  part_of_row(mask, row)))
                          : ir_.CreateAlignedLoad(type, pointer, load.getAlign()));
  }
  return joined(rows);
}

/// One value for each row. A row without active lanes reads from a place of ours.
llvm::Value* Emission::load_once_for_rows(llvm::LoadInst& load) {
  llvm::Value* mask = masks_.lookup(current_);
  llvm::SmallVector<llvm::Value*> rows;
  for (unsigned row = 0; row < lanes_.rows(); ++row) {
    llvm::Value* pointer = row_scalar(load.getPointerOperand(), row);
    if (mask != nullptr) {
      llvm::Value* nowhere =
          ir_.CreateAddrSpaceCast(slot(load.getType(), load.getAlign()), pointer->getType());
      // Of the whole mask: a row's part as a number of its own would go through memory.
      llvm::Value* lanes =
          ir_.CreateAnd(mask_bits(), ir_.getInt(llvm::APInt::getBitsSet(
                                         lanes_.count, row * lanes_.row, (row + 1) * lanes_.row)));
      pointer = ir_.CreateSelect(ir_.CreateIsNotNull(lanes), pointer, nowhere);
    }
    llvm::Value* value = ir_.CreateAlignedLoad(load.getType(), pointer, load.getAlign());
    rows.push_back(repeat(value, lanes_.row));
  }
  return joined(rows);
}

void Emission::store_rows(llvm::StoreInst& store) {
  llvm::Value* value = vector(store.getValueOperand());
  const bool masked = masks_.lookup(current_) != nullptr;
  llvm::Value* mask = masked ? mask_for(elements_of(store.getValueOperand()->getType())) : nullptr;
  for (unsigned row = 0; row < lanes_.rows(); ++row) {
    llvm::Value* pointer = row_scalar(store.getPointerOperand(), row);
    store_in_line(store, part_of_row(value, row), pointer,
                  masked ? part_of_row(mask, row) : nullptr);
  }
}

}  // namespace cuda_shim::kernels::simd
