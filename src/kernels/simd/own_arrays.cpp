// Every offset within the array is multiplied by the number of lanes. The unit is the smallest
// number that any access asks for; it divides every access's offset, since addresses are aligned
// (which PTX demands). Wider accesses are cut into units.

#include "kernels/simd/own_arrays.h"

#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>

#include <algorithm>

#include "kernels/simd/elements.h"
#include "kernels/simd/own_addresses.h"

namespace cuda_shim::kernels::simd {
namespace {

constexpr std::uint64_t kWidestUnit = 8;
constexpr const char* kUnitKind = "cuda_shim.unit";
/// A number that would have to be put together from more pieces leaves the array as it is.
constexpr std::uint64_t kMostPieces = 4;
/// What takes more room than this for a group is left to lie as it does.
constexpr std::uint64_t kLargestBytes = 1 << 20;

/// Bytes of a number that memory holds as it is; 0 for others.
std::uint64_t bytes_of(const llvm::Type* number) {
  const unsigned bits = bits_of(number);
  return is_plain(bits) ? bits / 8 : 0;
}

/// What every access can be cut into; 0 if that would be too many pieces.
std::uint64_t unit_of(llvm::ArrayRef<llvm::Instruction*> accesses) {
  std::uint64_t unit = kWidestUnit, widest = 0;
  for (const llvm::Instruction* access : accesses) {
    const llvm::Type* type = llvm::getLoadStoreType(access);
    const std::uint64_t bytes = type->isSingleValueType() ? bytes_of(type->getScalarType()) : 0;
    if (bytes == 0) return 0;
    unit = std::min({unit, bytes, llvm::getLoadStoreAlignment(access).value()});
    widest = std::max(widest, bytes);
  }
  return widest <= kMostPieces * unit ? unit : 0;
}

/// Accesses of several units, one by one.
class Cutter {
 public:
  Cutter(llvm::Instruction& access, std::uint64_t unit, unsigned lanes)
      : access_(access),
        ir_(&access),
        type_(llvm::getLoadStoreType(&access)),
        number_(type_->getScalarType()),
        bytes_(bytes_of(number_)),
        unit_(unit),
        lanes_(lanes) {}

  void cut() {
    const std::uint64_t all = access_.getDataLayout().getTypeStoreSize(type_).getFixedValue();
    if (all == unit_) return align();
    if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&access_))
      cut(*load);
    else
      cut(llvm::cast<llvm::StoreInst>(access_));
  }

