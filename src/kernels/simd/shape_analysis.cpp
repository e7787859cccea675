// Runs both analyses in turn until neither learns anything new; see the header.

#include "kernels/simd/shape_analysis.h"

#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/UniformityAnalysis.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Dominators.h>
#include <llvm/Transforms/Scalar/StructurizeCFG.h>
#include <llvm/Transforms/Utils/FixIrreducible.h>
#include <llvm/Transforms/Utils/LCSSA.h>
#include <llvm/Transforms/Utils/LoopSimplify.h>
#include <llvm/Transforms/Utils/LowerSwitch.h>
#include <llvm/Transforms/Utils/UnifyFunctionExitNodes.h>
#include <llvm/Transforms/Utils/UnifyLoopExits.h>

#include "kernels/passes/analyses.h"
#include "kernels/simd/shape_rules.h"
#include "kernels/simd/uniformity.h"

namespace cuda_shim::kernels::simd {
namespace {

/// Alignments shrink by halves, so that this is far more than any real function needs.
constexpr unsigned kMostRounds = 64;

/// Whether lanes that came different ways, or left a loop at different times, meet in the phi.
bool lanes_meet_in(const llvm::PHINode& phi, const llvm::DominatorTree& dominators,
                   const llvm::LoopInfo& loops,
                   const llvm::DenseSet<const llvm::BasicBlock*>& parting) {
  const llvm::BasicBlock* block = phi.getParent();
  const llvm::Loop* own = loops.getLoopFor(block);
  const bool header = own != nullptr && own->getHeader() == block;
  if (header && own->getLoopLatch() != nullptr) return false;
  const auto* node = dominators.getNode(block);
  if (node == nullptr || node->getIDom() == nullptr) return true;
  const llvm::BasicBlock* branch = node->getIDom()->getBlock();
  for (const llvm::BasicBlock* part : parting) {
    if (dominators.dominates(block, part)) continue;  // they part later
    const llvm::Loop* loop = loops.getLoopFor(part);
    const bool leaves = loop != nullptr && !loop->contains(block) && loop->isLoopExiting(part);
    const bool merges = phi.getNumIncomingValues() > 1;
    if (leaves && (merges || loop->contains(phi.getIncomingBlock(0)))) return true;
    if (merges && dominators.dominates(branch, part)) return true;
  }
  return false;
}

}  // namespace

ShapeAnalysis::ShapeAnalysis(llvm::Function& function, const Lanes& lanes)
    : function_(function), lanes_(lanes) {
  do {
    find_uniformity();
    find_shapes();
  } while (draw_conclusions());
}

void ShapeAnalysis::find_uniformity() {
  divergent_.clear();
  parting_.clear();
  merging_.clear();
  passes::Analyses analyses(lanes_as_target(lanes_, proven_uniform_));
  auto& uniformity = analyses.functions.getResult<llvm::UniformityInfoAnalysis>(function_);
  for (llvm::BasicBlock& block : function_) {
    if (uniformity.hasDivergentTerminator(block)) parting_.insert(&block);
    for (llvm::Instruction& instruction : block)
      if (uniformity.isDivergent(&instruction)) divergent_.insert(&instruction);
  }
  const auto& dominators = analyses.functions.getResult<llvm::DominatorTreeAnalysis>(function_);
  const auto& loops = analyses.functions.getResult<llvm::LoopAnalysis>(function_);
  for (llvm::BasicBlock& block : function_)
    for (llvm::PHINode& phi : block.phis())
      if (lanes_meet_in(phi, dominators, loops, parting_)) merging_.insert(&phi);
}

Shape ShapeAnalysis::of(const llvm::Value* value) const {
  if (const auto* constant = llvm::dyn_cast<llvm::Constant>(value)) return shape_of(*constant);
  if (!llvm::isa<llvm::Instruction>(value)) return Shape::uniform();
  const auto found = shapes_.find(value);
  return found == shapes_.end() ? Shape::any() : found->second;
}

Shape ShapeAnalysis::phi_shape(const llvm::PHINode& phi) const {
  if (merging_.contains(&phi)) return Shape::any();
  bool first = true;
  Shape shape = Shape::any();
  for (const llvm::Value* value : phi.incoming_values()) {
    if (llvm::isa<llvm::Instruction>(value) && !shapes_.contains(value)) continue;
    shape = first ? of(value) : meet(shape, of(value), lanes_);
    first = false;
  }
  return shape;
}

Shape ShapeAnalysis::instruction_shape(const llvm::Instruction& instruction) const {
  const auto* phi = llvm::dyn_cast<llvm::PHINode>(&instruction);
  const Shape shape =
      phi != nullptr ? phi_shape(*phi)
                     : shape_of(instruction, lanes_, [&](const llvm::Value* v) { return of(v); });
  if (divergent_.contains(&instruction)) return shape;
  return shape.is_uniform() ? shape : Shape::uniform();
}

void ShapeAnalysis::find_shapes() {
  shapes_.clear();
  const llvm::ReversePostOrderTraversal<llvm::Function*> order(&function_);
  bool changed = true;
  for (unsigned round = 0; changed; ++round) {
    changed = false;
    for (const llvm::BasicBlock* block : order)
      for (const llvm::Instruction& instruction : *block) {
        Shape shape = instruction_shape(instruction);
        const bool gives_up = round >= kMostRounds && llvm::isa<llvm::PHINode>(instruction);
        if (gives_up && !shape.is_uniform()) shape = Shape::any();
        if (gives_up && shape.is_uniform()) shape = Shape::uniform();
        const auto [place, added] = shapes_.try_emplace(&instruction, shape);
        changed |= added || place->second != shape;
        place->second = shape;
      }
  }
}

bool ShapeAnalysis::draw_conclusions() {
  bool learned = false;
  for (const llvm::Value* value : divergent_)
    if (const Shape shape = of(value); shape.is_uniform() && shape.is_sure())
      learned |= proven_uniform_.insert(value).second;
  return learned;
}

namespace {

template <class... Passes>
void run_passes(llvm::Function& function, const Lanes& lanes, const ProvenUniform& proven,
                Passes... passes) {
  passes::Analyses analyses(lanes_as_target(lanes, proven));
  llvm::FunctionPassManager manager;
  (manager.addPass(std::move(passes)), ...);
  manager.run(function, analyses.functions);
}

}  // namespace

void ShapeAnalysis::structure(llvm::Function& function, const Lanes& lanes) {
  run_passes(function, lanes, {}, llvm::LowerSwitchPass(), llvm::UnifyFunctionExitNodesPass(),
             llvm::FixIrreduciblePass(), llvm::LoopSimplifyPass());
  if (!ShapeAnalysis(function, lanes).parting_.empty()) {
    run_passes(function, lanes, {}, llvm::UnifyLoopExitsPass(), llvm::LoopSimplifyPass());
    const ShapeAnalysis shapes(function, lanes);
    run_passes(function, lanes, shapes.proven_uniform_, llvm::StructurizeCFGPass(true));
  }
  run_passes(function, lanes, {}, llvm::LoopSimplifyPass(), llvm::LCSSAPass());
}

}  // namespace cuda_shim::kernels::simd
