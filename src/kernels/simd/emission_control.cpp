// Masks, and what becomes of phis and branches; see emission.h.

#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Constants.h>

#include "kernels/instructions/device_ops.h"
#include "kernels/simd/emission.h"

namespace cuda_shim::kernels::simd {
namespace {

/// Instructions that are cheaper to run for no lane than to jump over.
constexpr unsigned kCheapInstructions = 6;

llvm::BranchInst* branch_of(const llvm::BasicBlock* block) {
  return llvm::cast<llvm::BranchInst>(const_cast<llvm::Instruction*>(block->getTerminator()));
}

/// Whether only a group whose lanes are all here, and want to, goes from one block to the other.
bool is_where_all_go(const llvm::BasicBlock& block, const llvm::BasicBlock& from) {
  const llvm::BranchInst* branch = branch_of(&from);
  return branch->isConditional() && branch->getSuccessor(0) == &block &&
         branch->getSuccessor(1) != &block &&
         instructions::device_op_in(*branch->getCondition()) == instructions::DeviceOp::group_all;
}

bool is_nothing(const llvm::Value* value) {
  return llvm::isa<llvm::UndefValue>(value);
}

}  // namespace

// --- The form that structuring has left

/// The loop that the block ends by a parting branch, as its latch; null if it ends none.
llvm::Loop* Emission::loop_ended_by(const llvm::BasicBlock* block) const {
  llvm::Loop* loop = loops_.getLoopFor(block);
  const bool ends = loop != nullptr && shapes_.parts(*block) && loop->isLoopExiting(block);
  return ends ? loop : nullptr;
}

llvm::BasicBlock* Emission::join_of(const llvm::BasicBlock* block) const {
  const auto* node = post_dominators_.getNode(block);
  return node != nullptr && node->getIDom() != nullptr ? node->getIDom()->getBlock() : nullptr;
}

/// One way leads to where the lanes meet again, and the other is entered from here alone.
bool Emission::can_skip(const llvm::BasicBlock& block) const {
  const llvm::BranchInst* branch = branch_of(&block);
  const llvm::BasicBlock* join = join_of(&block);
  for (unsigned i = 0; i < 2; ++i)
    if (branch->getSuccessor(i) == join)
      return branch->getSuccessor(1 - i)->getSinglePredecessor() == &block;
  return false;
}

bool Emission::ends_loop_well(const llvm::BasicBlock& block) const {
  const llvm::Loop* loop = loops_.getLoopFor(&block);
  const llvm::BasicBlock* exit = loop->getUniqueExitBlock();
  return loop->getLoopLatch() == &block && loop->getExitingBlock() == &block && exit != nullptr &&
         exit->getSinglePredecessor() == &block && loop->getLoopPreheader() != nullptr &&
         loops_.getLoopFor(exit) == loop->getParentLoop();
}

void Emission::check_control() {
  for (const llvm::BasicBlock& block : source_) {
    const llvm::Instruction* end = block.getTerminator();
    if (!llvm::isa<llvm::BranchInst, llvm::ReturnInst>(end))
      return refuse(std::string("The engine has no form of `") + end->getOpcodeName() + "`.");
    if (!shapes_.parts(block)) continue;
    const bool fine = loop_ended_by(&block) != nullptr ? ends_loop_well(block) : can_skip(block);
    if (!fine) return refuse("The control flow cannot be brought into a form for vectors.");
  }
}

// --- Masks

llvm::Value* Emission::entry_mask() {
  if (lanes_.always_full()) return nullptr;
  llvm::Value* count = device_op(instructions::DeviceOp::group_threads, {});
  llvm::Value* all = ir_.CreateVectorSplat(lanes_.count, count);
  return ir_.CreateICmpULT(lane_numbers(ir_.getInt32Ty(), 1), all);
}

llvm::Value* Emission::block_mask(llvm::BasicBlock& block) {
  if (&block == &source_.getEntryBlock()) return entry_mask();
  llvm::Loop* own = loops_.getLoopFor(&block);
  if (own != nullptr && own->getHeader() == &block) {
    const llvm::BasicBlock* preheader = own->getLoopPreheader();
    const llvm::BasicBlock* latch = own->getLoopLatch();
    if (latch == nullptr || loop_ended_by(latch) != own)
      return masks_.lookup(
          preheader != nullptr ? preheader : dominators_.getNode(&block)->getIDom()->getBlock());
    llvm::Type* type = llvm::FixedVectorType::get(ir_.getInt1Ty(), lanes_.count);
    return mask_phis_[&block] = ir_.CreatePHI(type, 2, "mask");
  }
  const llvm::BasicBlock* from = block.getSinglePredecessor();
  if (from == nullptr) return masks_.lookup(dominators_.getNode(&block)->getIDom()->getBlock());
  if (is_where_all_go(block, *from)) return nullptr;
  if (!shapes_.parts(*from)) return masks_.lookup(from);
  if (llvm::Loop* ended = loop_ended_by(from); ended != nullptr && !ended->contains(&block))
    return masks_.lookup(ended->getLoopPreheader());
  if (join_of(from) == &block) return masks_.lookup(from);
  return edges_.lookup(from)[branch_of(from)->getSuccessor(0) == &block ? 0 : 1];
}

llvm::Value* Emission::any_of(llvm::Value* mask) {
  llvm::Type* bits = ir_.getIntNTy(lanes_.count);
  return ir_.CreateICmpNE(ir_.CreateBitCast(mask, bits), llvm::ConstantInt::get(bits, 0));
}

void Emission::begin_block(llvm::BasicBlock& block) {
  current_ = &block;
  ir_.SetInsertPoint(heads_[&block]);
  masks_[&block] = block_mask(block);
  llvm::Loop* own = loops_.getLoopFor(&block);
  if (own != nullptr && own->getHeader() == &block && mask_phis_.contains(&block)) keep_exits(*own);
}

/// Room for what lanes that leave the loop take with them: a phi of the header that counts the same
/// value on, for it is nothing to lanes that have left, or else one of its own.
void Emission::keep_exits(llvm::Loop& loop) {
  for (llvm::PHINode& phi : loop.getUniqueExitBlock()->phis()) {
    if (!shapes_.of(&phi).varying) continue;
    llvm::Value* leaving = phi.getIncomingValueForBlock(loop.getLoopLatch());
    llvm::PHINode* counting = nullptr;
    for (llvm::PHINode& own : loop.getHeader()->phis())
      if (own.getIncomingValueForBlock(loop.getLoopLatch()) == leaving && shapes_.of(&own).varying)
        counting = &own;
    keepers_[&phi] = {counting, counting != nullptr
                                    ? nullptr
                                    : ir_.CreatePHI(vector_type(phi.getType()), 2, "kept")};
  }
}

// --- Phis

/// The value that a loop begins to count from by steps that all lanes share; null if the phi is
/// something else. The lanes stay as far apart as they are at the beginning.
llvm::Value* Emission::counted_from(llvm::PHINode& phi) const {
  constexpr unsigned kMostSteps = 8;
  const llvm::Loop* loop = loops_.getLoopFor(phi.getParent());
  const bool in_header = loop != nullptr && loop->getHeader() == phi.getParent();
  if (!in_header || loop->getLoopPreheader() == nullptr || loop->getLoopLatch() == nullptr)
    return nullptr;
  llvm::Value* value = phi.getIncomingValueForBlock(loop->getLoopLatch());
  for (unsigned i = 0; i < kMostSteps && value != &phi; ++i) {
    auto* step = llvm::dyn_cast<llvm::Instruction>(value);
    const bool adds = step != nullptr && (step->getOpcode() == llvm::Instruction::Add ||
                                          step->getOpcode() == llvm::Instruction::GetElementPtr);
    if (!adds || step->getNumOperands() != 2) return nullptr;
    const unsigned shared = is_uniform(step->getOperand(1)) ? 1 : 0;
    if (!is_uniform(step->getOperand(shared))) return nullptr;
    value = step->getOperand(1 - shared);
  }
  return value == &phi ? phi.getIncomingValueForBlock(loop->getLoopPreheader()) : nullptr;
}

void Emission::emit_phi(llvm::PHINode& phi) {
  if (keepers_.contains(&phi)) return;
  const Shape shape = shapes_.of(&phi);
  if (!shape.varying) {
    if (shape.by_rows)
      emit_phi_by_rows(phi);
    else
      scalars_[&phi] = ir_.CreatePHI(phi.getType(), phi.getNumIncomingValues());
    if (!shape.assumed) return;
    guards_[&phi] = ir_.CreatePHI(ir_.getInt1Ty(), phi.getNumIncomingValues());
    if (counted_from(phi) != nullptr) return;
  }
  vectors_[&phi] = ir_.CreatePHI(vector_type(phi.getType()), phi.getNumIncomingValues());
}

/// What the new block behind `from` brings: its own value, and for lanes that jumped here from a
/// branch before it, theirs.
llvm::Value* Emission::merged(llvm::PHINode& phi, llvm::BasicBlock* from) {
  llvm::Value* own = phi.getIncomingValueForBlock(from);
  llvm::Value* result = is_nothing(own) ? nullptr : vector(own);
  for (llvm::BasicBlock* other : phi.blocks()) {
    llvm::Value* theirs = phi.getIncomingValueForBlock(other);
    const bool jumped =
        other != from && shapes_.parts(*other) && dominators_.dominates(other, from);
    if (!jumped || is_nothing(theirs) || theirs == own) continue;
    const unsigned edge = branch_of(other)->getSuccessor(0) == phi.getParent() ? 0 : 1;
    llvm::Value* lanes = edges_.lookup(other)[edge];
    llvm::Value* value = vector(theirs);
    if (result == nullptr) {
      result = value;
      continue;
    }
    const auto* type = llvm::dyn_cast<llvm::FixedVectorType>(value->getType());
    if (type == nullptr) {
      refuse("A structure is merged where lanes meet.");
      return result;
    }
    result = ir_.CreateSelect(divided(lanes, type->getNumElements() / lanes_.count), value, result);
  }
  return result != nullptr ? result : llvm::PoisonValue::get(vector_type(phi.getType()));
}

void Emission::finish_scalar_phi(llvm::PHINode& phi) {
  auto* made = llvm::cast<llvm::PHINode>(scalars_.lookup(&phi));
  for (llvm::BasicBlock* from : phi.blocks()) {
    if (skips_to(from, phi.getParent())) continue;
    llvm::Value* value = phi.getIncomingValueForBlock(from);
    // Nothing reads it, but nothing must follow from that.
    llvm::Value* incoming =
        is_nothing(value) ? llvm::Constant::getNullValue(phi.getType()) : scalar(value);
    if (incoming == nullptr) return refuse("A uniform value depends on one that is not.");
    made->addIncoming(incoming, tails_[from]);
  }
}

void Emission::finish_guard_phi(llvm::PHINode& phi) {
  auto* made = llvm::cast<llvm::PHINode>(guards_.lookup(&phi));
  for (llvm::BasicBlock* from : phi.blocks()) {
    if (skips_to(from, phi.getParent())) continue;
    llvm::Value* known = guard(phi.getIncomingValueForBlock(from));
    made->addIncoming(known != nullptr ? known : ir_.getTrue(), tails_[from]);
  }
}

void Emission::finish_vector_phi(llvm::PHINode& phi) {
  auto* made = llvm::cast<llvm::PHINode>(vectors_.lookup(&phi));
  for (llvm::BasicBlock* from : phi.blocks()) {
    if (skips_to(from, phi.getParent())) continue;
    ir_.SetInsertPoint(tails_[from]->getTerminator());
    current_ = from;
    llvm::Value* kept = loops_.getLoopFor(phi.getParent()) != nullptr &&
                                loops_.getLoopFor(phi.getParent())->getLoopLatch() == from
                            ? latch_values_.lookup(&phi)
                            : nullptr;
    made->addIncoming(kept != nullptr ? kept : merged(phi, from), tails_[from]);
  }
}

void Emission::finish_phis() {
  const llvm::ReversePostOrderTraversal<llvm::Function*> order(&source_);
  for (llvm::BasicBlock* block : order)
    for (llvm::PHINode& phi : block->phis()) {
      if (keepers_.contains(&phi)) continue;
      const Shape shape = shapes_.of(&phi);
      if (shape.by_rows)
        finish_phi_by_rows(phi);
      else if (!shape.varying)
        finish_scalar_phi(phi);
      if (shape.assumed) finish_guard_phi(phi);
      if (shape.varying || (shape.assumed && counted_from(phi) == nullptr)) finish_vector_phi(phi);
    }
}

// --- Branches

/// Whether the block that is skipped, of `join` next, costs less than the test. What runs for no
/// lane must not touch memory by a scalar access.
bool Emission::is_cheap(const llvm::BasicBlock& block, const llvm::BasicBlock* join) const {
  if (block.getSingleSuccessor() != join || block.sizeWithoutDebug() > kCheapInstructions)
    return false;
  for (const llvm::Instruction& instruction : block) {
    if (llvm::isa<llvm::CallInst, llvm::FenceInst>(instruction) || instruction.isAtomic() ||
        instruction.getOpcode() == llvm::Instruction::UDiv ||
        instruction.getOpcode() == llvm::Instruction::SDiv ||
        instruction.getOpcode() == llvm::Instruction::URem ||
        instruction.getOpcode() == llvm::Instruction::SRem)
      return false;
    const llvm::Value* pointer = llvm::getLoadStorePointerOperand(&instruction);
    const llvm::Type* type = pointer != nullptr ? llvm::getLoadStoreType(&instruction) : nullptr;
    if (pointer == nullptr) continue;
    const Pattern pattern =
        pattern_of(const_cast<llvm::Value*>(pointer), const_cast<llvm::Type*>(type));
    if (pattern != Pattern::kContiguous && pattern != Pattern::kRows) return false;
    // Where the assumption fails, lanes store one by one, and the first must exist.
    if (llvm::isa<llvm::StoreInst>(instruction) && shapes_.of(pointer).assumed) return false;
  }
  return true;
}

void Emission::emit_parting(llvm::BasicBlock& block, llvm::BranchInst& branch) {
  llvm::Value* condition = vector(branch.getCondition());
  llvm::Value* mask = masks_.lookup(&block);
  llvm::Value* opposite = ir_.CreateNot(condition);
  // Not `and`: what an inactive lane's condition is made of may be poison.
  const auto within = [&](llvm::Value* lanes) {
    if (mask == nullptr) return lanes;
    return ir_.CreateSelect(mask, lanes, llvm::Constant::getNullValue(lanes->getType()));
  };
  const std::array<llvm::Value*, 2> edges = {within(condition), within(opposite)};
  edges_[&block] = edges;
  llvm::Loop* ended = loop_ended_by(&block);
  llvm::BasicBlock* join = ended != nullptr ? ended->getUniqueExitBlock() : join_of(&block);
  const unsigned way = branch.getSuccessor(0) == join ? 1 : 0;
  llvm::BasicBlock* region = branch.getSuccessor(way);
  if (ended != nullptr) {
    close_loop(*ended, block);
    mask_phis_[ended->getHeader()]->addIncoming(edges[way], ir_.GetInsertBlock());
  } else if (is_cheap(*region, join)) {
    always_enters_.insert(&block);
    ir_.CreateBr(heads_[region]);
    return;
  }
  ir_.CreateCondBr(any_of(edges[way]), heads_[region], heads_[join]);
}

/// Lanes that are in the loop until here take the values of this round; others keep theirs.
void Emission::close_loop(llvm::Loop& loop, llvm::BasicBlock& latch) {
  for (llvm::PHINode& phi : loop.getUniqueExitBlock()->phis()) {
    const auto keeper = keepers_.find(&phi);
    if (keeper == keepers_.end()) continue;
    const auto [counting, kept] = keeper->second;
    llvm::Value* value = vector(phi.getIncomingValueForBlock(&latch));
    const auto* type = llvm::dyn_cast<llvm::FixedVectorType>(value->getType());
    if (type == nullptr) return refuse("A structure leaves a loop that lanes leave one by one.");
    llvm::Value* lanes = divided(active_mask(), type->getNumElements() / lanes_.count);
    llvm::Value* before = counting != nullptr ? vector(counting) : kept;
    llvm::Value* next = ir_.CreateSelect(lanes, value, before);
    vectors_[&phi] = next;
    if (counting != nullptr) {
      latch_values_[counting] = next;
    } else {
      kept->addIncoming(next, ir_.GetInsertBlock());
      kept->addIncoming(llvm::PoisonValue::get(next->getType()), tails_[loop.getLoopPreheader()]);
    }
  }
  llvm::BasicBlock* before = loop.getLoopPreheader();
  current_ = before;
  mask_phis_[loop.getHeader()]->addIncoming(active_mask(), tails_[before]);
  current_ = &latch;
}

void Emission::emit_terminator(llvm::BasicBlock& block) {
  llvm::Instruction* end = block.getTerminator();
  if (auto* branch = llvm::dyn_cast<llvm::BranchInst>(end)) {
    if (shapes_.parts(block))
      emit_parting(block, *branch);
    else if (branch->isUnconditional())
      ir_.CreateBr(heads_[branch->getSuccessor(0)]);
    else if (llvm::Value* condition = scalar(branch->getCondition()))
      ir_.CreateCondBr(condition, heads_[branch->getSuccessor(0)], heads_[branch->getSuccessor(1)]);
    else
      refuse("A branch that all lanes take alike depends on a value that differs.");
  } else {
    ir_.CreateRetVoid();
  }
  tails_[&block] = ir_.GetInsertBlock();
}

}  // namespace cuda_shim::kernels::simd
