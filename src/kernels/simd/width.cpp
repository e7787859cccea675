// The more vectors each value has, the better latencies are hidden and the more threads each call,
// branch and barrier serves; but values that do not fit into registers any more cost more than that
// gains. So the width follows from how many values a thread has at once in its loops.

#include "kernels/simd/width.h"

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>

#include <algorithm>
#include <bit>

#include "kernels/instructions/device_ops.h"
#include "kernels/simd/elements.h"
#include "kernels/simd/shape_analysis.h"
#include "kernels/simd/suitability.h"

namespace cuda_shim::kernels::simd {
namespace {

/// Registers for constants, addresses and intermediate results of one operation.
constexpr unsigned kOtherRegisters = 6;
/// Bits of the table of what lives where; kernels that need more are not looked at.
constexpr std::uint64_t kMostBits = std::uint64_t{1} << 26;

/// Programs cut warps into parts: of their lane numbers they take the rest by 8, 16 and so on.
constexpr unsigned kRowOfWarp = 8;

unsigned registers_of(unsigned vector_bits) {
  return vector_bits == 512 ? 32 : 16;
}

/// How many values that differ from lane to lane a thread has at most at once, in words.
class LiveWords {
 public:
  LiveWords(const llvm::Function& function, const ShapeAnalysis& shapes) : function_(function) {
    for (const llvm::Instruction& instruction : llvm::instructions(function))
      if (const unsigned words = words_of(instruction, shapes); words != 0) {
        numbers_[&instruction] = static_cast<unsigned>(words_.size());
        words_.push_back(words);
      }
    if (is_feasible()) find_live_begins();
  }

  bool is_feasible() const { return std::uint64_t{function_.size()} * words_.size() < kMostBits; }

  /// At any place in a loop, as the instructions are ordered now.
  unsigned most_at_once(const llvm::LoopInfo& loops) const {
    unsigned most = 0;
    for (const llvm::Loop* loop : loops)
      for (const llvm::BasicBlock* block : loop->blocks()) most = std::max(most, most_in(*block));
    return most;
  }

 private:
  static unsigned words_of(const llvm::Instruction& instruction, const ShapeAnalysis& shapes) {
    llvm::Type* type = instruction.getType();
    if (type->isVoidTy() || type->isStructTy() || type->isIntOrIntVectorTy(1)) return 0;
    if (llvm::isa<llvm::AllocaInst>(instruction) || !shapes.of(&instruction).varying) return 0;
    const std::uint64_t bits = instruction.getDataLayout().getTypeSizeInBits(type).getFixedValue();
    return std::max(1u, static_cast<unsigned>(bits / 32));
  }

  void add(llvm::BitVector& live, const llvm::Value* value) const {
    if (const auto found = numbers_.find(value); found != numbers_.end()) live.set(found->second);
  }
  void remove(llvm::BitVector& live, const llvm::Value* value) const {
    if (const auto found = numbers_.find(value); found != numbers_.end()) live.reset(found->second);
  }

  llvm::BitVector at_end(const llvm::BasicBlock& block) const {
    llvm::BitVector live(static_cast<unsigned>(words_.size()));
    for (const llvm::BasicBlock* next : llvm::successors(&block)) {
      if (const auto found = at_begin_.find(next); found != at_begin_.end()) live |= found->second;
      for (const llvm::PHINode& phi : next->phis()) add(live, phi.getIncomingValueForBlock(&block));
    }
    return live;
  }

  template <class Visit>
  void walk_back(const llvm::BasicBlock& block, llvm::BitVector& live, Visit visit) const {
    for (const llvm::Instruction& instruction : llvm::reverse(block)) {
      visit(live);
      remove(live, &instruction);
      if (llvm::isa<llvm::PHINode>(instruction)) continue;
      for (const llvm::Value* operand : instruction.operands()) add(live, operand);
    }
  }

  void find_live_begins() {
    for (bool changed = true; changed;) {
      changed = false;
      for (const llvm::BasicBlock* block : llvm::post_order(&function_)) {
        llvm::BitVector live = at_end(*block);
        walk_back(*block, live, [](const llvm::BitVector&) {});
        auto [place, added] = at_begin_.try_emplace(block, live);
        changed |= added || place->second != live;
        place->second = std::move(live);
      }
    }
  }

