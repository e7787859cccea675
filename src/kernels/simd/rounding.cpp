// The instructions work on 512 bits; vectors are cut into such pieces, or filled up with noughts.

#include "kernels/simd/rounding.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/Sequence.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/IntrinsicsX86.h>

#include <iterator>

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

}  // namespace

llvm::Value* emit_rounded(llvm::IRBuilder<>& ir, DeviceOp op, llvm::ArrayRef<llvm::Value*> operands,
                          std::uint64_t rounding) {
  const auto* row = llvm::find_if(kRounded, [&](const RoundedRow& r) { return r.op == op; });
  if (row == std::end(kRounded) || rounding >= std::size(kModes)) return nullptr;
  const auto* type = llvm::cast<llvm::FixedVectorType>(operands[0]->getType());
  const unsigned size = type->getNumElements(), unit = 512 / type->getScalarSizeInBits();
  // Joining takes halves of equal size.
  if (size > unit && !llvm::isPowerOf2_32(size / unit)) return nullptr;
  llvm::SmallVector<llvm::Value*> pieces;
  for (unsigned first = 0; first < size; first += unit) {
    llvm::SmallVector<llvm::Value*> arguments;
    for (llvm::Value* operand : operands) arguments.push_back(piece(ir, operand, first, unit));
    arguments.push_back(ir.getInt32(kModes[rounding]));
    pieces.push_back(ir.CreateIntrinsic(row->intrinsic, {}, arguments));
  }
  return joined(ir, std::move(pieces), size);
}

}  // namespace cuda_shim::kernels::simd
