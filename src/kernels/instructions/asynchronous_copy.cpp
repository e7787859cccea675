// Asynchronous copies (PTX ISA 9.0, section 9.7.9.25): cp.async and its groups.
//
// A copy is done where it is issued, so that every wait finds it complete. Bulk and tensor copies
// (sm_90) are known only.

#include "kernels/instructions/lowering.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using ptx::ScalarType;
using ptx::StateSpace;

/// How many bytes to read: all, the last operand (a number), or none where it is a predicate that
/// is set.
llvm::Value* source_bytes(Lowering& lowering, std::uint64_t size) {
  llvm::IRBuilder<>& ir = lowering.ir();
  if (!lowering.has_operand(3)) return ir.getInt64(size);
  if (lowering.is_predicate(3))
    return ir.CreateSelect(lowering.value(3, ScalarType::kPred), ir.getInt64(0), ir.getInt64(size));
  llvm::Value* wanted = ir.CreateZExt(lowering.value(3, ScalarType::kU32), ir.getInt64Ty());
  return ir.CreateBinaryIntrinsic(llvm::Intrinsic::umin, wanted, ir.getInt64(size));
}

// cp.async [destination], [source], size{, source_size}{, cache_policy}: beyond source_size the
// destination is filled with zeros.
Status lower_cp_async(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  auto* written = llvm::dyn_cast<llvm::ConstantInt>(lowering.value(2, ScalarType::kU32));
  const std::uint64_t size = written != nullptr ? written->getZExtValue() : 0;
  if (size != 4 && size != 8 && size != 16)
    return lowering.not_supported("only 4, 8 or 16 bytes can be copied.");
  const llvm::Align alignment(size);
  llvm::Value* destination = lowering.address(0, StateSpace::kShared);
  llvm::Value* source = lowering.address(1, StateSpace::kGlobal);
  const bool has_policy = lowering.has("L2::cache_hint") && !lowering.has_operand(4);
  if (!lowering.has_operand(3) || has_policy) {
    llvm::Type* whole = ir.getIntNTy(size * 8);
    ir.CreateAlignedStore(ir.CreateAlignedLoad(whole, source, alignment), destination, alignment);
    return {};
  }
  llvm::Value* count = source_bytes(lowering, size);
  llvm::Value* to = ir.CreateAddrSpaceCast(destination, ir.getPtrTy());
  llvm::Value* from = ir.CreateAddrSpaceCast(source, ir.getPtrTy());
  ir.CreateMemSet(to, ir.getInt8(0), size, alignment);
  ir.CreateMemCpy(to, alignment, from, alignment, count);
  return {};
}

Status lower_nothing(Lowering&) {
  return {};
}

constexpr Row kRows[] = {
    {"cp.async.ca.shared.global{.L2::cache_hint}{.pf} [a], [b], c{, e}{, f}"
     "; .shared = .shared .shared::cta; .pf = .L2::64B .L2::128B .L2::256B",
     lower_cp_async},
    {"cp.async.cg.shared.global{.L2::cache_hint}{.pf} [a], [b], c{, e}{, f}"
     "; .shared = .shared .shared::cta; .pf = .L2::64B .L2::128B .L2::256B",
     lower_cp_async},
    {"cp.async.commit_group", lower_nothing},
    {"cp.async.wait_group a", lower_nothing},
    {"cp.async.wait_all", lower_nothing},
};

}  // namespace

std::span<const Row> asynchronous_copy_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
