// Parallel Synchronization and Communication Instructions (PTX ISA 9.0, section 9.7.13), and
// shfl.sync: barriers, fences and what the threads of a warp do together. Atomics are in
// atomics.cpp, mbarrier is in mbarrier.cpp.

#include "cuda_shim/host_abi.h"
#include "kernels/instructions/memory_access.h"
#include "kernels/instructions/row.h"

namespace cuda_shim::kernels::instructions {
namespace {

using ptx::ScalarType;

constexpr std::uint32_t kAllLanes = 0xffffffff;

/// Operand `index` as a number, or `fallback` where it is not written.
llvm::Value* value_or(Lowering& lowering, unsigned index, std::uint32_t fallback) {
  if (!lowering.has_operand(index)) return lowering.ir().getInt32(fallback);
  return lowering.value(index, ScalarType::kU32);
}

llvm::Value* predicate(Lowering& lowering, unsigned index) {
  return lowering.ir().CreateZExt(lowering.value(index, ScalarType::kPred),
                                  lowering.ir().getInt32Ty());
}

llvm::Value* low_word(Lowering& lowering, llvm::Value* value) {
  return lowering.ir().CreateTrunc(value, lowering.ir().getInt32Ty());
}

llvm::Value* high_predicate(Lowering& lowering, llvm::Value* value) {
  return lowering.ir().CreateICmpNE(lowering.ir().CreateLShr(value, 32), lowering.ir().getInt64(0));
}

// --- Barriers of a block

Status lower_barrier_sync(Lowering& lowering) {
  lowering.device_op(DeviceOp::barrier_sync,
                     {lowering.value(0, ScalarType::kU32), value_or(lowering, 1, 0)});
  return {};
}

Status lower_barrier_arrive(Lowering& lowering) {
  lowering.device_op(DeviceOp::barrier_arrive,
                     {lowering.value(0, ScalarType::kU32), lowering.value(1, ScalarType::kU32)});
  return {};
}

// barrier.red d, a{, b}, {!}c: the predicate is the last operand.
Status lower_barrier_reduce(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  const bool counted = lowering.has_operand(3);
  const unsigned operation = lowering.has("popc")  ? CUDA_SHIM_REDUCE_POPC
                             : lowering.has("and") ? CUDA_SHIM_REDUCE_AND
                                                   : CUDA_SHIM_REDUCE_OR;
  llvm::Value* result = lowering.device_op(
      DeviceOp::barrier_reduce, {ir.getInt32(operation), lowering.value(1, ScalarType::kU32),
                                 counted ? lowering.value(2, ScalarType::kU32) : ir.getInt32(0),
                                 predicate(lowering, counted ? 3 : 2)});
  if (lowering.has("popc"))
    lowering.set(0, result, ScalarType::kU32);
  else
    lowering.set(0, ir.CreateICmpNE(result, ir.getInt32(0)), ScalarType::kPred);
  return {};
}

Status lower_warp_sync(Lowering& lowering) {
  lowering.device_op(DeviceOp::warp_sync, {lowering.value(0, ScalarType::kU32)});
  return {};
}

// A cluster is one block: its barrier is the block's barrier 0, where all threads have arrived when
// they wait.
constexpr std::uint32_t kClusterBarrier = 0;

Status lower_cluster_arrive(Lowering&) {
  return {};
}

Status lower_cluster_wait(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  lowering.device_op(DeviceOp::barrier_sync, {ir.getInt32(kClusterBarrier), ir.getInt32(0)});
  return {};
}

// --- Fences

llvm::SyncScope::ID fence_scope(Lowering& lowering) {
  if (lowering.has("gl")) return lowering.ir().getContext().getOrInsertSyncScopeID("device");
  return scope_of(lowering);
}

Status lower_fence(Lowering& lowering) {
  const auto ordering =
      ordering_of(lowering, lowering.has("sc") ? llvm::AtomicOrdering::SequentiallyConsistent
                                               : llvm::AtomicOrdering::AcquireRelease);
  lowering.ir().CreateFence(ordering, fence_scope(lowering));
  return {};
}

Status lower_membar(Lowering& lowering) {
  lowering.ir().CreateFence(llvm::AtomicOrdering::SequentiallyConsistent, fence_scope(lowering));
  return {};
}

// All proxies reach memory in the same way here: what is left is the order of the thread's own
// accesses.
Status lower_proxy_fence(Lowering& lowering) {
  lowering.ir().CreateFence(llvm::AtomicOrdering::AcquireRelease,
                            lowering.ir().getContext().getOrInsertSyncScopeID("block"));
  return {};
}

// --- Warps

unsigned shuffle_mode(const Lowering& lowering) {
  if (lowering.has("up")) return CUDA_SHIM_SHFL_UP;
  if (lowering.has("down")) return CUDA_SHIM_SHFL_DOWN;
  return lowering.has("bfly") ? CUDA_SHIM_SHFL_BFLY : CUDA_SHIM_SHFL_IDX;
}

// Without .sync (before sm_70) all lanes of the warp take part.
Status lower_shfl(Lowering& lowering) {
  llvm::Value* result = lowering.device_op(
      DeviceOp::shuffle, {lowering.ir().getInt32(shuffle_mode(lowering)),
                          lowering.value(1, ScalarType::kB32), lowering.value(2, ScalarType::kU32),
                          lowering.value(3, ScalarType::kU32), value_or(lowering, 4, kAllLanes)});
  lowering.set(0, low_word(lowering, result), ScalarType::kB32);
  lowering.set_pair(0, high_predicate(lowering, result), ScalarType::kPred);
  return {};
}

Status lower_vote(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  const bool ballot = lowering.has("ballot");
  const unsigned mode = ballot                ? CUDA_SHIM_VOTE_BALLOT
                        : lowering.has("all") ? CUDA_SHIM_VOTE_ALL
                        : lowering.has("any") ? CUDA_SHIM_VOTE_ANY
                                              : CUDA_SHIM_VOTE_UNI;
  llvm::Value* result = lowering.device_op(
      DeviceOp::vote,
      {ir.getInt32(mode), predicate(lowering, 1), value_or(lowering, 2, kAllLanes)});
  if (ballot)
    lowering.set(0, result, ScalarType::kB32);
  else
    lowering.set(0, ir.CreateICmpNE(result, ir.getInt32(0)), ScalarType::kPred);
  return {};
}

Status lower_match(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  const unsigned mode = lowering.has("any") ? CUDA_SHIM_MATCH_ANY : CUDA_SHIM_MATCH_ALL;
  llvm::Value* value = ir.CreateZExt(lowering.value(1, lowering.type()), ir.getInt64Ty());
  llvm::Value* result = lowering.device_op(
      DeviceOp::match, {ir.getInt32(mode), value, lowering.value(2, ScalarType::kU32)});
  lowering.set(0, low_word(lowering, result), ScalarType::kB32);
  lowering.set_pair(0, high_predicate(lowering, result), ScalarType::kPred);
  return {};
}

unsigned redux_operation(const Lowering& lowering) {
  const bool is_signed = lowering.type() == ScalarType::kS32;
  if (lowering.has("add")) return CUDA_SHIM_REDUX_ADD;
  if (lowering.has("min")) return is_signed ? CUDA_SHIM_REDUX_MIN_S : CUDA_SHIM_REDUX_MIN_U;
  if (lowering.has("max")) return is_signed ? CUDA_SHIM_REDUX_MAX_S : CUDA_SHIM_REDUX_MAX_U;
  if (lowering.has("and")) return CUDA_SHIM_REDUX_AND;
  return lowering.has("or") ? CUDA_SHIM_REDUX_OR : CUDA_SHIM_REDUX_XOR;
}

Status lower_redux(Lowering& lowering) {
  llvm::Value* result = lowering.device_op(
      DeviceOp::redux, {lowering.ir().getInt32(redux_operation(lowering)),
                        lowering.value(1, ScalarType::kB32), lowering.value(2, ScalarType::kU32)});
  lowering.set(0, result, ScalarType::kB32);
  return {};
}

// redux.f32 by the integer one: floats become integers of the same order, a NaN the one that wins
// or loses against all.
Status lower_redux_float(Lowering& lowering) {
  llvm::IRBuilder<>& ir = lowering.ir();
  constexpr std::uint32_t kMagnitude = 0x7fffffff, kInfinity = 0x7f800000;
  const auto flip = [&](llvm::Value* bits) {
    return ir.CreateXor(bits, ir.CreateAnd(ir.CreateAShr(bits, 31), kMagnitude));
  };
  llvm::Value* bits = lowering.value(1, ScalarType::kB32);
  llvm::Value* magnitude = ir.CreateAnd(bits, kMagnitude);
  llvm::Value* key = flip(lowering.has("abs") ? magnitude : bits);
  const bool least = lowering.has("min");
  const bool nan_is_least = least == lowering.has("NaN");
  llvm::Value* nan_key = ir.getInt32(nan_is_least ? ~kMagnitude : kMagnitude);
  key = ir.CreateSelect(ir.CreateICmpUGT(magnitude, ir.getInt32(kInfinity)), nan_key, key);
  llvm::Value* result = flip(lowering.device_op(
      DeviceOp::redux, {ir.getInt32(least ? CUDA_SHIM_REDUX_MIN_S : CUDA_SHIM_REDUX_MAX_S), key,
                        lowering.value(2, ScalarType::kU32)}));
  llvm::Value* is_nan = ir.CreateICmpUGT(ir.CreateAnd(result, kMagnitude), ir.getInt32(kInfinity));
  lowering.set(0, ir.CreateSelect(is_nan, ir.getInt32(kMagnitude), result), ScalarType::kB32);
  return {};
}

Status lower_activemask(Lowering& lowering) {
  lowering.set(0, lowering.device_op(DeviceOp::activemask, {}), ScalarType::kB32);
  return {};
}

Status lower_elect(Lowering& lowering) {
  llvm::Value* result = lowering.device_op(DeviceOp::elect, {lowering.value(1, ScalarType::kU32)});
  lowering.set(0, low_word(lowering, result), ScalarType::kB32);
  lowering.set_pair(0, high_predicate(lowering, result), ScalarType::kPred);
  return {};
}

// Grids of a stream run one after another: what a grid depends on is done when it starts.
Status lower_nothing(Lowering&) {
  return {};
}

constexpr Row kRows[] = {
    {"bar{.cta}.sync a{, b}", lower_barrier_sync},
    {"bar{.cta}.arrive a, b", lower_barrier_arrive},
    {"bar{.cta}.red.popc.u32 d, a, {!}b{, {!}c}", lower_barrier_reduce},
    {"bar{.cta}.red.op.pred d, a, {!}b{, {!}c}; .op = .and .or", lower_barrier_reduce},
    {"bar.warp.sync a", lower_warp_sync},
    {"barrier{.cta}.sync{.aligned} a{, b}", lower_barrier_sync},
    {"barrier{.cta}.arrive{.aligned} a, b", lower_barrier_arrive},
    {"barrier{.cta}.red.popc{.aligned}.u32 d, a, {!}b{, {!}c}", lower_barrier_reduce},
    {"barrier{.cta}.red.op{.aligned}.pred d, a, {!}b{, {!}c}; .op = .and .or",
     lower_barrier_reduce},
    {"barrier.cluster.arrive{.sem}{.aligned}; .sem = .release .relaxed", lower_cluster_arrive},
    {"barrier.cluster.wait{.acquire}{.aligned}", lower_cluster_wait},

    {"membar.level; .level = .cta .gl .sys", lower_membar},
    {"membar.proxy.alias", lower_proxy_fence},
    {"fence{.sem}.scope; .sem = .sc .acq_rel .acquire .release; .scope = .cta .cluster .gpu .sys",
     lower_fence},
    {"fence.proxy.kind{.ss}; .kind = .alias .async; .ss = .global .shared::cta .shared::cluster",
     lower_proxy_fence},
    {"fence.proxy.tensormap::generic.release.scope; .scope = .cta .cluster .gpu .sys",
     lower_proxy_fence},
    {"fence.proxy.tensormap::generic.acquire.scope [a], b; .scope = .cta .cluster .gpu .sys",
     lower_proxy_fence},
    {"fence.proxy.async::generic.acquire.sync_restrict::shared::cluster.cluster",
     lower_proxy_fence},
    {"fence.proxy.async::generic.release.sync_restrict::shared::cta.cluster", lower_proxy_fence},
    {"fence.acquire.sync_restrict::shared::cluster.cluster", lower_fence},
    {"fence.release.sync_restrict::shared::cta.cluster", lower_fence},
    {"fence.mbarrier_init.release.cluster", lower_fence},

    {"shfl.sync.mode.b32 d[|p], a, b, c, m; .mode = .up .down .bfly .idx", lower_shfl},
    {"shfl.mode.b32 d[|p], a, b, c; .mode = .up .down .bfly .idx", lower_shfl},
    {"vote.sync.mode.pred d, {!}a, b; .mode = .all .any .uni", lower_vote},
    {"vote.sync.ballot.b32 d, {!}a, b", lower_vote},
    {"vote.mode.pred d, {!}a; .mode = .all .any .uni", lower_vote},
    {"vote.ballot.b32 d, {!}a", lower_vote},
    {"match.any.sync.type d, a, b; .type = .b32 .b64", lower_match},
    {"match.all.sync.type d[|p], a, b; .type = .b32 .b64", lower_match},
    {"activemask.b32 d", lower_activemask},
    {"redux.sync.op.type d, a, b; .op = .add .min .max; .type = .u32 .s32", lower_redux},
    {"redux.sync.op.b32 d, a, b; .op = .and .or .xor", lower_redux},
    {"redux.sync.op{.abs}{.NaN}.f32 d, a, b; .op = .min .max", lower_redux_float},
    {"elect.sync d[|p], a", lower_elect},
    {"griddepcontrol.action; .action = .launch_dependents .wait", lower_nothing},
};

}  // namespace

std::span<const Row> synchronization_rows() {
  return kRows;
}

}  // namespace cuda_shim::kernels::instructions
