// The whole way of one kernel. Each translation has an LLVM context of its own, so that any number
// may run at once.

#include "kernels/translate.h"

#include <fmt/format.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Transforms/Utils/Cloning.h>

#include <algorithm>
#include <optional>

#include "kernels/dump.h"
#include "kernels/instructions/module_lowering.h"
#include "kernels/passes/check_alignment.h"
#include "kernels/passes/checkpoints.h"
#include "kernels/passes/delay_canonical_nans.h"
#include "kernels/passes/insert_yields.h"
#include "kernels/passes/prepare.h"
#include "kernels/simd/vectorise.h"
#include "kernels/targets/host/emit.h"
#include "kernels/targets/host/host_target.h"
#include "support/log.h"

namespace cuda_shim::kernels {
namespace {

using instructions::LoweredKernel;

std::string text_of(const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

/// Frames up to here fit into what every thread's stack has in reserve; larger ones, of kernels
/// that spill thousands of registers, must be asked for.
constexpr std::uint64_t kSmallFrames = 8 << 10;

/// What is checked shares a context, which costs more to make than a small kernel to lower; not all
/// of it, for a context never gives back its constants.
constexpr std::size_t kKernelsPerContext = 256;

/// LLVM's opinion of IR that we made: a fault is ours, but must not become wrong code.
Status verify_module(const llvm::Module& module, std::string_view kernel) {
  std::string why;
  llvm::raw_string_ostream stream(why);
  if (!llvm::verifyModule(module, &stream)) return {};
  return Status(StatusCode::kUnknown,
                fmt::format("The translation of kernel '{}' is malformed: {}", kernel, why));
}

void dump_ptx(const Dump& dump, const CompileRequest& request) {
  if (!dump.wants("ptx")) return;
  dump.write("ptx", request.source.text());
}

/// The kernel as a function of groups of threads where the engine asks for that and the kernel
/// allows it; else as it was. A refusal costs a copy of the module.
void group_threads(LoweredKernel& lowered, llvm::TargetMachine& machine,
                   const CompileRequest& request) {
  if (std::string_view(request.options.target.engine) != "simd") return;
  std::unique_ptr<llvm::Module> one_by_one = llvm::CloneModule(*lowered.module);
  const std::string entry = lowered.entry->getName().str();
  const auto lanes = simd::vectorise(lowered, machine, request.options.block);
  if (lanes) {
    lowered.info.lanes = lanes->count;
    const bool rows = lanes->grouping == simd::Grouping::kRows;
    if (rows) lowered.info.traits |= CUDA_SHIM_KERNEL_GROUPS_ROWS;
    const cuda_shim_dim3& block = request.options.block;
    CUDA_SHIM_LOG(kInfo, "Kernel '{}', blocks of {}x{}x{}: {} threads at a time{}.",
                  request.source.kernel().name, block.x, block.y, block.z, lanes->count,
                  rows ? ", row by row" : "");
    return;
  }
  CUDA_SHIM_LOG(kInfo, "Kernel '{}' runs thread by thread: {}", request.source.kernel().name,
                lanes.error());
  lowered.remarks = "Thread by thread: " + lanes.error();
  lowered.module = std::move(one_by_one);
  lowered.entry = lowered.module->getFunction(entry);
}

Result<CompiledKernel> finish_host(LoweredKernel& lowered, const CompileRequest& request,
                                   const Dump& dump) {
  auto machine =
      targets::host::create_machine(request.options.target, request.options.optimisation_level);
  if (!machine) return error(std::move(machine.error()));
  group_threads(lowered, **machine, request);
  if (dump.wants("ir") && lowered.info.lanes > 1) dump.write("simd.ll", text_of(*lowered.module));
  passes::checkpoint(lowered.module->getContext());
  targets::host::lower_to_host(lowered, **machine, request.options.optimisation_level);
  passes::checkpoint(lowered.module->getContext());
  if (Status status = verify_module(*lowered.module, request.source.kernel().name); !status.ok())
    return error(std::move(status));
  if (dump.wants("llvm")) dump.write("ll", text_of(*lowered.module));
  if (dump.wants("asm")) {
    const std::unique_ptr<llvm::Module> copy = llvm::CloneModule(*lowered.module);
    if (auto text = targets::host::emit(*copy, **machine, llvm::CodeGenFileType::AssemblyFile))
      dump.write("s", {reinterpret_cast<const char*>(text->data()), text->size()});
  }
  CompiledKernel compiled;
  compiled.entry = lowered.entry->getName().str();
  std::uint64_t frames = 0;
  auto bytes =
      targets::host::emit(*lowered.module, **machine, llvm::CodeGenFileType::ObjectFile, &frames);
  if (!bytes) return error(std::move(bytes.error()));
  if (frames > kSmallFrames)
    lowered.info.local_bytes =
        std::max(lowered.info.local_bytes, static_cast<std::uint32_t>(frames));
  compiled.bytes = std::move(*bytes);
  passes::checkpoint(lowered.module->getContext());
  return compiled;
}

}  // namespace

Result<CompiledKernel> translate(const CompileRequest& request) {
  if (request.options.target.format != CUDA_SHIM_CODE_HOST_ELF)
    return error(StatusCode::kNotSupported, fmt::format("Code of format {} cannot be made yet.",
                                                        request.options.target.format));
  const Dump dump(request.source.kernel().name);
  dump_ptx(dump, request);
  llvm::LLVMContext context;
  passes::CheckpointGate gate(request.checkpoint);
  if (gate.isEnabled()) context.setOptPassGate(gate);
  Result<LoweredKernel> lowered = instructions::lower_kernel(context, request.source);
  if (!lowered) return error(std::move(lowered.error()));
  if (Status status = verify_module(*lowered->module, request.source.kernel().name); !status.ok())
    return error(std::move(status));
  passes::checkpoint(context);
  passes::prepare(*lowered->module);
  passes::checkpoint(context);
  // In SSA form, and before the optimiser moves selections of canonical NaNs into arithmetic.
  passes::delay_canonical_nans(*lowered->module);
  passes::insert_yields(*lowered->module);
  if (request.options.check_alignment) passes::check_alignment(*lowered->module);
  if (dump.wants("ir")) dump.write("ir.ll", text_of(*lowered->module));
  passes::checkpoint(context);

  Result<CompiledKernel> compiled = finish_host(*lowered, request, dump);
  if (!compiled) return compiled;
  compiled->kernel = request.source.kernel().name;
  compiled->format = request.options.target.format;
  compiled->info = lowered->info;
  compiled->remarks = std::move(lowered->remarks);
  return compiled;
}

Result<std::vector<ptx::Diagnostic>> check(const Program& program) {
  std::vector<ptx::Diagnostic> faults;
  std::optional<llvm::LLVMContext> context;
  for (std::size_t i = 0; i < program.kernels().size(); ++i) {
    if (i % kKernelsPerContext == 0) context.emplace().setDiscardValueNames(true);
    const ProgramKernel& kernel = program.kernels()[i];
    auto result = instructions::check_kernel(*context, KernelSource(program, kernel));
    if (result) continue;
    ptx::Diagnostic fault = std::move(result.error());
    fault.message = fmt::format("Kernel '{}': {}", kernel.name, fault.message);
    faults.push_back(std::move(fault));
  }
  return faults;
}

}  // namespace cuda_shim::kernels
