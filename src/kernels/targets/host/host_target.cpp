// The order of the host's passes, and LLVM's optimiser.
//
// Floating point is never contracted: PTX says where it wants fma.

#include "kernels/targets/host/host_target.h"

#include <fmt/format.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Triple.h>

#include <mutex>

#include "kernels/instructions/device_ops.h"
#include "kernels/passes/analyses.h"
#include "kernels/passes/guard_extremes.h"
#include "kernels/passes/guard_masked_logic.h"
#include "kernels/passes/sink_to_unlikely.h"
#include "kernels/targets/host/atomic_pointers.h"
#include "kernels/targets/host/device_ops.h"
#include "kernels/targets/host/large_variables.h"
#include "kernels/targets/host/resumption.h"
#include "kernels/targets/host/shared_memory.h"
#include "kernels/targets/host/thread_argument.h"

namespace cuda_shim::kernels::targets::host {
namespace {

using instructions::DeviceOp;

/// What cuFuncGetAttribute reports: a host thread has no CUDA registers, and programs divide a
/// multiprocessor's by this number.
constexpr std::uint32_t kRegisters = 32;

void initialise_targets() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
}

llvm::TargetOptions target_options() {
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  options.TrapUnreachable = true;
  options.NoTrapAfterNoreturn = true;
  return options;
}

llvm::CodeGenOptLevel codegen_level(int level) {
  if (level <= 0) return llvm::CodeGenOptLevel::None;
  if (level == 1) return llvm::CodeGenOptLevel::Less;
  return level == 2 ? llvm::CodeGenOptLevel::Default : llvm::CodeGenOptLevel::Aggressive;
}

llvm::OptimizationLevel pipeline_level(int level) {
  if (level <= 0) return llvm::OptimizationLevel::O0;
  if (level == 1) return llvm::OptimizationLevel::O1;
  return level == 2 ? llvm::OptimizationLevel::O2 : llvm::OptimizationLevel::O3;
}

void set_function_attributes(llvm::Module& module) {
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    // Fibers have small stacks with a guard page: frames larger than it must touch every page on
    // their way.
    function.addFnAttr("probe-stack", "inline-asm");
    function.addFnAttr("stack-probe-size", "4096");
  }
}

void optimise(llvm::Module& module, llvm::TargetMachine& machine, int level) {
  passes::Optimiser optimiser(module, &machine);
  const llvm::OptimizationLevel chosen = pipeline_level(level);
  llvm::ModulePassManager pipeline = chosen == llvm::OptimizationLevel::O0
                                         ? optimiser.builder.buildO0DefaultPipeline(chosen)
                                         : optimiser.builder.buildPerModuleDefaultPipeline(chosen);
  pipeline.run(module, optimiser.analyses.modules);
  if (level > 0)
    for (llvm::Function& function : module)
      if (!function.isDeclaration()) passes::sink_to_unlikely(function);
  passes::guard_extremes(module);
  if (machine.getTargetTriple().isX86()) passes::guard_masked_logic(module);
  if (machine.getTargetTriple().isAArch64()) flatten_atomic_pointers(module);
}

/// Stack of one thread as far as the IR shows it: the allocas of all functions.
std::uint64_t stack_bytes(const llvm::Module& module) {
  std::uint64_t bytes = 0;
  for (const llvm::Function& function : module)
    for (const llvm::Instruction& instruction : llvm::instructions(function))
      if (const auto* storage = llvm::dyn_cast<llvm::AllocaInst>(&instruction))
        if (const auto size = storage->getAllocationSize(module.getDataLayout()))
          bytes += size->getKnownMinValue();
  return bytes;
}

}  // namespace

Result<std::unique_ptr<llvm::TargetMachine>> create_machine(const cuda_shim_target& target,
                                                            int optimisation_level) {
  initialise_targets();
  const llvm::Triple triple(target.triple);
  std::string why;
  const llvm::Target* found = llvm::TargetRegistry::lookupTarget(triple, why);
  if (found == nullptr)
    return error(StatusCode::kInvalidValue,
                 fmt::format("There is no code generator for '{}': {}.", target.triple, why));
  std::unique_ptr<llvm::TargetMachine> machine(found->createTargetMachine(
      triple, target.cpu, target.features, target_options(), llvm::Reloc::PIC_,
      llvm::CodeModel::Small, codegen_level(optimisation_level)));
  if (machine == nullptr)
    return error(StatusCode::kInvalidValue,
                 fmt::format("The code generator for '{}' does not start.", target.triple));
  return machine;
}

void lower_to_host(instructions::LoweredKernel& kernel, llvm::TargetMachine& machine,
                   int optimisation_level) {
  llvm::Module& module = *kernel.module;
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  // Cooperative kernels find their grid's workspace through %envreg1 and %envreg2.
  if (instructions::uses(module, DeviceOp::envreg))
    kernel.info.traits |= CUDA_SHIM_KERNEL_USES_GRID_SYNC;
  if (instructions::uses(module, DeviceOp::yield)) kernel.info.traits |= CUDA_SHIM_KERNEL_WAITS;
  kernel.info.registers = kRegisters;
  kernel.entry = add_thread_argument(module, kernel.entry);
  lower_shared_memory(module);
  lower_device_ops(module);
  // A thread of its own has little to keep on its stack, and calls that wait within others.
  if (kernel.info.lanes > 1)
    return_where_it_waits(kernel, machine, pipeline_level(optimisation_level));
  set_function_attributes(module);
  guard_large_variables(module);
  optimise(module, machine, optimisation_level);
  if (needs_fibers(module)) kernel.info.traits |= CUDA_SHIM_KERNEL_NEEDS_FIBERS;
  kernel.info.local_bytes = std::max<std::uint64_t>(kernel.info.local_bytes, stack_bytes(module));
}

}  // namespace cuda_shim::kernels::targets::host
