// LLVM unrolls the loops that are chosen here; then the instructions of the one block that this
// gives are put in the order of their places in a round.

#include "kernels/simd/rounds_abreast.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SetVector.h>
#include <llvm/Analysis/CaptureTracking.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Transforms/Scalar/LoopUnrollPass.h>

#include <queue>

#include "kernels/passes/analyses.h"
#include "kernels/simd/elements.h"

namespace cuda_shim::kernels::simd {
namespace {

constexpr const char* kPlaceKind = "cuda_shim.place";
constexpr unsigned kRounds = 4;
/// Cycles until the result of a floating-point operation is there.
constexpr unsigned kLatency = 4;
/// Shorter rounds overlap in the processor by themselves; longer ones outgrow the block sizes that
/// code generators are good at.
constexpr unsigned kLeastOperations = 32, kMostInstructions = 1024;

bool is_number_type(const llvm::Type* type) {
  return type->getScalarType()->isFloatTy() || type->getScalarType()->isDoubleTy();
}

bool is_arithmetic(const llvm::Instruction& instruction) {
  if (!is_number_type(instruction.getType())) return false;
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
  if (call == nullptr) return llvm::isa<llvm::BinaryOperator, llvm::UnaryOperator>(instruction);
  return call->getIntrinsicID() == llvm::Intrinsic::fma ||
         call->getIntrinsicID() == llvm::Intrinsic::fmuladd ||
         llvm::isa<llvm::MinMaxIntrinsic>(call);
}

/// Memory that only the thread itself sees; null for other memory.
const llvm::Value* own_memory_of(const llvm::Instruction& access) {
  const llvm::Value* object =
      llvm::getUnderlyingObject(llvm::getLoadStorePointerOperand(&access), 0);
  const auto* array = llvm::dyn_cast<llvm::AllocaInst>(object);
  return array != nullptr && !llvm::PointerMayBeCaptured(array, /*ReturnCaptures=*/true) ? array
                                                                                         : nullptr;
}

/// Whether rounds may be mixed: nothing but loads, one store to each own array that is not read
/// here, and what depends on its operands alone.
bool can_mix_rounds(const llvm::BasicBlock& block) {
  llvm::SmallPtrSet<const llvm::Value*, 4> written;
  for (const llvm::Instruction& instruction : block) {
    const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction);
    if (store == nullptr) continue;
    const llvm::Value* array = own_memory_of(*store);
    if (!store->isSimple() || array == nullptr || !written.insert(array).second) return false;
  }
  return llvm::all_of(block, [&](const llvm::Instruction& instruction) {
    if (llvm::isa<llvm::StoreInst>(instruction) || instruction.isTerminator()) return true;
    if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction))
      return load->isSimple() && (written.empty() || !written.contains(own_memory_of(*load)));
    const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    if (call != nullptr && call->isConvergent()) return false;
    return !instruction.mayHaveSideEffects() && !instruction.mayReadFromMemory();
  });
}

/// What a round consists of, counted for one thread.
struct Round {
  unsigned operations = 0;  ///< of floating-point arithmetic
  unsigned sums = 0;        ///< numbers that are carried from round to round
  unsigned depth = 0;       ///< operations that wait for each other
  unsigned carried = 0;     ///< those among them that wait for the round before
  unsigned instructions = 0;
};

class Depths {
 public:
  explicit Depths(const llvm::BasicBlock& block) : block_(block) {
    for (const llvm::Instruction& instruction : block)
      depths_[&instruction] =
          llvm::isa<llvm::PHINode>(instruction) ? of_phi(instruction) : after(instruction);
  }

  Round round() const {
    Round round;
    for (const llvm::Instruction& instruction : block_) {
      ++round.instructions;
      if (is_arithmetic(instruction)) round.operations += elements_of(instruction.getType());
      round.depth = std::max(round.depth, static_cast<unsigned>(depth_of(&instruction).all));
    }
    for (const llvm::PHINode& phi : block_.phis()) {
      if (!is_number_type(phi.getType())) continue;
      round.sums += elements_of(phi.getType());
      const int carried = depth_of(phi.getIncomingValueForBlock(&block_)).carried;
      round.carried = std::max(round.carried, static_cast<unsigned>(std::max(carried, 0)));
    }
    return round;
  }

 private:
  /// Of what no sum of the round before leads to, the second is below nought.
  struct Pair {
    int all = 0, carried = -1;
  };

  static Pair of_phi(const llvm::Instruction& phi) {
    return {0, is_number_type(phi.getType()) ? 0 : -1};
  }

  Pair depth_of(const llvm::Value* value) const { return depths_.lookup(value); }

  Pair after(const llvm::Instruction& instruction) const {
    Pair most;
    for (const llvm::Value* operand : instruction.operands()) {
      const Pair before = depth_of(operand);
      most = {std::max(most.all, before.all), std::max(most.carried, before.carried)};
    }
    if (!is_arithmetic(instruction)) return most;
    return {most.all + 1, most.carried < 0 ? -1 : most.carried + 1};
  }

  const llvm::BasicBlock& block_;
  llvm::DenseMap<const llvm::Value*, Pair> depths_;
};

