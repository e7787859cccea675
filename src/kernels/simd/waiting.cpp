// Finds what lanes that stand still could write, and compares it with what the others wait for; see
// the header.

#include "kernels/simd/waiting.h"

#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IntrinsicInst.h>

#include "kernels/instructions/device_ops.h"
#include "kernels/simd/address_origin.h"
#include "kernels/simd/linear_address.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::device_op_in;
using instructions::DeviceOp;
using BlockSet = llvm::SmallPtrSet<const llvm::BasicBlock*, 16>;

bool is_constant(const llvm::Value* value, bool (llvm::ConstantInt::*test)() const) {
  const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(value);
  return constant != nullptr && (constant->*test)();
}

/// Whether no lane gets past it before all lanes of the warp have come.
bool meets_all(const llvm::CallInst& call, DeviceOp op) {
  const llvm::Value* last = call.arg_empty() ? nullptr : call.getArgOperand(call.arg_size() - 1);
  switch (op) {
    case DeviceOp::barrier_sync:
      return is_constant(call.getArgOperand(1), &llvm::ConstantInt::isZero);
    case DeviceOp::barrier_reduce:
      return is_constant(call.getArgOperand(2), &llvm::ConstantInt::isZero);
    case DeviceOp::warp_sync:
    case DeviceOp::shuffle:
    case DeviceOp::vote:
    case DeviceOp::match:
    case DeviceOp::redux:
    case DeviceOp::elect:
    case DeviceOp::exchange:
      return is_constant(last, &llvm::ConstantInt::isMinusOne);
    default:
      return false;
  }
}

/// Operations that change nothing that others could wait for.
bool is_harmless(DeviceOp op) {
  switch (op) {
    case DeviceOp::warp_sync:
    case DeviceOp::shuffle:
    case DeviceOp::vote:
    case DeviceOp::match:
    case DeviceOp::redux:
    case DeviceOp::elect:
    case DeviceOp::exchange:
    case DeviceOp::activemask:
    case DeviceOp::yield:
    case DeviceOp::nanosleep:
    case DeviceOp::vprintf:
    case DeviceOp::malloc:
    case DeviceOp::free:
    case DeviceOp::texture_fetch:
    case DeviceOp::texture_query:
    case DeviceOp::surface_load:
    case DeviceOp::clock:
    case DeviceOp::globaltimer:
      return true;
    default:
      return instructions::effect_of(op) == instructions::OpEffect::kPure ||
             instructions::effect_of(op) == instructions::OpEffect::kNoReturn;
  }
}

/// A read or write of memory. `strong`: volatile or atomic.
struct Access {
  const llvm::Instruction* instruction;
  const llvm::Value* pointer;
  std::int64_t bytes;
  bool strong;
  Origin origin;
};

const llvm::Value* pointer_of(const llvm::Instruction& instruction) {
  if (const llvm::Value* plain = llvm::getLoadStorePointerOperand(&instruction)) return plain;
  if (const auto* update = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction))
    return update->getPointerOperand();
  const auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction);
  return exchange != nullptr ? exchange->getPointerOperand() : nullptr;
}

llvm::Type* type_of(const llvm::Instruction& instruction) {
  if (llvm::isa<llvm::LoadInst, llvm::StoreInst>(instruction))
    return llvm::getLoadStoreType(&instruction);
  if (const auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction))
    return exchange->getCompareOperand()->getType();
  return instruction.getType();
}

/// Nothing where the instruction is no access of one place.
std::optional<Access> access_of(const llvm::Instruction& instruction) {
  const llvm::Value* pointer = pointer_of(instruction);
  if (pointer == nullptr) return std::nullopt;
  const llvm::DataLayout& layout = instruction.getDataLayout();
  const auto bytes = layout.getTypeStoreSize(type_of(instruction)).getFixedValue();
  return Access{&instruction, pointer, static_cast<std::int64_t>(bytes),
                instruction.isAtomic() || instruction.isVolatile(), origin_of(pointer)};
}

struct WaitingLoop {
  const llvm::Loop* loop;
  llvm::SmallVector<Access> reads;  ///< what it may wait for
};

class Waiting {
 public:
  Waiting(llvm::Function& function, const ShapeAnalysis& shapes, unsigned lanes)
      : function_(function),
        shapes_(shapes),
        lanes_(lanes),
        library_implementation_(function.getParent()->getTargetTriple()),
        library_(library_implementation_),
        assumptions_(function),
        dominators_(function),
        post_dominators_(function),
        loops_(dominators_),
        evolution_(function, library_, assumptions_, dominators_, loops_) {}

