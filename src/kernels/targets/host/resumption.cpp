// The kernel becomes one of LLVM's coroutines, in three steps: each call that may wait is replaced
// by one that does not, and a suspension; LLVM cleans up, since what is live across a suspension
// then is what must be kept; LLVM splits the kernel into the part up to the first wait and a
// function that goes on from any other.

#include "kernels/targets/host/resumption.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Support/Alignment.h>
#include <llvm/Transforms/Coroutines/CoroCleanup.h>
#include <llvm/Transforms/Coroutines/CoroEarly.h>
#include <llvm/Transforms/Coroutines/CoroSplit.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

#include <optional>

#include "cuda_shim/host_abi.h"
#include "kernels/passes/analyses.h"
#include "kernels/targets/host/device_ops.h"
#include "kernels/targets/host/thread_argument.h"

namespace cuda_shim::kernels::targets::host {
namespace {

/// A kernel on its way to a coroutine.
class Coroutine {
 public:
  explicit Coroutine(llvm::Function& kernel) : kernel_(kernel), ir_(kernel.getContext()) {
    begin();
    end();
  }

  /// What comes before `place` ends with a suspension if `condition` holds; null: always.
  void suspend(llvm::Instruction* place, llvm::Value* condition) {
    llvm::BasicBlock* before = place->getParent();
    llvm::BasicBlock* after = before->splitBasicBlock(place);
    auto* waiting =
        llvm::BasicBlock::Create(kernel_.getContext(), "wait", &kernel_, /*InsertBefore=*/after);
    before->getTerminator()->eraseFromParent();
    ir_.SetInsertPoint(before);
    if (condition != nullptr)
      ir_.CreateCondBr(condition, waiting, after);
    else
      ir_.CreateBr(waiting);
    ir_.SetInsertPoint(waiting);
    switch_to(after, /*final=*/false);
  }

  llvm::Value* call(const char* name, llvm::Type* result, llvm::ArrayRef<llvm::Value*> arguments) {
    llvm::SmallVector<llvm::Type*> parameters;
    for (const llvm::Value* argument : arguments) parameters.push_back(argument->getType());
    llvm::FunctionCallee callee = kernel_.getParent()->getOrInsertFunction(
        std::string(kHostPrefix) + name, llvm::FunctionType::get(result, parameters, false));
    llvm::CallInst* made = ir_.CreateCall(callee, arguments);
    // As C++ passes a bool.
    if (result->isIntegerTy(1)) {
      llvm::cast<llvm::Function>(callee.getCallee())->addRetAttr(llvm::Attribute::ZExt);
      made->addRetAttr(llvm::Attribute::ZExt);
    }
    return made;
  }

  llvm::IRBuilder<>& at(llvm::Instruction* place) {
    ir_.SetInsertPoint(place);
    return ir_;
  }

 private:
  void begin() {
    llvm::BasicBlock& first = kernel_.getEntryBlock();
    ir_.SetInsertPoint(&first, first.getFirstNonPHIOrDbgOrAlloca());
    llvm::Value* null = llvm::ConstantPointerNull::get(ir_.getPtrTy());
    llvm::Value* id =
        ir_.CreateIntrinsic(llvm::Intrinsic::coro_id, {}, {ir_.getInt32(0), null, null, null});
    llvm::Value* place = ir_.CreateConstInBoundsGEP1_64(ir_.getInt8Ty(), thread_argument(kernel_),
                                                        offsetof(cuda_shim_host_thread, frame));
    llvm::Value* frame = ir_.CreateLoad(ir_.getPtrTy(), place);
    frame_ = ir_.CreateIntrinsic(llvm::Intrinsic::coro_begin, {}, {id, frame});
  }