/// Whether several rounds abreast take clearly less time.
bool gains(const Round& round, const Lanes& lanes, unsigned vector_bits) {
  if (round.operations < kLeastOperations || round.instructions > kMostInstructions) return false;
  const unsigned vectors = std::max(1U, lanes.count * 32 / vector_bits);
  const unsigned work = round.operations * vectors, wait = round.depth * kLatency;
  const bool waits = wait >= 2 * work && 2 * round.carried * kLatency <= wait;
  const unsigned registers = vector_bits == 512 ? 32 : 16;
  const bool spills = round.sums * vectors * 2 >= registers * 3 && round.carried * kLatency <= work;
  return waits || spills;
}

llvm::MDNode* note(llvm::LLVMContext& context, llvm::StringRef name, unsigned number) {
  auto* value = llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), number);
  return llvm::MDNode::get(
      context, {llvm::MDString::get(context, name), llvm::ConstantAsMetadata::get(value)});
}

void ask_to_unroll(llvm::Loop& loop, unsigned rounds) {
  llvm::LLVMContext& context = loop.getHeader()->getContext();
  llvm::MDNode* wish = llvm::MDNode::getDistinct(
      context, {nullptr, note(context, "llvm.loop.unroll.count", rounds)});
  wish->replaceOperandWith(0, wish);
  loop.setLoopID(wish);
}

void number_places(llvm::BasicBlock& block) {
  unsigned place = 0;
  for (llvm::Instruction& instruction : block)
    instruction.setMetadata(kPlaceKind, note(block.getContext(), "", place++));
}

unsigned place_of(const llvm::Instruction& instruction) {
  const llvm::MDNode* node = instruction.getMetadata(kPlaceKind);
  if (node == nullptr) return 0;
  return static_cast<unsigned>(
      llvm::mdconst::extract<llvm::ConstantInt>(node->getOperand(1))->getZExtValue());
}

/// By place; but what others need comes no later than they would.
class Order {
 public:
  explicit Order(llvm::BasicBlock& block) : block_(block) {
    for (llvm::Instruction& each : block)
      if (!llvm::isa<llvm::PHINode>(each) && !each.isTerminator()) all_.push_back(&each);
    for (const auto [number, each] : llvm::enumerate(all_)) numbers_[each] = number;
    places_.resize(all_.size());
    missing_.assign(all_.size(), 0);
    for (std::size_t i = all_.size(); i-- > 0;) look_at(i);
  }

  void apply() {
    for (std::size_t i = 0; i < all_.size(); ++i)
      if (missing_[i] == 0) ready_.emplace(places_[i], i);
    while (!ready_.empty()) {
      const std::size_t next = ready_.top().second;
      ready_.pop();
      all_[next]->moveBefore(block_.getTerminator()->getIterator());
      for_each_user(*all_[next], [&](std::size_t user) {
        if (--missing_[user] == 0) ready_.emplace(places_[user], user);
      });
    }
  }

 private:
  using Entry = std::pair<unsigned, std::size_t>;

  void look_at(std::size_t i) {
    places_[i] = place_of(*all_[i]);
    for_each_user(*all_[i], [&](std::size_t user) {
      places_[i] = std::min(places_[i], places_[user]);
      ++missing_[user];
    });
  }

  /// Once for each operand.
  void for_each_user(const llvm::Instruction& value, llvm::function_ref<void(std::size_t)> visit) {
    for (const llvm::User* user : value.users())
      if (const auto found = numbers_.find(user); found != numbers_.end()) visit(found->second);
  }

  llvm::BasicBlock& block_;
  std::vector<llvm::Instruction*> all_;
  llvm::DenseMap<const llvm::Value*, std::size_t> numbers_;
  std::vector<unsigned> places_, missing_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready_;
};

bool choose(llvm::Loop& loop, llvm::ScalarEvolution& evolution, const Lanes& lanes,
            unsigned vector_bits) {
  if (!loop.isInnermost() || loop.getNumBlocks() != 1) return false;
  llvm::BasicBlock& block = *loop.getHeader();
  const unsigned trips = evolution.getSmallConstantTripCount(&loop);
  if (trips <= kRounds || trips % kRounds != 0 || !can_mix_rounds(block)) return false;
  if (!gains(Depths(block).round(), lanes, vector_bits)) return false;
  ask_to_unroll(loop, kRounds);
  number_places(block);
  return true;
}

}  // namespace

void run_rounds_abreast(llvm::Function& function, const Lanes& lanes, unsigned vector_bits) {
  passes::Analyses analyses;
  auto& loops = analyses.functions.getResult<llvm::LoopAnalysis>(function);
  auto& evolution = analyses.functions.getResult<llvm::ScalarEvolutionAnalysis>(function);
  llvm::SmallVector<llvm::BasicBlock*> chosen;
  for (llvm::Loop* loop : loops.getLoopsInPreorder())
    if (choose(*loop, evolution, lanes, vector_bits)) chosen.push_back(loop->getHeader());
  if (chosen.empty()) return;
  llvm::LoopUnrollPass(llvm::LoopUnrollOptions(3, /*OnlyWhenForced=*/true))
      .run(function, analyses.functions);
  for (llvm::BasicBlock* block : chosen) {
    Order(*block).apply();
    for (llvm::Instruction& each : *block) each.setMetadata(kPlaceKind, nullptr);
  }
}

}  // namespace cuda_shim::kernels::simd