 private:
  /// What was known of one thread's array holds of its first byte only.
  void align() {
    if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&access_))
      load->setAlignment(llvm::Align(unit_));
    else
      llvm::cast<llvm::StoreInst>(access_).setAlignment(llvm::Align(unit_));
  }

  llvm::Value* place(std::uint64_t piece) {
    llvm::Value* first = llvm::getLoadStorePointerOperand(&access_);
    return ir_.CreateGEP(ir_.getInt8Ty(), first, ir_.getInt64(piece * unit_ * lanes_));
  }

  llvm::Value* load_number(unsigned element) {
    const std::uint64_t pieces = bytes_ / unit_;
    if (pieces == 1) return ir_.CreateAlignedLoad(number_, place(element), llvm::Align(unit_));
    llvm::Type* whole = ir_.getIntNTy(static_cast<unsigned>(bytes_ * 8));
    llvm::Type* part = ir_.getIntNTy(static_cast<unsigned>(unit_ * 8));
    llvm::Value* made = nullptr;
    for (std::uint64_t i = 0; i < pieces; ++i) {
      llvm::Value* read =
          ir_.CreateAlignedLoad(part, place(element * pieces + i), llvm::Align(unit_));
      read = ir_.CreateShl(ir_.CreateZExt(read, whole), i * unit_ * 8);
      made = made == nullptr ? read : ir_.CreateOr(made, read);
    }
    return ir_.CreateBitOrPointerCast(made, number_);
  }

  void store_number(llvm::Value* value, unsigned element) {
    const std::uint64_t pieces = bytes_ / unit_;
    if (pieces == 1) {
      ir_.CreateAlignedStore(value, place(element), llvm::Align(unit_));
      return;
    }
    llvm::Value* whole =
        ir_.CreateBitOrPointerCast(value, ir_.getIntNTy(static_cast<unsigned>(bytes_ * 8)));
    llvm::Type* part = ir_.getIntNTy(static_cast<unsigned>(unit_ * 8));
    for (std::uint64_t i = 0; i < pieces; ++i)
      ir_.CreateAlignedStore(ir_.CreateTrunc(ir_.CreateLShr(whole, i * unit_ * 8), part),
                             place(element * pieces + i), llvm::Align(unit_));
  }

  void cut(llvm::LoadInst& load) {
    if (!type_->isVectorTy()) {
      load.replaceAllUsesWith(load_number(0));
      load.eraseFromParent();
      return;
    }
    llvm::SmallVector<llvm::Value*> numbers;
    llvm::Value* all = llvm::PoisonValue::get(type_);
    for (unsigned k = 0; k < elements_of(type_); ++k) {
      numbers.push_back(load_number(k));
      all = ir_.CreateInsertElement(all, numbers.back(), k);
    }
    give_out(load, numbers);
    load.replaceAllUsesWith(all);
    load.eraseFromParent();
  }

  /// Elements that are taken out again need no vector.
  static void give_out(llvm::LoadInst& load, llvm::ArrayRef<llvm::Value*> numbers) {
    for (llvm::User* user : llvm::make_early_inc_range(load.users())) {
      auto* taken = llvm::dyn_cast<llvm::ExtractElementInst>(user);
      if (taken == nullptr) continue;
      const auto* index = llvm::dyn_cast<llvm::ConstantInt>(taken->getIndexOperand());
      if (index == nullptr || index->getZExtValue() >= numbers.size()) continue;
      taken->replaceAllUsesWith(numbers[index->getZExtValue()]);
      taken->eraseFromParent();
    }
  }

  void cut(llvm::StoreInst& store) {
    llvm::Value* value = store.getValueOperand();
    for (unsigned k = 0; k < elements_of(type_); ++k) {
      llvm::Value* number = type_->isVectorTy() ? llvm::findScalarElement(value, k) : value;
      store_number(number != nullptr ? number : ir_.CreateExtractElement(value, k), k);
    }
    store.eraseFromParent();
  }

  llvm::Instruction& access_;
  llvm::IRBuilder<> ir_;
  llvm::Type *type_, *number_;
  std::uint64_t bytes_, unit_;
  unsigned lanes_;
};

void interleave(llvm::AllocaInst& array, std::uint64_t bytes, OwnAddresses& addresses,
                std::uint64_t unit, unsigned lanes) {
  llvm::IRBuilder<> ir(&array);
  const std::uint64_t room = llvm::alignTo(bytes, unit) * lanes;
  llvm::AllocaInst* all =
      ir.CreateAlloca(llvm::ArrayType::get(ir.getInt8Ty(), room), array.getAddressSpace());
  all->setAlignment(std::max(array.getAlign(), llvm::Align(64)));
  all->setMetadata(kUnitKind, llvm::MDNode::get(ir.getContext(),
                                                llvm::ConstantAsMetadata::get(ir.getInt64(unit))));
  all->takeName(&array);
  addresses.move_to(*all, lanes);
  for (llvm::Instruction* access : addresses.accesses()) Cutter(*access, unit, lanes).cut();
  array.replaceAllUsesWith(all);
  array.eraseFromParent();
}

}  // namespace

std::uint64_t interleaved_unit(const llvm::AllocaInst& array) {
  const llvm::MDNode* node = array.getMetadata(kUnitKind);
  if (node == nullptr) return 0;
  return llvm::mdconst::extract<llvm::ConstantInt>(node->getOperand(0))->getZExtValue();
}

void interleave_own_arrays(llvm::Function& function, const Lanes& lanes) {
  if (lanes.count == 1) return;
  llvm::SmallVector<llvm::AllocaInst*> arrays;
  for (llvm::Instruction& instruction : function.getEntryBlock())
    if (auto* array = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) arrays.push_back(array);
  for (llvm::AllocaInst* array : arrays) {
    const auto size = array->getAllocationSize(function.getDataLayout());
    if (!size || size->getFixedValue() == 0 || size->getFixedValue() > kLargestBytes / lanes.count)
      continue;
    OwnAddresses addresses(*array);
    if (!addresses.are_all_known()) continue;
    if (const std::uint64_t unit = unit_of(addresses.accesses()); unit != 0)
      interleave(*array, size->getFixedValue(), addresses, unit, lanes.count);
  }
}

}  // namespace cuda_shim::kernels::simd