  std::optional<std::string> why_not() {
    find_loops();
    for (const WaitingLoop& waiting : waiting_)
      if (auto why = why_not(waiting)) return why;
    return std::nullopt;
  }

 private:
  void find_loops();
  void add_loop(const llvm::Loop& loop);
  std::optional<std::string> why_not(const WaitingLoop& waiting);
  BlockSet blocks_until(const llvm::BasicBlock* start, const llvm::BasicBlock* end) const;
  const llvm::BasicBlock* join_of(const llvm::BasicBlock& block) const;
  using Starts = llvm::SmallVector<const llvm::BasicBlock*>;
  void add_exits(const llvm::BasicBlock& parting, const llvm::Loop& loop, Starts& starts) const;
  void add_other_ways(const llvm::BasicBlock& parting, const llvm::Loop& loop,
                      Starts& starts) const;
  Starts where_lanes_stand(const llvm::Loop& loop) const;
  bool is_fine(const llvm::Instruction& instruction, const WaitingLoop& waiting);
  bool is_fine(const Access& write, const WaitingLoop& waiting);
  bool is_beyond(const Access& write, const Access& read, const llvm::Loop& loop);
  bool somebody_waits_for_shared() const;

  llvm::Function& function_;
  const ShapeAnalysis& shapes_;
  unsigned lanes_;
  llvm::TargetLibraryInfoImpl library_implementation_;
  llvm::TargetLibraryInfo library_;
  llvm::AssumptionCache assumptions_;
  llvm::DominatorTree dominators_;
  llvm::PostDominatorTree post_dominators_;
  llvm::LoopInfo loops_;
  llvm::ScalarEvolution evolution_;
  llvm::SmallVector<WaitingLoop> waiting_;
  Side side_ = Side::kUnknown;  ///< on which all loops read
};

// --- What is waited for

void Waiting::find_loops() {
  llvm::SmallPtrSet<const llvm::Loop*, 4> seen;
  for (const llvm::BasicBlock& block : function_)
    for (const llvm::Instruction& instruction : block) {
      if (device_op_in(instruction) != DeviceOp::yield) continue;
      const llvm::Loop* loop = loops_.getLoopFor(&block);
      if (loop != nullptr && seen.insert(loop).second) add_loop(*loop);
    }
}

/// Plain reads count where there are no others: between fences and pauses they are meant to see
/// what others write.
void Waiting::add_loop(const llvm::Loop& loop) {
  llvm::SmallVector<Access> strong;
  llvm::SmallVector<Access> plain;
  for (const llvm::BasicBlock* block : loop.blocks())
    for (const llvm::Instruction& instruction : *block) {
      const auto access = access_of(instruction);
      if (!access || !instruction.mayReadFromMemory() || llvm::isa<llvm::StoreInst>(instruction))
        continue;
      (access->strong ? strong : plain).push_back(*access);
    }
  waiting_.push_back({&loop, strong.empty() ? plain : strong});
}

bool Waiting::somebody_waits_for_shared() const {
  for (const WaitingLoop& waiting : waiting_)
    for (const Access& read : waiting.reads) {
      const bool global = read.pointer->getType()->getPointerAddressSpace() == 1;
      if (!global && (!read.origin.is_known() || read.origin.kind == OriginKind::kShared))
        return true;
    }
  return false;
}

// --- Where the others stand

BlockSet Waiting::blocks_until(const llvm::BasicBlock* start, const llvm::BasicBlock* end) const {
  BlockSet found;
  llvm::SmallVector<const llvm::BasicBlock*> open;
  const auto add = [&](const llvm::BasicBlock* block) {
    if (block != end && found.insert(block).second) open.push_back(block);
  };
  add(start);
  while (!open.empty())
    for (const llvm::BasicBlock* next : llvm::successors(open.pop_back_val())) add(next);
  return found;
}

const llvm::BasicBlock* Waiting::join_of(const llvm::BasicBlock& block) const {
  const auto* node = post_dominators_.getNode(&block);
  return node != nullptr && node->getIDom() != nullptr ? node->getIDom()->getBlock() : nullptr;
}

/// Where lanes go on that have left the loop while others stay, by way of this branch in it.
void Waiting::add_exits(const llvm::BasicBlock& parting, const llvm::Loop& loop,
                        Starts& starts) const {
  BlockSet apart = {&parting};
  for (const llvm::BasicBlock* next : llvm::successors(&parting))
    for (const llvm::BasicBlock* block : blocks_until(next, join_of(parting))) apart.insert(block);
  for (const llvm::BasicBlock* block : apart) {
    if (!loop.contains(block)) continue;
    for (const llvm::BasicBlock* next : llvm::successors(block))
      if (!loop.contains(next)) starts.push_back(next);
  }
}

