// LLVM's code generator as its target assembles it, with blocks kept short.

#include "kernels/targets/host/emit.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/CodeGen/MachineFrameInfo.h>
#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/Support/raw_ostream.h>

#include "kernels/passes/split_blocks.h"

namespace cuda_shim::kernels::targets::host {
namespace {

/// Long enough that the cuts do not show in the code, short enough that what is quadratic within a
/// block does not show in the time.
constexpr unsigned kLongestBlock = 512;

/// Instructions from which on what is quadratic in the length of a function shows (in seconds).
constexpr unsigned kLargeModule = 10'000;

class SplitLongBlocks : public llvm::FunctionPass {
 public:
  static char id;
  SplitLongBlocks() : FunctionPass(id) {}
  llvm::StringRef getPassName() const override { return "Split long basic blocks"; }
  bool runOnFunction(llvm::Function& function) override {
    return passes::split_long_blocks(function, kLongestBlock) != 0;
  }
};
char SplitLongBlocks::id;

/// Adds up what the functions' frames take, spilled registers included.
class SumFrames : public llvm::MachineFunctionPass {
 public:
  static char id;
  explicit SumFrames(std::uint64_t& bytes) : MachineFunctionPass(id), bytes_(bytes) {}
  llvm::StringRef getPassName() const override { return "Sum of the frames"; }
  void getAnalysisUsage(llvm::AnalysisUsage& usage) const override {
    usage.setPreservesAll();
    MachineFunctionPass::getAnalysisUsage(usage);
  }
  bool runOnMachineFunction(llvm::MachineFunction& function) override {
    bytes_ += function.getFrameInfo().getStackSize();
    return false;
  }

 private:
  std::uint64_t& bytes_;
};
char SumFrames::id;

/// The pieces must be cut after the last pass over IR that would merge them. Once registers are
/// allocated the code generator merges them, so what is quadratic and comes later is left out: the
/// second scheduler, which processors that execute out of order do not need.
void keep_blocks_short(llvm::TargetPassConfig& pipeline) {
  const std::unique_ptr<llvm::Pass> last_to_merge(llvm::createCodeGenPrepareLegacyPass());
  pipeline.insertPass(last_to_merge->getPassID(), new SplitLongBlocks);
  pipeline.disablePass(&llvm::PostRASchedulerID);
}

/// The first two walk all uses of a register for each instruction that they remove, and the
/// register that holds a running value is used everywhere. Without them code grows by 8 to 25
/// percent, in moves between registers; the register allocator sees to most copies itself. The
/// third compares each spilled register with all others that live at the same time; without it
/// they share no place on the stack. The last walks from each copy that it removes back to the one
/// that makes it needless: it runs before the pieces of blocks are merged, not after.
void leave_out_quadratic_passes(llvm::TargetPassConfig& pipeline) {
  pipeline.disablePass(&llvm::RegisterCoalescerID);
  pipeline.disablePass(&llvm::MachineCSELegacyID);
  pipeline.disablePass(&llvm::StackSlotColoringID);
  pipeline.disablePass(&llvm::MachineCopyPropagationID);
  pipeline.insertPass(&llvm::VirtRegRewriterID, llvm::createMachineCopyPropagationPass(false));
}

/// Without optimisation LLVM goes through a block instruction by instruction.
void fit_to_size(llvm::TargetPassConfig& pipeline, const llvm::Module& module) {
  if (pipeline.getOptLevel() == llvm::CodeGenOptLevel::None) return;
  if (passes::has_long_block(module, kLongestBlock)) keep_blocks_short(pipeline);
  if (module.getInstructionCount() > kLargeModule) leave_out_quadratic_passes(pipeline);
}

}  // namespace

Result<std::vector<std::byte>> emit(llvm::Module& module, llvm::TargetMachine& machine,
                                    llvm::CodeGenFileType type, std::uint64_t* frame_bytes) {
  llvm::SmallVector<char, 0> buffer;
  llvm::raw_svector_ostream stream(buffer);
  llvm::legacy::PassManager passes;
  auto* functions = new llvm::MachineModuleInfoWrapperPass(&machine);
  llvm::TargetPassConfig* pipeline = machine.createPassConfig(passes);
  fit_to_size(*pipeline, module);
  passes.add(pipeline);
  passes.add(functions);
  if (pipeline->addISelPasses())
    return error(StatusCode::kNotSupported, "The target has no instruction selection.");
  pipeline->addMachinePasses();
  pipeline->setInitialized();
  llvm::MCContext& context = functions->getMMI().getContext();
  if (machine.addAsmPrinter(passes, stream, nullptr, type, context))
    return error(StatusCode::kNotSupported,
                 "The code generator cannot write this kind of file for the target.");
  std::uint64_t frames = 0;
  passes.add(new SumFrames(frames));
  passes.add(llvm::createFreeMachineFunctionPass());
  passes.run(module);
  if (frame_bytes != nullptr) *frame_bytes = frames;
  const auto* begin = reinterpret_cast<const std::byte*>(buffer.data());
  return std::vector<std::byte>(begin, begin + buffer.size());
}

}  // namespace cuda_shim::kernels::targets::host
