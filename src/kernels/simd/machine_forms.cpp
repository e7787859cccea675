// The instructions work on 512 bits; vectors are cut into such pieces, or filled up with noughts.

#include "kernels/simd/machine_forms.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/Sequence.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/IntrinsicsX86.h>

#include <iterator>

#include "kernels/instructions/approximations.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;
namespace Intrinsic = llvm::Intrinsic;

struct RoundedRow {
  DeviceOp op;
  Intrinsic::ID intrinsic;
};

constexpr RoundedRow kRounded[] = {
    {DeviceOp::add_f32, Intrinsic::x86_avx512_add_ps_512},
    {DeviceOp::mul_f32, Intrinsic::x86_avx512_mul_ps_512},
    {DeviceOp::fma_f32, Intrinsic::x86_avx512_vfmadd_ps_512},
    {DeviceOp::div_f32, Intrinsic::x86_avx512_div_ps_512},
    {DeviceOp::sqrt_f32, Intrinsic::x86_avx512_sqrt_ps_512},
    {DeviceOp::add_f64, Intrinsic::x86_avx512_add_pd_512},
    {DeviceOp::mul_f64, Intrinsic::x86_avx512_mul_pd_512},
    {DeviceOp::fma_f64, Intrinsic::x86_avx512_vfmadd_pd_512},
    {DeviceOp::div_f64, Intrinsic::x86_avx512_div_pd_512},
    {DeviceOp::sqrt_f64, Intrinsic::x86_avx512_sqrt_pd_512},
};

/// _MM_FROUND_NO_EXC with nearest, zero, down, up: from the numbers of intrinsics.def.
constexpr std::uint32_t kModes[] = {8, 11, 9, 10};

/// `count` elements of a vector from `first` on; noughts beyond its end.
llvm::Value* piece(llvm::IRBuilder<>& ir, llvm::Value* all, unsigned first, unsigned count) {
  const unsigned size = llvm::cast<llvm::FixedVectorType>(all->getType())->getNumElements();
  if (first == 0 && size == count) return all;
  llvm::SmallVector<int> order;
  for (unsigned i = first; i < first + count; ++i)
    order.push_back(static_cast<int>(i < size ? i : size));
  return ir.CreateShuffleVector(all, llvm::Constant::getNullValue(all->getType()), order);
}

/// Pieces of one size, as many as a power of two, pair by pair.
llvm::Value* joined(llvm::IRBuilder<>& ir, llvm::SmallVector<llvm::Value*> pieces, unsigned size) {
  for (unsigned count = pieces.size(); count > 1; count /= 2) {
    const auto* type = llvm::cast<llvm::FixedVectorType>(pieces[0]->getType());
    const auto order =
        llvm::to_vector(llvm::seq<int>(0, 2 * static_cast<int>(type->getNumElements())));
    for (unsigned i = 0; i < count / 2; ++i)
      pieces[i] = ir.CreateShuffleVector(pieces[2 * i], pieces[2 * i + 1], order);
  }
  return piece(ir, pieces[0], 0, size);
}

/// What `unit` gives for each piece of the operands. Null if the pieces cannot be joined, which
/// takes halves of equal size.
llvm::Value* by_units(llvm::IRBuilder<>& ir, llvm::ArrayRef<llvm::Value*> operands,
                      llvm::function_ref<llvm::Value*(llvm::SmallVector<llvm::Value*>)> unit_of) {
  const auto* type = llvm::cast<llvm::FixedVectorType>(operands[0]->getType());
  const unsigned size = type->getNumElements(), unit = 512 / type->getScalarSizeInBits();
  if (size > unit && !llvm::isPowerOf2_32(size / unit)) return nullptr;
  llvm::SmallVector<llvm::Value*> pieces;
  for (unsigned first = 0; first < size; first += unit) {
    llvm::SmallVector<llvm::Value*> arguments;
    for (llvm::Value* operand : operands) arguments.push_back(piece(ir, operand, first, unit));
    pieces.push_back(unit_of(std::move(arguments)));
  }
  return joined(ir, std::move(pieces), size);
}

}  // namespace

llvm::Value* emit_rounded(llvm::IRBuilder<>& ir, DeviceOp op, llvm::ArrayRef<llvm::Value*> operands,
                          std::uint64_t rounding) {
  const auto* row = llvm::find_if(kRounded, [&](const RoundedRow& r) { return r.op == op; });
  if (row == std::end(kRounded) || rounding >= std::size(kModes)) return nullptr;
  return by_units(ir, operands, [&](llvm::SmallVector<llvm::Value*> arguments) {
    arguments.push_back(ir.getInt32(kModes[rounding]));
    return ir.CreateIntrinsic(row->intrinsic, {}, arguments);
  });
}

/// Of an infinite x, for which the fraction is no number, the scaling alone decides.
llvm::Value* emit_exp2(llvm::IRBuilder<>& ir, llvm::Value* x) {
  constexpr std::uint32_t kAsSet = 4;  // _MM_FROUND_CUR_DIRECTION
  llvm::Value* whole = ir.CreateUnaryIntrinsic(Intrinsic::roundeven, x);
  llvm::Value* power = instructions::exp2_of_fraction(ir, ir.CreateFSub(x, whole));
  return by_units(ir, {power, whole}, [&](llvm::SmallVector<llvm::Value*> arguments) {
    arguments.append({llvm::PoisonValue::get(arguments[0]->getType()),
                      llvm::Constant::getAllOnesValue(ir.getInt16Ty()), ir.getInt32(kAsSet)});
    return ir.CreateIntrinsic(Intrinsic::x86_avx512_mask_scalef_ps_512, {}, arguments);
  });
}

}  // namespace cuda_shim::kernels::simd
