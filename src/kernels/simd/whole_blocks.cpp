// Groups come in the order of devices/cpu/groups.h. What the engine's structure says of the group
// is kept true by place_group, for whoever reports a fault.

#include "kernels/simd/whole_blocks.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>

#include "cuda_shim/code_object.h"
#include "kernels/instructions/device_ops.h"
#include "kernels/simd/block_parts.h"
#include "kernels/simd/copies.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;
using instructions::OpEffect;

/// A longer group does not notice what a call costs, and a loop around it would keep more values
/// than there are registers.
constexpr unsigned kMostInstructions = 1000;

/// Whether it stays in the function, and reads no more of the group's place than can be replaced.
bool is_plain(const llvm::Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
  if (call == nullptr || llvm::isa<llvm::IntrinsicInst>(call)) return true;
  const auto op = instructions::device_op_in(*call);
  if (!op) return false;
  if (is_block_barrier(instruction)) return true;
  if (*op == DeviceOp::tid || *op == DeviceOp::ctaid)
    return llvm::isa<llvm::ConstantInt>(call->getArgOperand(0));
  const OpEffect effect = instructions::effect_of(*op);
  return effect == OpEffect::kPure || effect == OpEffect::kReads;
}

/// The group that runs: what it would be told if it asked.
struct Place {
  llvm::Value* tid[3] = {};
  llvm::Value* ctaid = nullptr;  ///< in x; null: as the operation says
  llvm::Value *lane = nullptr, *warp = nullptr, *threads = nullptr;

  /// Null if the operation asks for nothing that has another answer now.
  llvm::Value* answer(const llvm::CallInst& call) const {
    const auto dimension = [&call] {
      return llvm::cast<llvm::ConstantInt>(call.getArgOperand(0))->getZExtValue();
    };
    switch (*instructions::device_op_in(call)) {
      case DeviceOp::tid:
        return tid[dimension()];
      case DeviceOp::ctaid:
        return dimension() == 0 ? ctaid : nullptr;
      case DeviceOp::laneid:
        return lane;
      case DeviceOp::warpid:
        return warp;
      case DeviceOp::group_threads:
        return threads;
      default:
        return nullptr;
    }
  }
};

/// The loops, and what replaces the operations that ask for the group's place.
class BlockLoop {
 public:
  BlockLoop(llvm::Function& function, const Lanes& lanes)
      : function_(function),
        lanes_(lanes),
        ir_(function.getContext()),
        // What one block keeps in shared memory, another would find there.
        runs_abreast_(lanes.block[1] * lanes.block[2] > 1 &&
                      !instructions::uses(*function.getParent(), DeviceOp::shared_window) &&
                      !instructions::uses(*function.getParent(), DeviceOp::barrier_sync)) {}

  void build() {
    llvm::BasicBlock& body = function_.getEntryBlock();
    const llvm::SmallVector<Part> parts = take_apart(function_);
    entry_ = block("block", &body);
    ir_.SetInsertPoint(entry_);
    if (runs_abreast_) {
      first_ = ask(DeviceOp::first_block, {});
      abreast_ = ask(DeviceOp::blocks_abreast, {});
    }
    llvm::SmallVector<Place> places;
    llvm::SmallVector<llvm::Value*> indexes;
    for (const Part& part : parts) places.push_back(put_into_loop(part, indexes));
    ir_.CreateRetVoid();
    move_variables(body);
    carry_values(parts, indexes, groups(), *entry_);
    for (const auto [part, place] : llvm::zip_equal(parts, places)) answer_questions(part, place);
  }

  bool runs_abreast() const { return runs_abreast_; }
  std::uint32_t groups() const {
    if (lanes_.grouping == Grouping::kRows)
      return groups_of_row() * lanes_.block[1] * lanes_.block[2];
    return (threads() + lanes_.count - 1) / lanes_.count;
  }

 private:
  struct Loop {
    llvm::BasicBlock* header = nullptr;
    llvm::PHINode* index = nullptr;
  };

  llvm::BasicBlock* block(const char* name, llvm::BasicBlock* before = nullptr) {
    return llvm::BasicBlock::Create(ir_.getContext(), name, &function_, before);
  }
  llvm::Value* ask(DeviceOp op, llvm::ArrayRef<llvm::Value*> arguments) {
    return ir_.CreateCall(instructions::declare_device_op(*function_.getParent(), op), arguments);
  }

  /// From where instructions are inserted, to before the block; they are then inserted behind the
  /// loop. `indexes` gets the group's.
  Place put_into_loop(const Part& part, llvm::SmallVectorImpl<llvm::Value*>& indexes) {
    const Loop groups = begin_loop("group", part.first);
    indexes.push_back(groups.index);
    Place place = place_of(groups.index);
    const Loop blocks = runs_abreast_ ? begin_loop("abreast", part.first) : Loop();
    if (runs_abreast_) place.ctaid = ir_.CreateAdd(first_, blocks.index);
    ask(DeviceOp::place_group, {place.tid[0], place.tid[1], place.tid[2],
                                place.ctaid != nullptr ? place.ctaid : constant(0)});
    ir_.CreateBr(part.first);
    llvm::BasicBlock* last = block("next");
    leave_to(part, *last);
    ir_.SetInsertPoint(last);
    if (runs_abreast_) end_loop(blocks, abreast_);
    end_loop(groups, constant(this->groups()));
    return place;
  }

  Loop begin_loop(const char* name, llvm::BasicBlock* before) {
    Loop loop = {.header = block(name, before)};
    llvm::BasicBlock* from = ir_.GetInsertBlock();
    ir_.CreateBr(loop.header);
    ir_.SetInsertPoint(loop.header);
    loop.index = ir_.CreatePHI(ir_.getInt32Ty(), 2, "index");
    loop.index->addIncoming(ir_.getInt32(0), from);
    return loop;
  }

