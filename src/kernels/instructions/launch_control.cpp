// clusterlaunchcontrol (PTX ISA 9.0, section 9.7.13.17): asks to cancel a block that has not been
// launched yet, to do its work in its place.
//
// All blocks of a grid are handed to the device at once, so that every request fails. The answer is
// 16 bytes, zeros for a refusal; programs have to expect it.

#include <llvm/IR/Constants.h>

#include "kernels/instructions/mbarrier.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using ptx::ScalarType;
using ptx::StateSpace;

constexpr unsigned kAnswerBytes = 16;

// try_cancel [answer], [mbarrier]
Status lower_try_cancel(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  ir.CreateAlignedStore(ir.getIntN(kAnswerBytes * 8, 0), lowering.address(0, StateSpace::kShared),
                        llvm::Align(kAnswerBytes));
  complete_transactions(lowering, lowering.address(1, StateSpace::kShared),
                        ir.getInt64(kAnswerBytes));
  return {};
}

Status lower_is_canceled(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  llvm::Value* answer = lowering.value(1, ScalarType::kB128);
  llvm::Value* nothing = llvm::Constant::getNullValue(answer->getType());
  lowering.set(0, ir.CreateICmpNE(answer, nothing), ScalarType::kPred);
  return {};
}

// The place of a cancelled block: of a refusal it is not defined.
Status lower_first_block(Lowering& lowering) {
  llvm::Value* zero = lowering.ir().getInt32(0);
  if (lowering.vector_width() == 1) {
    lowering.set(0, zero, ScalarType::kB32);
    return {};
  }
  for (unsigned i = 0; i < lowering.element_count(0); ++i)
    lowering.set_element(0, i, zero, ScalarType::kB32);
  return {};
}

constexpr Row kRows[] = {
    {"clusterlaunchcontrol.try_cancel.async{.shared::cta}.mbarrier::complete_tx::bytes"
     "{.multicast::cluster::all}.b128 [a], [m]",
     lower_try_cancel},
    {"clusterlaunchcontrol.query_cancel.is_canceled.pred.b128 p, a", lower_is_canceled},
    {"clusterlaunchcontrol.query_cancel.get_first_ctaid.v4.b32.b128 {d}, a", lower_first_block},
    {"clusterlaunchcontrol.query_cancel.place.b32.b128 d, a"
     "; .place = .get_first_ctaid::x .get_first_ctaid::y .get_first_ctaid::z",
     lower_first_block},
};

}  // namespace

std::span<const Row> launch_control_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
