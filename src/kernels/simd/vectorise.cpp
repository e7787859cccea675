// The steps, in order: constants of the launch, one function without calls, LLVM's clean-up on the
// code of one thread (what is promoted and unrolled here need not be gathered later), structure,
// vectors.

#include "kernels/simd/vectorise.h"

#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Transforms/IPO/AlwaysInliner.h>

#include <bit>

#include "kernels/instructions/device_ops.h"
#include "kernels/passes/analyses.h"
#include "kernels/simd/byte_products.h"
#include "kernels/simd/emission.h"
#include "kernels/simd/full_groups.h"
#include "kernels/simd/full_rounds.h"
#include "kernels/simd/lane_loops.h"
#include "kernels/simd/matrix_forms.h"
#include "kernels/simd/own_addresses.h"
#include "kernels/simd/own_arrays.h"
#include "kernels/simd/register_tiles.h"
#include "kernels/simd/rounds_abreast.h"
#include "kernels/simd/shape_analysis.h"
#include "kernels/simd/shared_bits.h"
#include "kernels/simd/side_by_side.h"
#include "kernels/simd/suitability.h"
#include "kernels/simd/thread_constants.h"
#include "kernels/simd/turns.h"
#include "kernels/simd/whole_blocks.h"
#include "kernels/simd/width.h"
#include "kernels/targets/host/shared_memory.h"

namespace cuda_shim::kernels::simd {
namespace {

using instructions::DeviceOp;

template <class Action>
void for_each_call(llvm::Module& module, DeviceOp op, Action action) {
  llvm::Function* function = instructions::declare_device_op(module, op);
  for (llvm::User* user : llvm::make_early_inc_range(function->users()))
    action(*llvm::cast<llvm::CallInst>(user));
}

/// Thread indices are below the block's dimensions, and those are constants.
void fix_block(llvm::Module& module, const cuda_shim_dim3& block) {
  if (block.x == 0) return;
  const std::uint32_t sizes[] = {block.x, block.y, block.z};
  for_each_call(module, DeviceOp::ntid, [&](llvm::CallInst& call) {
    const auto* dimension = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(0));
    if (dimension == nullptr || dimension->getZExtValue() > 2) return;
    call.replaceAllUsesWith(
        llvm::ConstantInt::get(call.getType(), sizes[dimension->getZExtValue()]));
    call.eraseFromParent();
  });
  for_each_call(module, DeviceOp::tid, [&](llvm::CallInst& call) {
    const auto* dimension = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(0));
    if (dimension == nullptr || dimension->getZExtValue() > 2) return;
    call.addRangeRetAttr(
        llvm::ConstantRange(llvm::APInt(32, 0), llvm::APInt(32, sizes[dimension->getZExtValue()])));
  });
}

/// All but matrix functions that have a form for whole warps.
void expand_calls(llvm::Module& module, const llvm::Function* entry) {
  for (llvm::Function& function : module) {
    if (function.isDeclaration() || &function == entry) continue;
    if (stays_for_its_form(function)) continue;
    function.removeFnAttr(llvm::Attribute::NoInline);
    function.addFnAttr(llvm::Attribute::AlwaysInline);
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
  }
  passes::Analyses analyses;
  llvm::AlwaysInlinerPass(/*InsertLifetime=*/false).run(module, analyses.modules);
}

/// Threads that end leave by the same door as all: what follows a trap never runs, and a thread
/// that exits waits for the others of its group as one that takes no part.
void unify_ends(llvm::Function& function) {
  llvm::BasicBlock* door = nullptr;
  for (llvm::BasicBlock& block : llvm::make_early_inc_range(function)) {
    llvm::Instruction* end = block.getTerminator();
    if (!llvm::isa<llvm::UnreachableInst>(end)) continue;
    if (door == nullptr) {
      door = llvm::BasicBlock::Create(function.getContext(), "end", &function);
      llvm::IRBuilder<>(door).CreateRetVoid();
    }
    llvm::IRBuilder<>(end).CreateBr(door);
    end->eraseFromParent();
  }
  for_each_call(*function.getParent(), DeviceOp::exit_thread,
                [](llvm::CallInst& call) { call.eraseFromParent(); });
}

