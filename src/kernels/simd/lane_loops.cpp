// Weighs each innermost loop in both forms, widens what it chooses to the branches that belong to
// it, and lets LLVM's CodeExtractor make a function of that.

#include "kernels/simd/lane_loops.h"

#include <llvm/Analysis/DominanceFrontier.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/Analysis/RegionInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/IPO/AlwaysInliner.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/CodeExtractor.h>

#include "kernels/passes/analyses.h"
#include "kernels/simd/shape_analysis.h"

namespace cuda_shim::kernels::simd {
namespace {

constexpr llvm::StringLiteral kMark = "cuda-shim-lane-loop";

/// Instructions around a loop that go with it, if that spares a second turn through the lanes.
constexpr unsigned kMostAround = 32;

/// Cycles for 16 lanes, as measured on Zen 4: a gather takes 22, a scatter 60, another operation of
/// all lanes one; by itself, a lane's instruction takes a third of one.
struct Cost {
  unsigned together = 0;
  unsigned apart = 0;

  Cost& operator+=(const Cost& other) {
    together += other.together;
    apart += other.apart;
    return *this;
  }
  /// That lanes which leave at different times are idle for a third of their turns is the margin.
  bool is_better_apart() const { return together > apart; }
};

constexpr Cost kGather{22, 8}, kScatter{60, 10}, kInLine{1, 8}, kOperation{1, 5}, kCall{8, 100};

/// Or part of an address or of a branch, as processors have them.
bool is_free(const llvm::Instruction& instruction) {
  if (llvm::isa<llvm::PHINode, llvm::GetElementPtrInst, llvm::CastInst, llvm::BranchInst>(
          instruction) ||
      instruction.getOpcode() == llvm::Instruction::Shl || instruction.isLifetimeStartOrEnd())
    return true;
  return !instruction.use_empty() && llvm::all_of(instruction.users(), [](const llvm::User* user) {
    return llvm::isa<llvm::IntToPtrInst, llvm::BranchInst>(user);
  });
}

bool is_in_line(const llvm::Instruction& access, const ShapeAnalysis& shapes) {
  llvm::Type* type = llvm::getLoadStoreType(&access);
  const Shape shape = shapes.of(llvm::getLoadStorePointerOperand(&access));
  const auto bytes =
      static_cast<std::int64_t>(access.getDataLayout().getTypeStoreSize(type).getFixedValue());
  return !shape.varying && (shape.stride == 0 || std::llabs(shape.stride) == bytes);
}

Cost cost_of(const llvm::Instruction& instruction, const ShapeAnalysis& shapes) {
  if (llvm::isa<llvm::LoadInst, llvm::StoreInst>(instruction)) {
    if (is_in_line(instruction, shapes)) return kInLine;
    return llvm::isa<llvm::LoadInst>(instruction) ? kGather : kScatter;
  }
  if (is_free(instruction)) return {};
  if (instruction.getType()->isVectorTy()) return kCall;
  switch (instruction.getOpcode()) {
    case llvm::Instruction::FDiv:
    case llvm::Instruction::FRem:
    case llvm::Instruction::SDiv:
    case llvm::Instruction::UDiv:
    case llvm::Instruction::SRem:
    case llvm::Instruction::URem:
      return kCall;
    case llvm::Instruction::Call: {
      const auto id = llvm::cast<llvm::CallInst>(instruction).getIntrinsicID();
      const bool cheap = id == llvm::Intrinsic::fma || id == llvm::Intrinsic::fmuladd ||
                         llvm::isa<llvm::MinMaxIntrinsic>(instruction);
      return cheap ? kOperation : kCall;
    }
    default:
      return kOperation;
  }
}

/// Nothing that lanes do together or that asks which lane it is.
bool can_run_apart(const llvm::Instruction& instruction) {
  if (instruction.isAtomic() || instruction.isVolatile() || instruction.getType()->isTokenTy() ||
      llvm::isa<llvm::AllocaInst>(instruction))
    return false;
  if (instruction.isTerminator()) return llvm::isa<llvm::BranchInst, llvm::SwitchInst>(instruction);
  const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
  if (call == nullptr) return true;
  const llvm::Function* callee = call->getCalledFunction();
  return callee != nullptr && callee->isIntrinsic() && !call->isInlineAsm() &&
         (call->doesNotAccessMemory() || instruction.isLifetimeStartOrEnd());
}

bool can_run_apart(const llvm::BasicBlock& block) {
  return llvm::all_of(block, [](const llvm::Instruction& i) { return can_run_apart(i); });
}

bool lanes_leave_apart(const llvm::Loop& loop, const ShapeAnalysis& shapes) {
  llvm::SmallVector<llvm::BasicBlock*> exiting;
  loop.getExitingBlocks(exiting);
  return llvm::any_of(exiting, [&](const llvm::BasicBlock* block) { return shapes.parts(*block); });
}

bool can_run_apart(const llvm::Loop& loop) {
  return loop.isInnermost() && llvm::all_of(loop.blocks(), [](const llvm::BasicBlock* block) {
           return can_run_apart(*block);
         });
}

bool is_better_apart(const llvm::Loop& loop, const ShapeAnalysis& shapes) {
  if (!can_run_apart(loop) || !lanes_leave_apart(loop, shapes)) return false;
  Cost cost;
  for (const llvm::BasicBlock* block : loop.blocks())
    for (const llvm::Instruction& instruction : *block) cost += cost_of(instruction, shapes);
  return cost.is_better_apart();
}

/// What costs little to find out.
bool has_loop_to_look_at(llvm::Function& function) {
  const llvm::DominatorTree dominators(function);
  const llvm::LoopInfo loops(dominators);
  return llvm::any_of(loops.getLoopsInPreorder(),
                      [](const llvm::Loop* loop) { return can_run_apart(*loop); });
}

/// What LLVM knows of a function's control flow, until it changes.
struct ControlFlow {
  explicit ControlFlow(llvm::Function& function)
      : dominators(function), post_dominators(function), loops(dominators) {
    frontier.analyze(dominators);
    regions.recalculate(function, &dominators, &post_dominators, &frontier);
  }