  unsigned most_in(const llvm::BasicBlock& block) const {
    unsigned most = 0;
    llvm::BitVector live = at_end(block);
    walk_back(block, live,
              [&](const llvm::BitVector& now) { most = std::max(most, words_in(now)); });
    return most;
  }

  unsigned words_in(const llvm::BitVector& live) const {
    unsigned words = 0;
    for (const unsigned number : live.set_bits()) words += words_[number];
    return words;
  }

  const llvm::Function& function_;
  llvm::DenseMap<const llvm::Value*, unsigned> numbers_;
  std::vector<unsigned> words_;
  llvm::DenseMap<const llvm::BasicBlock*, llvm::BitVector> at_begin_;
};

/// Numbers that a thread adds up at once in a loop: with more than these, two vectors for each do
/// not fit into 32 registers beside what is added. Other values, if they do not fit, cost less than
/// a second vector gains.
constexpr unsigned kMostSums = 10;

bool sums_fit_twice(const llvm::Function& function) {
  for (const llvm::BasicBlock& block : function) {
    unsigned sums = 0;
    for (const llvm::PHINode& phi : block.phis())
      if (phi.getType()->isFPOrFPVectorTy()) sums += elements_of(phi.getType());
    if (sums > kMostSums) return false;
  }
  return true;
}

bool lanes_part(const llvm::Function& function, const ShapeAnalysis& shapes) {
  return llvm::any_of(function, [&](const llvm::BasicBlock& block) { return shapes.parts(block); });
}

bool fetches_textures(const llvm::Function& function) {
  return llvm::any_of(llvm::instructions(function), [](const llvm::Instruction& instruction) {
    return instructions::device_op_in(instruction) == instructions::DeviceOp::texture_fetch;
  });
}

/// How many vectors each word may have: the more, the fewer masks there are to keep. Without loops,
/// two: there is not as much to wait for.
unsigned vectors_that_fit(llvm::Function& function, const Lanes& lanes, unsigned vector_bits) {
  const llvm::DominatorTree dominators(function);
  const llvm::LoopInfo loops(dominators);
  if (loops.empty()) return 2;
  const ShapeAnalysis shapes(function, lanes);
  const LiveWords words(function, shapes);
  if (!words.is_feasible()) return 1;
  const unsigned room = registers_of(vector_bits) - kOtherRegisters;
  const unsigned most = words.most_at_once(loops);
  if (8 * most <= room && !lanes_part(function, shapes)) return 8;
  if (4 * most <= room) return 4;
  return sums_fit_twice(function) ? 2 : 1;
}

std::uint32_t power_of_two_in(std::uint32_t number) {
  return number & -number;
}

}  // namespace

Lanes choose_lanes(llvm::Function& function, const cuda_shim_dim3& block, unsigned vector_bits) {
  Lanes lanes{.row = kRowOfWarp, .block = {block.x, block.y, block.z}};
  if (uses_warp(function)) return lanes;
  lanes.row = 0;
  const unsigned one_vector = std::max(4u, vector_bits / 32);
  lanes.count = one_vector;
  if (!lanes.knows_block()) {
    lanes.count *= std::min(2u, vectors_that_fit(function, lanes, vector_bits));
    return lanes;
  }
  const std::uint32_t width = power_of_two_in(block.x);
  const bool linear = lanes.one_dimensional() || width >= one_vector / 2 || block.x < 4;
  lanes.grouping = linear ? Grouping::kLinear : Grouping::kRows;
  if (lanes.one_dimensional() || (linear && width >= 4))
    lanes.row = lanes.one_dimensional() ? one_vector : width;
  lanes.count *= vectors_that_fit(function, lanes, vector_bits);
  if (fetches_textures(function)) lanes.count = std::min(lanes.count, kMostLanesOfTexture);
  // What groups share out, without a rest if they can.
  const std::uint64_t threads = linear ? std::uint64_t{block.x} * block.y * block.z : block.x;
  while (lanes.count > one_vector && threads % lanes.count != 0) lanes.count /= 2;
  lanes.count = std::min<unsigned>(lanes.count, std::max<std::uint64_t>(4, std::bit_ceil(threads)));
  while (!linear && lanes.count > 8 && threads % lanes.count != 0 &&
         threads % (lanes.count / 2) == 0)
    lanes.count /= 2;
  return lanes;
}

}  // namespace cuda_shim::kernels::simd