/// Where lanes go on that did not take the way of this branch that leads into the loop.
void Waiting::add_other_ways(const llvm::BasicBlock& parting, const llvm::Loop& loop,
                             Starts& starts) const {
  const llvm::BasicBlock* join = join_of(parting);
  Starts others;
  bool leads_in = false;
  for (const llvm::BasicBlock* next : llvm::successors(&parting)) {
    if (blocks_until(next, join).contains(loop.getHeader()))
      leads_in = true;
    else
      others.push_back(next);
  }
  if (!leads_in) return;
  starts.append(others);
  if (join != nullptr) starts.push_back(join);
}

Waiting::Starts Waiting::where_lanes_stand(const llvm::Loop& loop) const {
  Starts starts;
  for (const llvm::BasicBlock& block : function_) {
    if (!shapes_.parts(block)) continue;
    if (loop.contains(&block))
      add_exits(block, loop, starts);
    else
      add_other_ways(block, loop, starts);
  }
  return starts;
}

// --- What the others could do

std::optional<std::string> Waiting::why_not(const WaitingLoop& waiting) {
  Starts open = where_lanes_stand(*waiting.loop);
  BlockSet seen(open.begin(), open.end());
  while (!open.empty()) {
    const llvm::BasicBlock* block = open.pop_back_val();
    bool met = false;
    for (const llvm::Instruction& instruction : *block) {
      const auto op = device_op_in(instruction);
      met = op && meets_all(llvm::cast<llvm::CallInst>(instruction), *op);
      if (met) break;
      if (!is_fine(instruction, waiting))
        return "Lanes of a warp wait in a loop for what others write, and these may be lanes of "
               "the same warp.";
    }
    if (met) continue;
    for (const llvm::BasicBlock* next : llvm::successors(block))
      if (seen.insert(next).second) open.push_back(next);
  }
  return std::nullopt;
}

bool Waiting::is_fine(const llvm::Instruction& instruction, const WaitingLoop& waiting) {
  if (const auto op = device_op_in(instruction)) return is_harmless(*op);
  if (!instruction.mayWriteToMemory() || llvm::isa<llvm::FenceInst>(instruction)) return true;
  if (const auto* intrinsic = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction)) {
    if (const auto* copy = llvm::dyn_cast<llvm::AnyMemIntrinsic>(intrinsic))
      return origin_of(copy->getRawDest()).kind == OriginKind::kOwn;
    return intrinsic->onlyAccessesInaccessibleMemory() || intrinsic->isLifetimeStartOrEnd();
  }
  if (llvm::isa<llvm::LoadInst>(instruction)) return true;
  const auto write = access_of(instruction);
  return write && is_fine(*write, waiting);
}

bool Waiting::is_fine(const Access& write, const WaitingLoop& waiting) {
  if (write.origin.kind == OriginKind::kOwn) return true;
  if (write.origin.kind == OriginKind::kShared && !somebody_waits_for_shared()) return true;
  for (const Access& read : waiting.reads) {
    const bool other_array =
        write.origin.is_known() && read.origin.is_known() && write.origin != read.origin;
    if (other_array && !(write.strong && read.strong)) continue;
    if (!is_beyond(write, read, *waiting.loop)) return false;
  }
  return true;
}

bool Waiting::is_beyond(const Access& write, const Access& read, const llvm::Loop& loop) {
  const auto from = linear_address(evolution_, read.pointer);
  const auto to = linear_address(evolution_, write.pointer);
  if (!from || !to) return false;
  const llvm::Loop* outermost = loop.getOutermostLoop();
  const auto sure = [&](const llvm::Value* value) {
    const auto* instruction = llvm::dyn_cast<llvm::Instruction>(value);
    return instruction == nullptr || !outermost->contains(instruction);
  };
  const Side side = side_of(*from, *to, std::max(read.bytes, write.bytes), shapes_, lanes_, sure);
  if (side == Side::kUnknown || (side_ != Side::kUnknown && side != side_)) return false;
  side_ = side;
  return true;
}

}  // namespace

std::optional<std::string> why_not_wait(llvm::Function& function, const ShapeAnalysis& shapes,
                                        unsigned lanes) {
  return Waiting(function, shapes, lanes).why_not();
}

}  // namespace cuda_shim::kernels::simd