  // Whoever suspends or ends leaves by one door; at the end, never to come back.
  void end() {
    llvm::LLVMContext& context = kernel_.getContext();
    auto* done = llvm::BasicBlock::Create(context, "done", &kernel_);
    for (llvm::BasicBlock& block : kernel_) {
      if (&block == done) continue;
      auto* end = llvm::dyn_cast<llvm::ReturnInst>(block.getTerminator());
      if (end == nullptr) continue;
      llvm::IRBuilder<>(end).CreateBr(done);
      end->eraseFromParent();
    }
    auto* never = llvm::BasicBlock::Create(context, "never", &kernel_);
    llvm::IRBuilder<>(never).CreateUnreachable();
    leave_ = llvm::BasicBlock::Create(context, "leave", &kernel_);
    ir_.SetInsertPoint(leave_);
    ir_.CreateIntrinsic(llvm::Intrinsic::coro_end, {},
                        {frame_, ir_.getFalse(), llvm::ConstantTokenNone::get(context)});
    ir_.CreateRetVoid();
    ir_.SetInsertPoint(done);
    switch_to(never, /*final=*/true);
  }

  void switch_to(llvm::BasicBlock* resumed, bool final) {
    llvm::Value* how =
        ir_.CreateIntrinsic(llvm::Intrinsic::coro_suspend, {},
                            {llvm::ConstantTokenNone::get(ir_.getContext()), ir_.getInt1(final)});
    llvm::SwitchInst* ways = ir_.CreateSwitch(how, leave_, 2);
    ways->addCase(ir_.getInt8(0), resumed);
    ways->addCase(ir_.getInt8(1), leave_);
  }

