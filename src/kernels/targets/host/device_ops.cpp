// Lowers the device operations for the host: one row each in the table of inline ones, calls for
// the rest.

#include "kernels/targets/host/device_ops.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>

#include "cuda_shim/host_abi.h"
#include "cuda_shim/texture.h"
#include "kernels/instructions/approximations.h"
#include "kernels/instructions/device_ops.h"
#include "kernels/instructions/scratch_memory.h"
#include "kernels/targets/host/thread_argument.h"

namespace cuda_shim::kernels::targets::host {
namespace {

using instructions::DeviceOp;
using instructions::OpEffect;

// --- Operations that are loads, or more than a call

void mark_invariant(llvm::LoadInst& load) {
  load.setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(load.getContext(), {}));
}

/// Builds what replaces one call of an operation.
struct Site {
  llvm::IRBuilder<>& ir;
  llvm::CallInst& call;

  // The structures do not change while the thread runs.
  llvm::LoadInst* load(llvm::Type* type, llvm::Value* base, std::uint64_t offset) const {
    llvm::Value* place = ir.CreateConstInBoundsGEP1_64(ir.getInt8Ty(), base, offset);
    llvm::LoadInst* load = ir.CreateLoad(type, place);
    mark_invariant(*load);
    return load;
  }
  /// An address, behind which so many bytes are there.
  llvm::LoadInst* load_address(llvm::Value* base, std::uint64_t offset, std::uint64_t bytes) const {
    llvm::LoadInst* address = load(ir.getPtrTy(), base, offset);
    address->setMetadata(
        llvm::LLVMContext::MD_dereferenceable,
        llvm::MDNode::get(ir.getContext(), llvm::ConstantAsMetadata::get(ir.getInt64(bytes))));
    return address;
  }
  llvm::Value* thread() const { return thread_argument(*call.getFunction()); }
  llvm::Value* block() const {
    return load_address(thread(), offsetof(cuda_shim_host_thread, block),
                        sizeof(cuda_shim_host_block));
  }
  /// Element `index` (the operation's argument) of an array of `bytes` each.
  llvm::Value* load_element(llvm::Type* type, llvm::Value* base, std::uint64_t offset,
                            unsigned bytes) const {
    llvm::Value* index = ir.CreateZExt(call.getArgOperand(0), ir.getInt64Ty());
    llvm::Value* distance = ir.CreateMul(index, ir.getInt64(bytes));
    return load(type, ir.CreateGEP(ir.getInt8Ty(), base, distance), offset);
  }
};

using Inline = llvm::Value* (*)(const Site&);

template <std::size_t offset>
llvm::Value* of_thread(const Site& site) {
  return site.load(site.call.getType(), site.thread(), offset);
}

template <std::size_t offset>
llvm::Value* of_block(const Site& site) {
  return site.load(site.call.getType(), site.block(), offset);
}

llvm::Value* thread_dimension(const Site& site) {
  return site.load_element(site.ir.getInt32Ty(), site.thread(),
                           offsetof(cuda_shim_host_thread, tid), 4);
}

template <std::size_t offset>
llvm::Value* block_dimension(const Site& site) {
  return site.load_element(site.ir.getInt32Ty(), site.block(), offset, 4);
}

llvm::Value* environment(const Site& site) {
  llvm::IRBuilder<>& ir = site.ir;
  const auto count = std::size(cuda_shim_host_block{}.envreg);
  auto* index = llvm::dyn_cast<llvm::ConstantInt>(site.call.getArgOperand(0));
  if (index == nullptr || index->getZExtValue() >= count) return ir.getInt32(0);
  llvm::Value* value =
      site.load_element(ir.getInt64Ty(), site.block(), offsetof(cuda_shim_host_block, envreg), 8);
  return ir.CreateTrunc(value, ir.getInt32Ty());
}

llvm::Value* warps_of_block(const Site& site) {
  llvm::IRBuilder<>& ir = site.ir;
  llvm::Value* threads = ir.getInt32(1);
  for (unsigned i = 0; i < 3; ++i)
    threads = ir.CreateMul(threads, site.load(ir.getInt32Ty(), site.block(),
                                              offsetof(cuda_shim_host_block, ntid) + 4 * i));
  return ir.CreateLShr(ir.CreateAdd(threads, ir.getInt32(CUDA_SHIM_WARP_SIZE - 1)), 5);
}

/// Marks what is read at known places behind an address as invariant, and returns where the last of
/// these places ends.
std::uint64_t mark_reads(llvm::Value& address, std::uint64_t offset = 0) {
  const llvm::DataLayout& layout = llvm::cast<llvm::Instruction>(address).getDataLayout();
  std::uint64_t end = 0;
  for (llvm::User* user : address.users()) {
    if (auto* load = llvm::dyn_cast<llvm::LoadInst>(user)) {
      if (load->isSimple()) mark_invariant(*load);
      end = std::max(end, offset + layout.getTypeStoreSize(load->getType()).getFixedValue());
    } else if (auto* part = llvm::dyn_cast<llvm::GetElementPtrInst>(user)) {
      llvm::APInt further(64, 0);
      if (part->getPointerOperand() == &address &&
          part->accumulateConstantOffset(layout, further) && !further.isNegative())
        end = std::max(end, mark_reads(*part, offset + further.getZExtValue()));
    }
  }
  return end;
}

/// A kernel's parameters are all there, and nobody writes to them.
llvm::Value* parameters(const Site& site) {
  return site.load_address(site.block(), offsetof(cuda_shim_host_block, parameters),
                           mark_reads(site.call));
}

/// The words go through memory, and so does the result.
llvm::Value* fetch_texture(const Site& site) {
  llvm::IRBuilder<>& ir = site.ir;
  llvm::Function& function = *site.call.getFunction();
  const auto place = [&](llvm::Value* memory, unsigned word) {
    return ir.CreateConstInBoundsGEP1_32(ir.getInt32Ty(), memory, word);
  };
  llvm::Value* words =
      instructions::scratch_memory(function, "cuda_shim.texture_words", CUDA_SHIM_TEXTURE_WORDS);
  llvm::Value* result = instructions::scratch_memory(function, "cuda_shim.texel", 4);
  for (unsigned word = 0; word < CUDA_SHIM_TEXTURE_WORDS; ++word) {
    llvm::Value* value = site.call.getArgOperand(2 + word);
    if (!llvm::isa<llvm::UndefValue>(value)) ir.CreateStore(value, place(words, word));
  }
  llvm::Type* pointer = ir.getPtrTy();
  const llvm::FunctionCallee host = site.call.getModule()->getOrInsertFunction(
      std::string(kHostPrefix).append(instructions::name_of(DeviceOp::texture_fetch)),
      llvm::FunctionType::get(
          ir.getVoidTy(), {pointer, pointer, ir.getInt64Ty(), ir.getInt32Ty(), pointer}, false));
  ir.CreateCall(
      host, {site.thread(), result, site.call.getArgOperand(0), site.call.getArgOperand(1), words});
  return ir.CreateAlignedLoad(site.call.getType(), result, llvm::Align(8));
}

llvm::Value* exp2(const Site& site) {
  const bool flushes = llvm::cast<llvm::ConstantInt>(site.call.getArgOperand(1))->isOne();
  const auto approximate =
      flushes ? instructions::approximate_normal_exp2 : instructions::approximate_exp2;
  return approximate(site.ir, site.call.getArgOperand(0));
}

/// Before the group does anything that may fail; what is the same for all groups may still be
/// worked out ahead, which volatile stores would forbid.
llvm::Value* place_group(const Site& site) {
  const auto write = [&site](unsigned argument, llvm::Value* base, std::uint64_t offset) {
    llvm::Value* index = site.call.getArgOperand(argument);
    if (llvm::isa<llvm::Constant>(index)) return;
    site.ir.CreateStore(index,
                        site.ir.CreateConstInBoundsGEP1_64(site.ir.getInt8Ty(), base, offset));
  };
  for (unsigned i = 0; i < 3; ++i)
    write(i, site.thread(), offsetof(cuda_shim_host_thread, tid) + sizeof(std::uint32_t) * i);
  write(3, site.block(), offsetof(cuda_shim_host_block, ctaid));
  return site.ir.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent,
                             llvm::SyncScope::SingleThread);
}