  llvm::DominatorTree dominators;
  llvm::PostDominatorTree post_dominators;
  llvm::LoopInfo loops;
  llvm::DominanceFrontier frontier;
  llvm::RegionInfo regions;
};

class Choice {
 public:
  Choice(llvm::Function& function, const Lanes& lanes)
      : flow_(function), shapes_(function, lanes) {}

  /// The blocks of the first loop that is better apart and what belongs to it, its entry first;
  /// none if there is no such loop.
  llvm::SmallVector<llvm::BasicBlock*> blocks() {
    for (llvm::Loop* loop : flow_.loops.getLoopsInPreorder()) {
      if (!is_better_apart(*loop, shapes_)) continue;
      llvm::Region* region = flow_.regions.getRegionFor(loop->getHeader());
      while (region != nullptr && !region->contains(loop)) region = region->getParent();
      if (region == nullptr || region->isTopLevelRegion() || !goes_along(*region)) continue;
      while (!region->getParent()->isTopLevelRegion() && goes_along(*region->getParent()))
        region = region->getParent();
      return blocks_of(*region);
    }
    return {};
  }

 private:
  /// Whether all of the region can run lane by lane: loops that are better so, and little else. Of
  /// its first block, only the branch is taken.
  bool goes_along(const llvm::Region& region) const {
    unsigned around = 0;
    for (const llvm::BasicBlock* block : region.blocks()) {
      const llvm::Loop* loop = flow_.loops.getLoopFor(block);
      if (loop != nullptr && region.contains(loop)) {
        if (!is_better_apart(*loop, shapes_)) return false;
      } else if (block != region.getEntry()) {
        around += static_cast<unsigned>(block->size());
        if (!can_run_apart(*block)) return false;
      } else if (!llvm::isa<llvm::BranchInst>(block->getTerminator())) {
        return false;
      }
    }
    return around <= kMostAround;
  }

  llvm::SmallVector<llvm::BasicBlock*> blocks_of(const llvm::Region& region) const {
    llvm::BasicBlock* entry = region.getEntry();
    llvm::SmallVector<llvm::BasicBlock*> blocks;
    for (llvm::BasicBlock* block : region.blocks())
      if (block != entry) blocks.push_back(block);
    const llvm::Loop* loop = flow_.loops.getLoopFor(entry);
    const bool whole = loop != nullptr && region.contains(loop);
    blocks.insert(blocks.begin(),
                  whole ? entry : llvm::SplitBlock(entry, entry->getTerminator()->getIterator()));
    return blocks;
  }

  ControlFlow flow_;
  ShapeAnalysis shapes_;
};

}  // namespace

void set_loops_apart(llvm::Function& function, const Lanes& lanes) {
  while (has_loop_to_look_at(function)) {
    const llvm::SmallVector<llvm::BasicBlock*> blocks = Choice(function, lanes).blocks();
    if (blocks.empty()) return;
    llvm::CodeExtractor extractor(blocks);
    llvm::Function* apart =
        extractor.isEligible()
            ? extractor.extractCodeRegion(llvm::CodeExtractorAnalysisCache(function))
            : nullptr;
    if (apart == nullptr) return;
    apart->addFnAttr(kMark);
    apart->setLinkage(llvm::GlobalValue::InternalLinkage);
  }
}

bool is_lane_loop(const llvm::Function& function) {
  return function.hasFnAttribute(kMark);
}

void expand_lane_loops(llvm::Module& module) {
  bool found = false;
  for (llvm::Function& function : module) {
    if (!is_lane_loop(function)) continue;
    function.removeFnAttr(llvm::Attribute::NoInline);
    function.addFnAttr(llvm::Attribute::AlwaysInline);
    found = true;
  }
  if (!found) return;
  passes::Analyses analyses;
  llvm::AlwaysInlinerPass(/*InsertLifetime=*/false).run(module, analyses.modules);
}

}  // namespace cuda_shim::kernels::simd