void clean_up(llvm::Function& function, llvm::TargetMachine& machine) {
  passes::Optimiser optimiser(*function.getParent(), &machine);
  optimiser.builder
      .buildFunctionSimplificationPipeline(llvm::OptimizationLevel::O3,
                                           llvm::ThinOrFullLTOPhase::None)
      .run(function, optimiser.analyses.functions);
}

unsigned vector_bits_of(const llvm::TargetMachine& machine, const llvm::Function& function) {
  const llvm::MCSubtargetInfo& processor = *machine.getSubtargetImpl(function);
  if (!machine.getTargetTriple().isX86()) return 128;
  if (processor.checkFeatures("+avx512f")) return 512;
  return processor.checkFeatures("+avx2") ? 256 : 128;
}

bool has_vnni(const llvm::TargetMachine& machine, const llvm::Function& function) {
  return machine.getTargetTriple().isX86() &&
         machine.getSubtargetImpl(function)->checkFeatures("+avx512f,+avx512vnni");
}

/// Code generators hold back from their widest vectors unless they are told that those are meant.
void ask_for_wide_vectors(llvm::Function& function, unsigned bits) {
  function.addFnAttr("prefer-vector-width", std::to_string(bits));
  function.addFnAttr("min-legal-vector-width", std::to_string(bits));
}

}  // namespace

std::expected<Lanes, std::string> vectorise(instructions::LoweredKernel& kernel,
                                            llvm::TargetMachine& machine,
                                            const cuda_shim_dim3& block) {
  llvm::Module& module = *kernel.module;
  llvm::Function& one = *kernel.entry;
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  fix_block(module, block);
  expand_calls(module, &one);
  unify_ends(one);
  targets::host::lower_shared_memory(module, targets::host::SharedAtomics::kMarked);
  ask_once(one);
  expose_own_arrays(one);
  clean_up(one, machine);
  join_sums(one, machine);
  unify_ends(one);
  const unsigned vector_bits = vector_bits_of(machine, one);
  Lanes lanes = choose_lanes(one, block, vector_bits);
  lanes.embedded_rounding = vector_bits == 512;
  {
    const ShapeAnalysis shapes(one, lanes);
    if (auto why = why_not_in_lockstep(one, shapes, lanes.count)) return std::unexpected(*why);
  }
  passes::checkpoint(module.getContext());
  interleave_own_arrays(one, lanes);
  set_loops_apart(one, lanes);
  set_full_rounds_apart(one, lanes);
  set_full_groups_apart(one, lanes);
  if (const auto loops = llvm::count_if(module, is_lane_loop); loops != 0)
    kernel.remarks = fmt::format(
        "{} of its loops wait for gathers and are run by one lane after another.", loops);
  offer_turns(one);
  expose_shared_bits(one, lanes);
  ShapeAnalysis::structure(one, lanes);
  passes::checkpoint(module.getContext());
  run_rounds_abreast(one, lanes, vector_bits);
  join_side_by_side(one, lanes);
  const ShapeAnalysis shapes(one, lanes);
  const auto made = Emission(one, lanes, shapes).run();
  if (!made) return std::unexpected(made.error());
  (*made)->takeName(&one);
  one.eraseFromParent();
  kernel.entry = *made;
  expand_lane_loops(module);
  if (has_vnni(machine, **made)) use_vnni(module);
  expand_forms(module, **made, vector_bits == 512);
  for (llvm::Function& function : module)
    if (!function.isDeclaration()) ask_for_wide_vectors(function, vector_bits);
  targets::host::make_shared_atomics_plain(module);
  kernel.info.traits |= run_whole_blocks(**made, lanes);
  return lanes;
}

}  // namespace cuda_shim::kernels::simd