struct InlineRow {
  DeviceOp op;
  Inline lower;
};

constexpr InlineRow kInline[] = {
    {DeviceOp::tid, thread_dimension},
    {DeviceOp::ntid, block_dimension<offsetof(cuda_shim_host_block, ntid)>},
    {DeviceOp::ctaid, block_dimension<offsetof(cuda_shim_host_block, ctaid)>},
    {DeviceOp::nctaid, block_dimension<offsetof(cuda_shim_host_block, nctaid)>},
    {DeviceOp::laneid, of_thread<offsetof(cuda_shim_host_thread, lane)>},
    {DeviceOp::warpid, of_thread<offsetof(cuda_shim_host_thread, warp)>},
    {DeviceOp::group_threads, of_thread<offsetof(cuda_shim_host_thread, threads)>},
    {DeviceOp::place_group, place_group},
    {DeviceOp::first_block, of_block<offsetof(cuda_shim_host_block, first)>},
    {DeviceOp::blocks_abreast, of_block<offsetof(cuda_shim_host_block, abreast)>},
    {DeviceOp::nwarpid, warps_of_block},
    {DeviceOp::smid, of_block<offsetof(cuda_shim_host_block, smid)>},
    {DeviceOp::nsmid, of_block<offsetof(cuda_shim_host_block, nsmid)>},
    {DeviceOp::gridid, of_block<offsetof(cuda_shim_host_block, gridid)>},
    {DeviceOp::envreg, environment},
    {DeviceOp::parameters, parameters},
    {DeviceOp::module_memory, of_block<offsetof(cuda_shim_host_block, module)>},
    {DeviceOp::shared_window, of_block<offsetof(cuda_shim_host_block, shared)>},
    {DeviceOp::static_shared_size, of_block<offsetof(cuda_shim_host_block, static_shared_bytes)>},
    {DeviceOp::texture_fetch, fetch_texture},
    {DeviceOp::exp2_f32, exp2},
    {DeviceOp::dynamic_shared_size, of_block<offsetof(cuda_shim_host_block, dynamic_shared_bytes)>},
};