  llvm::Function& kernel_;
  llvm::IRBuilder<> ir_;
  llvm::Value* frame_ = nullptr;
  llvm::BasicBlock* leave_ = nullptr;
};

// --- What a call that waits becomes

using Arguments = llvm::SmallVector<llvm::Value*>;

void wait_at_barrier(Coroutine& coroutine, llvm::CallInst& call) {
  llvm::IRBuilder<>& ir = coroutine.at(&call);
  coroutine.suspend(&call, coroutine.call("await_barrier", ir.getInt1Ty(), Arguments(call.args())));
}

/// The last one to come goes on.
void wait_for_all_others(Coroutine& coroutine, llvm::CallInst& call) {
  llvm::IRBuilder<>& ir = coroutine.at(&call);
  llvm::Type* number = ir.getInt32Ty();
  const auto member = [&](llvm::Value* object, std::size_t offset) {
    return ir.CreateConstInBoundsGEP1_64(ir.getInt8Ty(), object, offset);
  };
  llvm::Value* block = ir.CreateLoad(
      ir.getPtrTy(), member(call.getArgOperand(0), offsetof(cuda_shim_host_thread, block)));
  llvm::Value* counter = member(block, offsetof(cuda_shim_host_block, waiting));
  llvm::Value* waiting = ir.CreateAdd(ir.CreateLoad(number, counter), ir.getInt32(1));
  llvm::Value* calls = ir.CreateLoad(number, member(block, offsetof(cuda_shim_host_block, calls)));
  llvm::Value* last = ir.CreateICmpEQ(waiting, calls);
  ir.CreateStore(ir.CreateSelect(last, ir.getInt32(0), waiting), counter);
  llvm::Value* passed = member(block, offsetof(cuda_shim_host_block, passed));
  ir.CreateStore(ir.CreateAdd(ir.CreateLoad(number, passed), ir.CreateZExt(last, number)), passed);
  coroutine.suspend(&call, ir.CreateNot(last));
}

void give_turn(Coroutine& coroutine, llvm::CallInst& call) {
  coroutine.suspend(&call, nullptr);
}

void wait_for_reduction(Coroutine& coroutine, llvm::CallInst& call) {
  llvm::IRBuilder<>& ir = coroutine.at(&call);
  coroutine.suspend(&call,
                    coroutine.call("await_reduction", ir.getInt1Ty(), Arguments(call.args())));
  coroutine.at(&call);
  call.replaceAllUsesWith(
      coroutine.call("awaited_reduction", call.getType(), {call.getArgOperand(0)}));
}

void wait_for_turn(Coroutine& coroutine, llvm::CallInst& call) {
  coroutine.call("await_turn", coroutine.at(&call).getVoidTy(), {call.getArgOperand(0)});
  coroutine.suspend(&call, nullptr);
}

void sleep(Coroutine& coroutine, llvm::CallInst& call) {
  llvm::IRBuilder<>& ir = coroutine.at(&call);
  llvm::Value* until = coroutine.call("end_of_sleep", ir.getInt64Ty(), {call.getArgOperand(1)});
  llvm::BasicBlock* asleep = call.getParent()->splitBasicBlock(&call);
  coroutine.call("await_turn", coroutine.at(&call).getVoidTy(), {call.getArgOperand(0)});
  coroutine.suspend(&call, nullptr);
  llvm::BasicBlock* awake = call.getParent()->splitBasicBlock(&call);
  llvm::Instruction* turn = awake->getSinglePredecessor()->getTerminator();
  coroutine.at(turn);
  ir.CreateCondBr(coroutine.call("is_to_come", ir.getInt1Ty(), {until}), asleep, awake);
  turn->eraseFromParent();
}

struct Wait {
  llvm::StringRef name;  ///< of the host's function
  void (*lower)(Coroutine& coroutine, llvm::CallInst& call);
};

constexpr Wait kWaits[] = {
    {"barrier_sync", wait_at_barrier},
    {"barrier_reduce_group", wait_for_reduction},
    {"yield", wait_for_turn},
    {"nanosleep", sleep},
};

const Wait* wait_of(const llvm::Function& function) {
  llvm::StringRef name = function.getName();
  name.consume_front(kHostPrefix);
  for (const Wait& wait : kWaits)
    if (wait.name == name) return &wait;
  return nullptr;
}

// --- Whether, and splitting

struct WaitingCall {
  const Wait* wait;
  llvm::CallInst* call;
};

/// All places where the kernel waits; nothing if there is one that needs a stack.
std::optional<llvm::SmallVector<WaitingCall>> waits_of(const llvm::Function& kernel) {
  llvm::SmallVector<WaitingCall> found;
  for (llvm::Function& function : *const_cast<llvm::Module*>(kernel.getParent())) {
    if (!needs_stack(function)) continue;
    const Wait* wait = wait_of(function);
    for (llvm::User* user : function.users()) {
      auto* call = llvm::cast<llvm::CallInst>(user);
      if (wait == nullptr || call->getFunction() != &kernel) return std::nullopt;
      found.push_back({wait, call});
    }
  }
  return found;
}

/// All places where the kernel offers others a turn. They are not left there.
llvm::SmallVector<llvm::CallInst*> turns_of(const llvm::Function& kernel) {
  llvm::SmallVector<llvm::CallInst*> found;
  const llvm::Function* turn = kernel.getParent()->getFunction(std::string(kHostPrefix) + "turn");
  if (turn == nullptr) return found;
  for (const llvm::User* user : turn->users())
    found.push_back(const_cast<llvm::CallInst*>(llvm::cast<llvm::CallInst>(user)));
  return found;
}

/// Whether all waits are for the whole block, at one and the same barrier. (Whoever only arrives at
/// one needs a stack.)
bool runs_in_rounds(llvm::ArrayRef<WaitingCall> waits) {
  const llvm::ConstantInt* barrier = nullptr;
  for (const auto& [wait, call] : waits) {
    if (wait->lower != wait_at_barrier) return false;
    const auto* id = llvm::dyn_cast<llvm::ConstantInt>(call->getArgOperand(1));
    const auto* count = llvm::dyn_cast<llvm::ConstantInt>(call->getArgOperand(2));
    if (id == nullptr || count == nullptr || !count->isZero()) return false;
    if (barrier != nullptr && id != barrier) return false;
    barrier = id;
  }
  return true;
}

/// Whether working it out again is cheaper than keeping it: what takes one other value that is no
/// larger, so that nothing more is kept instead.
bool is_cheap_again(llvm::Instruction& instruction) {
  if (auto* cast = llvm::dyn_cast<llvm::CastInst>(&instruction))
    return cast->getSrcTy()->getPrimitiveSizeInBits() <=
           cast->getDestTy()->getPrimitiveSizeInBits();
  if (auto* address = llvm::dyn_cast<llvm::GetElementPtrInst>(&instruction))
    return address->hasAllConstantIndices();
  if (auto* place = llvm::dyn_cast<llvm::InsertElementInst>(&instruction))
    return llvm::isa<llvm::UndefValue>(place->getOperand(0));
  if (auto* splat = llvm::dyn_cast<llvm::ShuffleVectorInst>(&instruction))
    return splat->isZeroEltSplat();
  if (!llvm::isa<llvm::BinaryOperator>(instruction)) return false;
  return instruction.getType()->isIntOrIntVectorTy() && !instruction.isIntDivRem() &&
         (llvm::isa<llvm::Constant>(instruction.getOperand(0)) ||
          llvm::isa<llvm::Constant>(instruction.getOperand(1)));
}

void clean_up(llvm::Function& kernel, llvm::TargetMachine& machine, llvm::OptimizationLevel level) {
  if (level == llvm::OptimizationLevel::O0) return;
  passes::Optimiser optimiser(*kernel.getParent(), &machine);
  optimiser.builder.buildFunctionSimplificationPipeline(level, llvm::ThinOrFullLTOPhase::None)
      .run(kernel, optimiser.analyses.functions);
}

void split(llvm::Module& module, llvm::TargetMachine& machine, llvm::OptimizationLevel level) {
  passes::Optimiser optimiser(module, &machine);
  llvm::ModulePassManager pipeline;
  pipeline.addPass(llvm::CoroEarlyPass());
  pipeline.addPass(llvm::createModuleToPostOrderCGSCCPassAdaptor(
      llvm::CoroSplitPass(is_cheap_again, level != llvm::OptimizationLevel::O0)));
  pipeline.addPass(llvm::CoroCleanupPass());
  pipeline.run(module, optimiser.analyses.modules);
}

/// Whether the thread's own variables have places in memory, in the frame perhaps.
bool has_variables(const llvm::Function& function) {
  return llvm::any_of(llvm::instructions(function), [](const llvm::Instruction& instruction) {
    return llvm::isa<llvm::AllocaInst>(instruction);
  });
}

/// What LLVM would resume it by is called from outside here, and never thrown away early.
void settle(llvm::Function& resume) {
  resume.setCallingConv(llvm::CallingConv::C);
  const std::string kernel = resume.getName().drop_back(llvm::StringRef(".resume").size()).str();
  for (const char* part : {".destroy", ".cleanup"}) {
    llvm::Function* unused = resume.getParent()->getFunction(kernel + part);
    if (unused == nullptr) continue;
    unused->replaceAllUsesWith(llvm::ConstantPointerNull::get(unused->getType()));
    unused->eraseFromParent();
  }
}

}  // namespace

void return_where_it_waits(instructions::LoweredKernel& kernel, llvm::TargetMachine& machine,
                           llvm::OptimizationLevel level) {
  llvm::Function& entry = *kernel.entry;
  const auto waits = waits_of(entry);
  const llvm::SmallVector<llvm::CallInst*> turns = turns_of(entry);
  const bool in_rounds = waits && runs_in_rounds(*waits);
  const bool resumes = waits && !(waits->empty() && turns.empty());
  if (resumes) {
    Coroutine coroutine(entry);
    for (const auto& [wait, call] : *waits) {
      (in_rounds ? wait_for_all_others : wait->lower)(coroutine, *call);
      call->eraseFromParent();
    }
    if (in_rounds)
      for (llvm::CallInst* turn : turns) give_turn(coroutine, *turn);
  }
  for (llvm::CallInst* turn : turns) turn->eraseFromParent();
  if (!resumes) return;
  entry.setPresplitCoroutine();
  clean_up(entry, machine, level);
  const bool only_values = !has_variables(entry);
  split(*kernel.module, machine, level);
  llvm::Function* resume = kernel.module->getFunction(entry.getName().str() + ".resume");
  settle(*resume);
  // Then nobody else has the address of anything in it, and what is stored elsewhere leaves it be.
  if (only_values) resume->addParamAttr(0, llvm::Attribute::NoAlias);
  // Even where a way does not write it: what a loop keeps in it can be written after the loop.
  resume->addParamAttr(0, llvm::Attribute::Writable);
  kernel.info.traits |= CUDA_SHIM_KERNEL_RESUMES;
  if (in_rounds) kernel.info.traits |= CUDA_SHIM_KERNEL_RUNS_IN_ROUNDS;
  kernel.info.frame_bytes = static_cast<std::uint32_t>(llvm::alignTo(
      resume->getParamDereferenceableBytes(0), resume->getParamAlign(0).valueOrOne()));
}

}  // namespace cuda_shim::kernels::targets::host
