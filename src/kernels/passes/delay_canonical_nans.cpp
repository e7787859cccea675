// Three steps: find the values that were made canonical; find the phis and selections that merge
// nothing else; then hand each use that is blind to a NaN's bits the value from before.

#include "kernels/passes/delay_canonical_nans.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/MapVector.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SetVector.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/PatternMatch.h>

#include "kernels/instructions/device_ops.h"

namespace cuda_shim::kernels::passes {
namespace {

using namespace llvm::PatternMatch;
using instructions::DeviceOp;
using llvm::Instruction;
using llvm::Value;

/// bitcast(select(fcmp uno raw, raw; nan, bitcast raw)), as instructions/arithmetic.h writes it.
struct Canonical {
  Value* raw = nullptr;
  llvm::Constant* nan = nullptr;  ///< as an integer
};

/// Whether `select` is the selection of a canonical value's bits.
bool is_selection(const Value* select, Canonical* found) {
  Value* raw = nullptr;
  llvm::Constant* nan = nullptr;
  llvm::CmpPredicate predicate;
  if (!match(select, m_Select(m_FCmp(predicate, m_Value(raw), m_Deferred(raw)), m_Constant(nan),
                              m_BitCast(m_Deferred(raw)))))
    return false;
  *found = {raw, nan};
  return predicate == llvm::CmpInst::FCMP_UNO && raw->getType()->isFPOrFPVectorTy();
}

bool is_canonical(const Value* value, Canonical* found) {
  Value* bits = nullptr;
  return match(value, m_BitCast(m_Value(bits))) && is_selection(bits, found) &&
         found->raw->getType() == value->getType();
}

/// Arithmetic in a given rounding, and approximations.
bool is_operation_on_floats(const Instruction& instruction) {
  const auto op = instructions::device_op_in(instruction);
  return op && instructions::effect_of(*op) == instructions::OpEffect::kPure &&
         instruction.getType()->isFloatTy() && instruction.getOperand(0)->getType()->isFloatTy();
}

/// The result depends on operands that are NaNs by being a NaN, or not at all, its payload and sign
/// aside.
bool is_arithmetic(const Instruction& instruction) {
  switch (instruction.getOpcode()) {
    case Instruction::FAdd:
    case Instruction::FSub:
    case Instruction::FMul:
    case Instruction::FDiv:
    case Instruction::FNeg:
      return true;
    default:
      break;
  }
  if (is_operation_on_floats(instruction)) return true;
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
  if (call == nullptr) return false;
  switch (call->getIntrinsicID()) {
    case llvm::Intrinsic::fma:
    case llvm::Intrinsic::sqrt:
    case llvm::Intrinsic::fabs:
    case llvm::Intrinsic::maximumnum:
    case llvm::Intrinsic::minimumnum:
      return true;
    default:
      return false;
  }
}

/// Converts NaNs to a number that does not depend on their bits.
bool is_conversion(const Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
  return call != nullptr && (call->getIntrinsicID() == llvm::Intrinsic::fptosi_sat ||
                             call->getIntrinsicID() == llvm::Intrinsic::fptoui_sat);
}

/// What flushing subnormal numbers gives (arithmetic.cpp), from the bits that it looks at; null if
/// `bits` are looked at otherwise. A NaN goes through as it is.
const Instruction* flushed_from(const Instruction& bits) {
  if (!llvm::isa<llvm::BitCastInst>(bits)) return nullptr;
  const llvm::Type* number = bits.getOperand(0)->getType()->getScalarType();
  if (!number->isFloatingPointTy()) return nullptr;
  const llvm::APInt exponent = llvm::APFloat::getInf(number->getFltSemantics()).bitcastToAPInt();
  const Instruction* chosen = nullptr;
  for (const llvm::User* user : bits.users())
    if (match(user,
              m_Select(m_SpecificICmp(llvm::CmpInst::ICMP_EQ,
                                      m_And(m_Specific(&bits), m_SpecificInt(exponent)), m_Zero()),
                       m_And(m_Specific(&bits), m_Constant()), m_Specific(&bits))))
      chosen = llvm::cast<Instruction>(user);
  if (chosen == nullptr || !chosen->hasOneUse()) return nullptr;
  const auto* flushed = llvm::dyn_cast<llvm::BitCastInst>(chosen->user_back());
  const bool only_flushed = llvm::all_of(bits.users(), [&](const llvm::User* user) {
    return user == chosen || (match(user, m_And(m_Value(), m_Constant())) && user->hasOneUse());
  });
  return only_flushed && flushed != nullptr && flushed->getType() == bits.getOperand(0)->getType()
             ? flushed
             : nullptr;
}

bool is_merge(const Value* value) {
  return llvm::isa<llvm::PHINode, llvm::SelectInst>(value) && value->getType()->isFPOrFPVectorTy();
}

class Delay {
 public:
  explicit Delay(llvm::Function& function) : function_(function) {}