  void end_loop(const Loop& loop, llvm::Value* rounds) {
    llvm::BasicBlock* after = block("after");
    llvm::Value* next =
        ir_.CreateAdd(loop.index, constant(1), "", /*HasNUW=*/true, /*HasNSW=*/true);
    loop.index->addIncoming(next, ir_.GetInsertBlock());
    keep_rolled(*ir_.CreateCondBr(ir_.CreateICmpULT(next, rounds), loop.header, after));
    ir_.SetInsertPoint(after);
  }

  /// Variables are there once.
  void move_variables(llvm::BasicBlock& body) {
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(body))
      if (llvm::isa<llvm::AllocaInst>(instruction))
        instruction.moveBefore(entry_->getTerminator()->getIterator());
  }

  std::uint32_t groups_of_row() const {
    return (lanes_.block[0] + lanes_.count - 1) / lanes_.count;
  }
  std::uint32_t threads() const { return lanes_.block[0] * lanes_.block[1] * lanes_.block[2]; }

  llvm::Value* constant(std::uint32_t number) { return ir_.getInt32(number); }
  llvm::Value* product(llvm::Value* number, std::uint32_t by) {
    return ir_.CreateMul(number, constant(by));
  }
  llvm::Value* quotient(llvm::Value* number, std::uint32_t by) {
    return by == 1 ? number : ir_.CreateUDiv(number, constant(by));
  }
  /// Of the number times the unit.
  llvm::Value* rest(llvm::Value* number, std::uint32_t unit, std::uint32_t by) {
    if (unit % by == 0) return constant(0);
    return ir_.CreateURem(product(number, unit), constant(by));
  }
  llvm::Value* limited(llvm::Value* number) {
    return ir_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, number, constant(lanes_.count));
  }

  Place place_of(llvm::Value* index) {
    const std::uint32_t width = lanes_.block[0], lanes = lanes_.count;
    llvm::Value *linear = nullptr, *row = nullptr;
    Place place;
    if (lanes_.grouping == Grouping::kRows) {
      row = quotient(index, groups_of_row());
      place.tid[0] = product(rest(index, 1, groups_of_row()), lanes);
      linear = ir_.CreateAdd(product(row, width), place.tid[0]);
      place.threads = limited(ir_.CreateSub(constant(width), place.tid[0]));
      place.lane = ir_.CreateURem(linear, constant(CUDA_SHIM_WARP_SIZE));
    } else {
      linear = product(index, lanes);
      row = quotient(linear, width);
      place.tid[0] = rest(index, lanes, width);
      place.threads = limited(ir_.CreateSub(constant(threads()), linear));
      place.lane = rest(index, lanes, CUDA_SHIM_WARP_SIZE);
    }
    const bool flat = lanes_.block[2] == 1;
    place.tid[1] = lanes_.one_dimensional() ? constant(0)
                   : flat                   ? row
                                            : rest(row, 1, lanes_.block[1]);
    place.tid[2] = flat ? constant(0) : quotient(row, lanes_.block[1]);
    place.warp = quotient(linear, CUDA_SHIM_WARP_SIZE);
    return place;
  }

  static void answer_questions(const Part& part, const Place& place) {
    for (llvm::BasicBlock* block : part.blocks)
      for (llvm::Instruction& instruction : llvm::make_early_inc_range(*block)) {
        if (!instructions::device_op_in(instruction)) continue;
        llvm::Value* known = place.answer(llvm::cast<llvm::CallInst>(instruction));
        if (known == nullptr) continue;
        instruction.replaceAllUsesWith(known);
        instruction.eraseFromParent();
      }
  }

  void leave_to(const Part& part, llvm::BasicBlock& latch) {
    for (llvm::BasicBlock* block : part.blocks) {
      llvm::Instruction* end = block->getTerminator();
      if (!llvm::isa<llvm::ReturnInst>(end) && block != part.last) continue;
      ir_.SetInsertPoint(end);
      ir_.CreateBr(&latch);
      end->eraseFromParent();
    }
  }

  /// Groups are long enough: several of them would only be more code.
  static void keep_rolled(llvm::BranchInst& branch) {
    llvm::LLVMContext& context = branch.getContext();
    llvm::Metadata* no_unrolling =
        llvm::MDNode::get(context, llvm::MDString::get(context, "llvm.loop.unroll.disable"));
    llvm::MDNode* loop = llvm::MDNode::getDistinct(context, {nullptr, no_unrolling});
    loop->replaceOperandWith(0, loop);
    branch.setMetadata(llvm::LLVMContext::MD_loop, loop);
  }

  llvm::Function& function_;
  const Lanes& lanes_;
  llvm::IRBuilder<> ir_;
  const bool runs_abreast_;
  llvm::BasicBlock* entry_ = nullptr;
  llvm::Value *first_ = nullptr, *abreast_ = nullptr;  ///< of the blocks of a call
};

}  // namespace

std::uint32_t run_whole_blocks(llvm::Function& function, const Lanes& lanes) {
  if (!lanes.knows_block() || function.getInstructionCount() > kMostInstructions ||
      has_loops(function) || !llvm::all_of(llvm::instructions(function), is_plain))
    return 0;
  BlockLoop loop(function, lanes);
  if (!can_be_taken_apart(function, loop.groups())) return 0;
  loop.build();
  return CUDA_SHIM_KERNEL_RUNS_BLOCKS | (loop.runs_abreast() ? CUDA_SHIM_KERNEL_BLOCKS_ABREAST : 0);
}

}  // namespace cuda_shim::kernels::simd
