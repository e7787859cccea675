// Follows the uses of the address; see the header.

#include "kernels/simd/own_addresses.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Operator.h>

namespace cuda_shim::kernels::simd {
namespace {

/// More uses than this are not followed: a translation must not take long over one array.
constexpr unsigned kMostAddresses = 1 << 14;
constexpr unsigned kSharedSpace = 3;

/// Where addresses of any memory are good for a thread's own: shared memory's begin at nought.
bool may_hold_own(const llvm::Type* type) {
  if (!type->isPointerTy()) return type->isIntegerTy(64);
  return type->getPointerAddressSpace() != kSharedSpace;
}

/// What hands its operand on.
bool is_cast(const llvm::Instruction& instruction) {
  return llvm::isa<llvm::PtrToIntInst, llvm::IntToPtrInst, llvm::AddrSpaceCastInst,
                   llvm::FreezeInst>(instruction);
}

bool is_sum(const llvm::Instruction& instruction) {
  if (const auto* disjoint = llvm::dyn_cast<llvm::PossiblyDisjointInst>(&instruction))
    return disjoint->isDisjoint();
  return instruction.getOpcode() == llvm::Instruction::Add ||
         instruction.getOpcode() == llvm::Instruction::Sub;
}

}  // namespace

bool OwnAddresses::are_all_known() {
  addresses_.insert(&array_);
  for (std::size_t next = 0; next < addresses_.size(); ++next) {
    if (addresses_.size() > kMostAddresses) return false;
    for (const llvm::Use& use : addresses_[next]->uses())
      if (!take(use)) return false;
  }
  const auto joins = [&](const llvm::Instruction* each) { return joins_only_own(*each); };
  return !accesses_.empty() && llvm::all_of(addresses_, joins) && llvm::all_of(comparisons_, joins);
}

bool OwnAddresses::take(const llvm::Use& use) {
  auto& user = *llvm::cast<llvm::Instruction>(use.getUser());
  if (llvm::isa<llvm::LoadInst, llvm::StoreInst>(user)) return take_access(user, use);
  if (llvm::isa<llvm::ICmpInst>(user)) {
    comparisons_.insert(&user);
    return true;
  }
  if (user.isLifetimeStartOrEnd()) return true;
  if (!may_hold_own(user.getType())) return false;
  if (auto* step = llvm::dyn_cast<llvm::GetElementPtrInst>(&user)) return take_step(*step);
  if (!is_cast(user) && !is_sum(user) && !llvm::isa<llvm::PHINode, llvm::SelectInst>(user))
    return false;
  has_numbers_ |= user.getType()->isIntegerTy();
  addresses_.insert(&user);
  return true;
}

bool OwnAddresses::take_access(llvm::Instruction& access, const llvm::Use& use) {
  const auto* load = llvm::dyn_cast<llvm::LoadInst>(&access);
  const auto* store = llvm::dyn_cast<llvm::StoreInst>(&access);
  const bool is_plain = load != nullptr ? load->isSimple() : store->isSimple();
  if (!is_plain || (store != nullptr && use.getOperandNo() == 0)) return false;
  accesses_.insert(&access);
  return true;
}

bool OwnAddresses::take_step(llvm::GetElementPtrInst& step) {
  llvm::SmallMapVector<llvm::Value*, llvm::APInt, 4> parts;
  llvm::APInt constant(64, 0);
  addresses_.insert(&step);
  return step.collectOffset(array_.getDataLayout(), 64, parts, constant);
}

bool OwnAddresses::is_own(const llvm::Value* value) const {
  const auto* made = llvm::dyn_cast<llvm::Instruction>(value);
  return made != nullptr && addresses_.contains(const_cast<llvm::Instruction*>(made));
}

/// Whether addresses of other memory take no part in a choice or comparison, and just one address
/// in a sum.
bool OwnAddresses::joins_only_own(const llvm::Instruction& address) const {
  const auto own = [&](const llvm::Value* value) { return is_own(value); };
  if (const auto* phi = llvm::dyn_cast<llvm::PHINode>(&address))
    return llvm::all_of(phi->incoming_values(), own);
  if (const auto* choice = llvm::dyn_cast<llvm::SelectInst>(&address))
    return own(choice->getTrueValue()) && own(choice->getFalseValue());
  if (llvm::isa<llvm::ICmpInst>(address)) return llvm::all_of(address.operands(), own);
  if (const auto* step = llvm::dyn_cast<llvm::GetElementPtrInst>(&address))
    return own(step->getPointerOperand()) && llvm::none_of(step->indices(), own);
  if (!is_sum(address)) return true;
  const bool first = own(address.getOperand(0)), second = own(address.getOperand(1));
  return first != second && (first || address.getOpcode() != llvm::Instruction::Sub);
}

// --- Making them anew

/// Its one operand was found before it and is there already; of several, some may not be yet.
llvm::Value* OwnAddresses::make(llvm::Instruction& address) {
  llvm::IRBuilder<> ir(&address);
  llvm::Type* type = made_.lookup(&array_)->getType();
  if (auto* phi = llvm::dyn_cast<llvm::PHINode>(&address))
    return ir.CreatePHI(type, phi->getNumIncomingValues());
  if (auto* choice = llvm::dyn_cast<llvm::SelectInst>(&address))
    return llvm::SelectInst::Create(choice->getCondition(), llvm::PoisonValue::get(type),
                                    llvm::PoisonValue::get(type), "", choice->getIterator());
  if (auto* step = llvm::dyn_cast<llvm::GetElementPtrInst>(&address)) return make_step(*step);
  return is_cast(address) ? made_.lookup(address.getOperand(0)) : make_sum(address);
}

void OwnAddresses::complete(llvm::Instruction& address) {
  llvm::Value* made = made_.lookup(&address);
  if (auto* phi = llvm::dyn_cast<llvm::PHINode>(&address)) {
    for (unsigned i = 0; i < phi->getNumIncomingValues(); ++i)
      llvm::cast<llvm::PHINode>(made)->addIncoming(made_.lookup(phi->getIncomingValue(i)),
                                                   phi->getIncomingBlock(i));
  } else if (auto* choice = llvm::dyn_cast<llvm::SelectInst>(&address)) {
    auto* made_choice = llvm::cast<llvm::SelectInst>(made);
    made_choice->setTrueValue(made_.lookup(choice->getTrueValue()));
    made_choice->setFalseValue(made_.lookup(choice->getFalseValue()));
  }
}

llvm::Value* OwnAddresses::make_sum(llvm::Instruction& sum) {
  const unsigned own = is_own(sum.getOperand(0)) ? 0 : 1;
  llvm::IRBuilder<> ir(&sum);
  llvm::Value* distance = ir.CreateMul(sum.getOperand(1 - own), ir.getInt64(scale_));
  if (sum.getOpcode() == llvm::Instruction::Sub) distance = ir.CreateNeg(distance);
  return ir.CreateGEP(ir.getInt8Ty(), made_.lookup(sum.getOperand(own)), distance);
}

llvm::Value* OwnAddresses::make_step(llvm::GetElementPtrInst& step) {
  llvm::Value* made = made_.lookup(step.getPointerOperand());
  llvm::SmallMapVector<llvm::Value*, llvm::APInt, 4> parts;
  llvm::APInt constant(64, 0);
  step.collectOffset(step.getDataLayout(), 64, parts, constant);
  llvm::IRBuilder<> ir(&step);
  for (const auto& [index, unit] : parts) {
    llvm::Value* number = ir.CreateSExtOrTrunc(index, ir.getInt64Ty());
    made = ir.CreateGEP(ir.getInt8Ty(), made, ir.CreateMul(number, ir.getInt(unit * scale_)));
  }
  if (constant.isZero()) return made;
  return ir.CreateGEP(ir.getInt8Ty(), made, ir.getInt(constant * scale_));
}

void OwnAddresses::move_to(llvm::Value& base, std::uint64_t scale) {
  scale_ = scale;
  made_[&array_] = &base;
  const llvm::ArrayRef<llvm::Instruction*> derived = addresses_.getArrayRef().drop_front();
  for (llvm::Instruction* address : derived) {
    llvm::Value* made = make(*address);
    made_[address] = made;
  }
  for (llvm::Instruction* address : derived) complete(*address);
  for (llvm::Instruction* access : accesses_) {
    const unsigned place = llvm::isa<llvm::LoadInst>(access) ? 0 : 1;
    access->setOperand(place, made_.lookup(access->getOperand(place)));
  }
  for (llvm::Instruction* comparison : comparisons_)
    for (llvm::Use& operand : comparison->operands()) operand.set(made_.lookup(operand.get()));
  for (llvm::Instruction* address : derived) {
    address->replaceAllUsesWith(llvm::PoisonValue::get(address->getType()));
    address->eraseFromParent();
  }
  addresses_.clear();
}

void expose_own_arrays(llvm::Function& function) {
  llvm::SmallVector<llvm::AllocaInst*> arrays;
  for (llvm::Instruction& instruction : function.getEntryBlock())
    if (auto* array = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) arrays.push_back(array);
  for (llvm::AllocaInst* array : arrays) {
    OwnAddresses addresses(*array);
    if (addresses.are_all_known() && addresses.has_numbers()) addresses.move_to(*array, 1);
  }
}

}  // namespace cuda_shim::kernels::simd
