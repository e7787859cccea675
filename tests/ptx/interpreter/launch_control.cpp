// clusterlaunchcontrol (PTX ISA 9.0, section 9.7.13.17). The manual lets every request be refused,
// and all blocks of a launch run here: what is asked for is never to be had. The layout of an
// answer is nobody's business but of the instructions that read it; a refusal is zeros.

#include "ptx/interpreter/transfer.h"

namespace cuda_shim::tests::interpreter {
namespace {

constexpr unsigned kAnswerBytes = 16;

void try_cancel(Lane& lane) {
  lane.store(StateSpace::kShared, lane.address(0), kAnswerBytes, 0);
  complete_transactions(lane, lane.address(1), kAnswerBytes);
}

void is_canceled(Lane& lane) {
  lane.set_predicate(0, lane.bits(1, ScalarType::kB128) != 0);
}

/// The place of a block that was not cancelled.
void first_block(Lane&) {
  throw Fault(FaultKind::kUndefined, "No block was cancelled whose place could be asked.");
}

constexpr Row kRows[] = {
    {"clusterlaunchcontrol.try_cancel.async{.shared::cta}.mbarrier::complete_tx::bytes{.multicast::"
     "cluster::all}.b128",
     try_cancel},
    {"clusterlaunchcontrol.query_cancel.is_canceled.pred.b128", is_canceled},
    {"clusterlaunchcontrol.query_cancel.get_first_ctaid.v4.b32.b128", first_block},
    {"clusterlaunchcontrol.query_cancel.get_first_ctaid::x|get_first_ctaid::y|get_first_ctaid::z."
     "b32.b128",
     first_block},
};

}  // namespace

Rows launch_control_rows() {
  return kRows;
}

}  // namespace cuda_shim::tests::interpreter