  unsigned run() {
    find_values();
    drop_impure_merges();
    for (Instruction* merge : merges_) make_raw_merge(*merge);
    for (Instruction* merge : merges_) fill_raw_merge(*merge);
    for (auto& [value, canonical] : canonical_) replace_uses(*value, canonical.raw);
    for (Instruction* merge : merges_) replace_uses(*merge, raw_merges_[merge]);
    for (Instruction* merge : merges_) see_canonical(*merge);
    for (Instruction* merge : merges_) merge->eraseFromParent();
    return changed_;
  }

 private:
  void find_values() {
    for (Instruction& instruction : llvm::instructions(function_)) {
      Canonical found;
      if (is_canonical(&instruction, &found)) canonical_[&instruction] = found;
      if (is_merge(&instruction)) merges_.insert(&instruction);
    }
  }

  static llvm::SmallVector<Value*> merged_values(const Instruction& merge) {
    if (const auto* phi = llvm::dyn_cast<llvm::PHINode>(&merge))
      return llvm::SmallVector<Value*>(phi->incoming_values());
    return {merge.getOperand(1), merge.getOperand(2)};
  }

  /// Whether nothing changes if a merge of the value is made canonical.
  bool is_pure(Value* value) const {
    if (const auto* constant = llvm::dyn_cast<llvm::ConstantFP>(value))
      return !constant->getValueAPF().isNaN();
    if (llvm::isa<llvm::UndefValue>(value)) return true;
    auto* instruction = llvm::dyn_cast<Instruction>(value);
    return instruction != nullptr &&
           (canonical_.contains(instruction) || merges_.contains(instruction));
  }

  /// From the assumption that all are pure, until it holds for those that are left. Merges that no
  /// canonical value reaches go, too: they have nothing to gain.
  void drop_impure_merges() {
    llvm::SmallPtrSet<Instruction*, 16> reached;
    for (bool changed = true; changed;) {
      changed = merges_.remove_if([this](Instruction* merge) {
        return !llvm::all_of(merged_values(*merge), [this](Value* v) { return is_pure(v); });
      });
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (Instruction* merge : merges_)
        for (Value* value : merged_values(*merge)) {
          auto* instruction = llvm::dyn_cast<Instruction>(value);
          if (instruction == nullptr) continue;
          if (!canonical_.contains(instruction) && !reached.contains(instruction)) continue;
          changed |= reached.insert(merge).second;
        }
    }
    merges_.remove_if([&](Instruction* merge) { return !reached.contains(merge); });
  }

  void make_raw_merge(Instruction& merge) {
    Instruction* raw = merge.clone();
    raw->insertBefore(merge.getIterator());
    raw_merges_[&merge] = raw;
    raw_set_.insert(raw);
  }

  Value* raw_of(Value* value) const {
    auto* instruction = llvm::dyn_cast<Instruction>(value);
    if (instruction == nullptr) return value;
    if (auto found = canonical_.find(instruction); found != canonical_.end())
      return found->second.raw;
    auto merge = raw_merges_.find(instruction);
    return merge == raw_merges_.end() ? value : merge->second;
  }

  void fill_raw_merge(Instruction& merge) {
    Instruction* raw = raw_merges_[&merge];
    const unsigned first = llvm::isa<llvm::SelectInst>(raw) ? 1 : 0;
    for (unsigned i = first; i < raw->getNumOperands(); ++i)
      raw->setOperand(i, raw_of(raw->getOperand(i)));
  }

  /// Whether nobody sees the bits of the instruction's NaN result, because it is made canonical or
  /// only goes into others of that kind.
  bool is_blind(const Instruction& instruction) {
    auto [known, is_new] = blind_.try_emplace(&instruction, false);
    if (!is_new) return known->second;
    const bool blind = llvm::all_of(instruction.users(), [&](const llvm::User* user) {
      const auto& consumer = *llvm::cast<Instruction>(user);
      if (raw_set_.contains(&consumer)) return true;
      return is_blind_use(consumer) || makes_canonical(consumer, instruction);
    });
    return blind_[&instruction] = blind;
  }

