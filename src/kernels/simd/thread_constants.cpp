// Moves calls of pure device operations on constants up and joins the equal ones; see the header.

#include "kernels/simd/thread_constants.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

#include <map>
#include <vector>

#include "kernels/instructions/device_ops.h"

namespace cuda_shim::kernels::simd {
namespace {

bool is_thread_constant(const llvm::CallInst& call) {
  const auto op = instructions::device_op_in(call);
  return op && instructions::effect_of(*op) == instructions::OpEffect::kPure &&
         llvm::all_of(call.args(),
                      [](const llvm::Use& use) { return llvm::isa<llvm::ConstantInt>(use); });
}

}  // namespace

void ask_once(llvm::Function& function) {
  using Question = std::pair<const llvm::Function*, std::vector<const llvm::Value*>>;
  std::map<Question, llvm::CallInst*> asked;
  llvm::BasicBlock& entry = function.getEntryBlock();
  for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
    auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
    if (call == nullptr || !is_thread_constant(*call)) continue;
    const Question question = {call->getCalledFunction(), {call->arg_begin(), call->arg_end()}};
    const auto [place, first] = asked.try_emplace(question, call);
    if (first) {
      call->moveBefore(entry.getFirstInsertionPt());
    } else {
      call->replaceAllUsesWith(place->second);
      call->eraseFromParent();
    }
  }
}

}  // namespace cuda_shim::kernels::simd
