#include "kernels/simd/butterfly.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/PatternMatch.h>

#include <bit>
#include <numeric>

#include "kernels/instructions/device_ops.h"

namespace cuda_shim::kernels::simd {
namespace {

using llvm::Value;
using namespace llvm::PatternMatch;

const Value* without_casts(const Value* value) {
  while (const auto* cast = llvm::dyn_cast<llvm::BitCastInst>(value)) value = cast->getOperand(0);
  return value;
}

/// Whether a op b is b op a, to the bit.
bool commutes(const llvm::Instruction& step) {
  if (llvm::isa<llvm::BinaryOperator>(step)) return step.isCommutative();
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&step);
  if (call == nullptr) return false;
  switch (call->getIntrinsicID()) {
    case llvm::Intrinsic::maximumnum:
    case llvm::Intrinsic::minimumnum:
    case llvm::Intrinsic::maximum:
    case llvm::Intrinsic::minimum:
    case llvm::Intrinsic::smax:
    case llvm::Intrinsic::smin:
    case llvm::Intrinsic::umax:
    case llvm::Intrinsic::umin:
      return true;
    default:
      return false;
  }
}

bool does_the_same(const llvm::Instruction& one, const llvm::Instruction& other) {
  if (one.getOpcode() != other.getOpcode() || one.getType() != other.getType()) return false;
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&one);
  const auto* second = llvm::dyn_cast<llvm::IntrinsicInst>(&other);
  return call == nullptr ||
         (second != nullptr && call->getIntrinsicID() == second->getIntrinsicID());
}

/// A word of another lane, whose number differs from the own one by one bit.
struct Moved {
  const Value* word;
  unsigned distance;
  const llvm::BasicBlock* block;  ///< of the shuffle
};

/// `pair` is what a shuffle of a whole warp without segments gives.
std::optional<Moved> moved_by(const Value* pair) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(pair);
  if (call == nullptr || instructions::device_op_in(*call) != instructions::DeviceOp::shuffle)
    return std::nullopt;
  const auto is = [&](unsigned argument, std::uint32_t number) {
    const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(call->getArgOperand(argument));
    return constant != nullptr && constant->equalsInt(number);
  };
  const auto* distance = llvm::dyn_cast<llvm::ConstantInt>(call->getArgOperand(2));
  const bool is_whole = is(0, CUDA_SHIM_SHFL_BFLY) && is(3, CUDA_SHIM_WARP_SIZE - 1) && is(4, ~0u);
  if (!is_whole || distance == nullptr) return std::nullopt;
  const std::uint64_t bits = distance->getZExtValue();
  if (!std::has_single_bit(bits) || bits >= CUDA_SHIM_WARP_SIZE) return std::nullopt;
  return Moved{without_casts(call->getArgOperand(1)), static_cast<unsigned>(bits),
               call->getParent()};
}

/// `moved` is put together of the low words of what two shuffles give, of either half of `value`.
std::optional<Moved> moved_in_halves(const Value* moved, const Value* value) {
  const Value *low_pair = nullptr, *high_pair = nullptr;
  const auto low_half = m_CombineOr(m_ZExt(m_Trunc(m_Value(low_pair))),
                                    m_And(m_Value(low_pair), m_SpecificInt(0xffffffffu)));
  const auto high_half = m_Shl(m_CombineOr(m_ZExt(m_Trunc(m_Value(high_pair))), m_Value(high_pair)),
                               m_SpecificInt(32));
  if (!match(moved, m_c_Or(high_half, low_half))) return std::nullopt;
  const std::optional<Moved> low = moved_by(low_pair), high = moved_by(high_pair);
  if (!low || !high || low->distance != high->distance) return std::nullopt;
  const Value *of_low = nullptr, *of_high = nullptr;
  const bool halves = match(low->word, m_Trunc(m_Value(of_low))) &&
                      match(high->word, m_Trunc(m_LShr(m_Value(of_high), m_SpecificInt(32))));
  const bool same = halves && without_casts(of_low) == value && without_casts(of_high) == value;
  return same ? low : std::nullopt;
}

/// From which lane `moved` is, if it is that lane's `value`: words are moved one by one.
std::optional<Moved> moved_value(const Value* moved, const Value* value) {
  moved = without_casts(moved);
  value = without_casts(value);
  if (value->getType()->getPrimitiveSizeInBits() == 64) return moved_in_halves(moved, value);
  const Value* pair = nullptr;
  if (!match(moved, m_Trunc(m_Value(pair)))) return std::nullopt;
  const std::optional<Moved> word = moved_by(pair);
  return word && word->word == value ? word : std::nullopt;
}

struct Step {
  Value* before;
  Moved moved;
};

std::optional<Step> step_of(const llvm::Instruction& step) {
  for (const unsigned own : {0u, 1u})
    if (const auto moved = moved_value(step.getOperand(1 - own), step.getOperand(own)))
      return Step{step.getOperand(own), *moved};
  return std::nullopt;
}

Value* combined(llvm::IRBuilder<>& ir, const llvm::Instruction& step, Value* one, Value* other) {
  if (const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&step))
    return ir.CreateBinaryIntrinsic(call->getIntrinsicID(), one, other);
  return ir.CreateBinOp(llvm::cast<llvm::BinaryOperator>(step).getOpcode(), one, other);
}

}  // namespace

std::optional<Butterfly> butterfly_that_ends_in(const llvm::Instruction& last, const Lanes& lanes) {
  if (lanes.count != CUDA_SHIM_WARP_SIZE || !lanes.always_full() || !commutes(last))
    return std::nullopt;
  Butterfly found = {};
  const llvm::Instruction* at = &last;
  unsigned missing = CUDA_SHIM_WARP_SIZE - 1;
  while (missing != 0) {
    if (at == nullptr || !does_the_same(*at, last)) return std::nullopt;
    const std::optional<Step> step = step_of(*at);
    if (!step || (step->moved.distance & missing) == 0) return std::nullopt;
    missing &= ~step->moved.distance;
    found.distances.insert(found.distances.begin(), step->moved.distance);
    found.start = step->before;
    found.block = step->moved.block;
    at = llvm::dyn_cast<llvm::Instruction>(step->before);
  }
  return found;
}

Value* emit_butterfly(llvm::IRBuilder<>& ir, const Butterfly& butterfly,
                      const llvm::Instruction& last, Value* start) {
  // The lanes that the elements of the vector stand for.
  llvm::SmallVector<unsigned> left(CUDA_SHIM_WARP_SIZE);
  std::iota(left.begin(), left.end(), 0u);
  Value* all = start;
  for (const unsigned distance : butterfly.distances) {
    llvm::SmallVector<int> here, there;
    llvm::SmallVector<unsigned> kept;
    for (const unsigned lane : left) {
      if ((lane & distance) != 0) continue;
      here.push_back(static_cast<int>(llvm::find(left, lane) - left.begin()));
      there.push_back(static_cast<int>(llvm::find(left, lane ^ distance) - left.begin()));
      kept.push_back(lane);
    }
    all = combined(ir, last, ir.CreateShuffleVector(all, here), ir.CreateShuffleVector(all, there));
    left = std::move(kept);
  }
  return ir.CreateExtractElement(all, std::uint64_t{0});
}

}  // namespace cuda_shim::kernels::simd