  /// Whether `consumer` is the bitcast in the middle of making `raw` canonical.
  static bool makes_canonical(const Instruction& consumer, const Instruction& raw) {
    if (!llvm::isa<llvm::BitCastInst>(consumer)) return false;
    return llvm::all_of(consumer.users(), [&](const llvm::User* user) {
      Canonical found;
      return is_selection(user, &found) && found.raw == &raw && user->getOperand(2) == &consumer;
    });
  }

  /// Whether `call` hands the number to another lane, and nobody sees its bits there.
  bool is_blind_shuffle(const llvm::User* call, const Instruction& number) {
    constexpr unsigned kNumber = 1;
    if (instructions::device_op_in(*call) != DeviceOp::shuffle ||
        call->getOperand(kNumber) != &number)
      return false;
    return llvm::all_of(call->users(), [&](const llvm::User* part) {
      if (match(part, m_LShr(m_Value(), m_SpecificInt(32)))) return true;  // whether it came
      return match(part, m_Trunc(m_Value())) && part->getType()->isIntegerTy(32) &&
             llvm::all_of(part->users(), [&](const llvm::User* moved) {
               return llvm::isa<llvm::BitCastInst>(moved) && are_blind(moved->users());
             });
    });
  }

  template <class Users>
  bool are_blind(Users&& users) {
    return llvm::all_of(users, [&](const llvm::User* user) {
      return is_blind_use(*llvm::cast<Instruction>(user));
    });
  }

  bool is_blind_use(const Instruction& consumer) {
    if (llvm::isa<llvm::FCmpInst>(consumer) || is_conversion(consumer)) return true;
    if (const Instruction* flushed = flushed_from(consumer)) return is_blind(*flushed);
    if (llvm::isa<llvm::BitCastInst>(consumer))
      return !consumer.use_empty() && llvm::all_of(consumer.users(), [&](const llvm::User* user) {
        return is_blind_shuffle(user, consumer);
      });
    return is_arithmetic(consumer) && is_blind(consumer);
  }

  void replace_uses(Instruction& value, Value* raw) {
    for (llvm::Use& use : llvm::make_early_inc_range(value.uses())) {
      auto* user = llvm::cast<Instruction>(use.getUser());
      if (merges_.contains(user) || !is_blind_use(*user)) continue;
      use.set(raw);
      ++changed_;
    }
  }

  /// What is left of a merge's uses sees bits.
  void see_canonical(Instruction& merge) {
    const bool is_seen = llvm::any_of(merge.users(), [&](llvm::User* user) {
      return !merges_.contains(llvm::cast<Instruction>(user));
    });
    if (!is_seen) return merge.replaceAllUsesWith(llvm::PoisonValue::get(merge.getType()));
    Instruction* raw = raw_merges_[&merge];
    llvm::IRBuilder<> ir(function_.getContext());
    if (llvm::isa<llvm::PHINode>(merge))
      ir.SetInsertPoint(merge.getParent(), merge.getParent()->getFirstInsertionPt());
    else
      ir.SetInsertPoint(merge.getNextNode());
    const Canonical& like = canonical_value_of(merge.getType());
    Value* bits = ir.CreateBitCast(raw, like.nan->getType());
    Value* chosen = ir.CreateSelect(ir.CreateFCmpUNO(raw, raw), like.nan, bits);
    merge.replaceAllUsesWith(ir.CreateBitCast(chosen, merge.getType()));
  }

  const Canonical& canonical_value_of(const llvm::Type* type) const {
    return llvm::find_if(canonical_,
                         [type](const auto& entry) { return entry.second.raw->getType() == type; })
        ->second;
  }

  llvm::Function& function_;
  llvm::MapVector<Instruction*, Canonical> canonical_;
  llvm::SmallSetVector<Instruction*, 16> merges_;
  llvm::DenseMap<Instruction*, Instruction*> raw_merges_;
  llvm::SmallPtrSet<const Instruction*, 16> raw_set_;
  llvm::DenseMap<const Instruction*, bool> blind_;
  unsigned changed_ = 0;
};

}  // namespace

unsigned delay_canonical_nans(llvm::Function& function) {
  return Delay(function).run();
}

unsigned delay_canonical_nans(llvm::Module& module) {
  unsigned changed = 0;
  for (llvm::Function& function : module)
    if (!function.isDeclaration()) changed += delay_canonical_nans(function);
  return changed;
}

}  // namespace cuda_shim::kernels::passes