Inline inline_lowering(DeviceOp op) {
  for (const InlineRow& row : kInline)
    if (row.op == op) return row.lower;
  return nullptr;
}

// --- Operations that are calls

/// Arithmetic in a given rounding and clocks need no thread; everything else does.
bool takes_thread(DeviceOp op) {
  const OpEffect effect = instructions::effect_of(op);
  return effect != OpEffect::kPure && effect != OpEffect::kReads;
}

llvm::Function* host_function(llvm::Module& module, DeviceOp op, const llvm::Function& declared) {
  const std::string name = std::string(kHostPrefix).append(instructions::name_of(op));
  if (llvm::Function* known = module.getFunction(name)) return known;
  llvm::SmallVector<llvm::Type*> parameters;
  if (takes_thread(op)) parameters.push_back(llvm::PointerType::get(module.getContext(), 0));
  parameters.append(declared.getFunctionType()->param_begin(),
                    declared.getFunctionType()->param_end());
  auto* function =
      llvm::Function::Create(llvm::FunctionType::get(declared.getReturnType(), parameters, false),
                             llvm::GlobalValue::ExternalLinkage, name, module);
  function->setAttributes(llvm::AttributeList::get(
      module.getContext(), llvm::AttributeList::FunctionIndex,
      llvm::AttrBuilder(module.getContext(), declared.getAttributes().getFnAttrs())));
  return function;
}

llvm::Value* lower_to_call(const Site& site, DeviceOp op, const llvm::Function& declared) {
  llvm::SmallVector<llvm::Value*> arguments;
  if (takes_thread(op)) arguments.push_back(site.thread());
  arguments.append(site.call.arg_begin(), site.call.arg_end());
  return site.ir.CreateCall(host_function(*site.call.getModule(), op, declared), arguments);
}

void lower_operation(llvm::Function& declared, DeviceOp op) {
  const Inline lower = inline_lowering(op);
  for (llvm::User* user : llvm::make_early_inc_range(declared.users())) {
    auto* call = llvm::cast<llvm::CallInst>(user);
    llvm::IRBuilder<> ir(call);
    const Site site{ir, *call};
    llvm::Value* made = lower != nullptr ? lower(site) : lower_to_call(site, op, declared);
    call->replaceAllUsesWith(made);
    call->eraseFromParent();
  }
  declared.eraseFromParent();
}

}  // namespace

void lower_device_ops(llvm::Module& module) {
  for (llvm::Function& function : llvm::make_early_inc_range(module))
    if (const auto op = instructions::device_op_of(function)) lower_operation(function, *op);
}

bool needs_stack(const llvm::Function& function) {
  if (!function.isDeclaration() || function.use_empty()) return false;
  if (!function.getName().starts_with(kHostPrefix)) return false;
  const bool synchronizes = function.hasFnAttribute(llvm::Attribute::Convergent);
  return synchronizes || function.getName().ends_with("exit_thread");
}

bool needs_fibers(const llvm::Module& module) {
  return std::ranges::any_of(module, needs_stack);
}

}  // namespace cuda_shim::kernels::targets::host
