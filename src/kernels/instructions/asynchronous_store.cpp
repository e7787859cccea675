// Asynchronous stores (PTX ISA 9.0, section 9.7.9): st.async, red.async and st.bulk. They are done
// where they are issued; an mbarrier object that waits for their bytes gets them at once.

#include <llvm/IR/Constants.h>

#include "kernels/instructions/atomics.h"
#include "kernels/instructions/llvm_types.h"
#include "kernels/instructions/mbarrier.h"
#include "kernels/instructions/memory_access.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using ptx::ScalarType;
using ptx::StateSpace;

/// Tells the barrier of operand 2 that `bytes` have arrived.
void complete(Lowering& lowering, std::uint64_t bytes) {
  complete_transactions(lowering, lowering.address(2, StateSpace::kShared),
                        lowering.ir().getInt64(bytes));
}

/// Stores operand 1 as integers, so that packed and floating-point elements are alike.
Status store_elements(Lowering& lowering, llvm::Value* pointer, const Access& access) {
  llvm::IRBuilder<>& ir = lowering.ir();
  const unsigned count = lowering.vector_width();
  if (lowering.element_count(1) != count)
    return lowering.not_supported("its vector has another number of elements.");
  const ScalarType type = lowering.type();
  for (unsigned i = 0; i < count; ++i) {
    llvm::Value* place =
        ir.CreateConstGEP1_64(ir.getInt8Ty(), pointer, std::uint64_t{i} * ptx::bytes_of(type));
    llvm::Value* element = count == 1 ? lowering.value(1, type) : lowering.element(1, i, type);
    store(lowering, place, element, type, 1, access);
  }
  return {};
}

// st.async [a], b, [mbarrier]
Status lower_st_async(Lowering& lowering) {
  llvm::Value* pointer = lowering.address(0, StateSpace::kShared);
  if (Status status = store_elements(lowering, pointer, Access{}); !status.ok()) return status;
  complete(lowering, std::uint64_t{lowering.vector_width()} * ptx::bytes_of(lowering.type()));
  return {};
}

// st.async.release [a], b
Status lower_st_async_release(Lowering& lowering) {
  return store_elements(lowering, lowering.address(0, StateSpace::kGlobal), access_of(lowering));
}

// red.async [a], b, [mbarrier]
Status lower_red_async(Lowering& lowering) {
  const ScalarType type = lowering.type();
  llvm::Value* pointer = lowering.address(0, StateSpace::kShared);
  atomic_update(lowering, pointer, lowering.value(1, type));
  complete(lowering, ptx::bytes_of(type));
  return {};
}

// red.async.release [a], b
Status lower_red_async_release(Lowering& lowering) {
  llvm::Value* pointer = lowering.address(0, StateSpace::kGlobal);
  atomic_update(lowering, pointer, lowering.value(1, lowering.type()));
  return {};
}

// st.bulk [a], size, 0: zeros; no other value is defined.
Status lower_st_bulk(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  auto* value = llvm::dyn_cast<llvm::ConstantInt>(lowering.value(2, ScalarType::kU64));
  if (value == nullptr || !value->isZero())
    return lowering.not_supported("the value that it writes must be the number 0.");
  llvm::Value* pointer = lowering.address(0);
  llvm::Value* bytes = lowering.value(1, ScalarType::kU64);
  ir.CreateMemSet(ir.CreateAddrSpaceCast(pointer, ir.getPtrTy()), ir.getInt8(0), bytes,
                  llvm::Align(1));
  return {};
}

constexpr Row kRows[] = {
    {"st.async{.weak}{.shared::cluster}.mbarrier::complete_tx::bytes{.vec}.type [a], b, [m]"
     "; .vec = .v2 .v4; .type = .b32 .b64 .u32 .u64 .s32 .s64 .f32 .f64",
     lower_st_async},
    {"st.async{.mmio}.release.scope{.global}.type [a], b; .scope = .gpu .sys"
     "; .type = .b8 .b16 .b32 .b64 .u8 .u16 .u32 .u64 .s8 .s16 .s32 .s64 .f32 .f64",
     lower_st_async_release},
    {"red.async.relaxed.cluster{.shared::cluster}.mbarrier::complete_tx::bytes.op.u32 [a], b, [m]"
     "; .op = .inc .dec",
     lower_red_async},
    {"red.async.relaxed.cluster{.shared::cluster}.mbarrier::complete_tx::bytes.op.type [a], b, [m]"
     "; .op = .min .max; .type = .u32 .s32",
     lower_red_async},
    {"red.async.relaxed.cluster{.shared::cluster}.mbarrier::complete_tx::bytes.op.b32 [a], b, [m]"
     "; .op = .and .or .xor",
     lower_red_async},
    {"red.async.relaxed.cluster{.shared::cluster}.mbarrier::complete_tx::bytes.add.type [a], b, "
     "[m]; .type = .u32 .s32 .u64 .s64",
     lower_red_async},
    {"red.async{.mmio}.release.scope{.global}.add.type [a], b; .scope = .gpu .sys"
     "; .type = .u32 .s32 .u64 .s64",
     lower_red_async_release},
    {"st.bulk{.weak}{.shared::cta} [a], b, c", lower_st_bulk},
};

}  // namespace

std::span<const Row> asynchronous_store_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
