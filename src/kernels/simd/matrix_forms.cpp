// A product of 16x16x16 is some 500 instructions, and kernels may have hundreds of products, all of
// them unrolled: as long as they fit into the first-level instruction cache they stand in the
// kernel, where they share what they make of one matrix and need not hand over accumulators;
// beyond, fetching them would take longer than calling one function over and over.

#include "kernels/simd/matrix_forms.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/Transforms/IPO/AlwaysInliner.h>
#include <llvm/Transforms/Scalar/InstSimplifyPass.h>

#include "kernels/instructions/matrix_warp.h"
#include "kernels/passes/analyses.h"
#include "kernels/passes/delay_canonical_nans.h"

namespace cuda_shim::kernels::simd {
namespace {

/// Instructions of a kernel's products; 8 to 10 bytes each.
constexpr std::uint64_t kMostInstructions = 4000;
/// Forms that move matrices are shorter than the handing over of their registers.
constexpr std::uint64_t kShortForm = 200;
constexpr unsigned kVectorBits = 512;

/// Pieces of vectors and what is put together from them cost nothing.
bool is_free(const llvm::Instruction& instruction, std::uint64_t bits) {
  if (llvm::isa<llvm::BitCastInst>(instruction)) return true;
  const auto* shuffle = llvm::dyn_cast<llvm::ShuffleVectorInst>(&instruction);
  int first = 0;
  return shuffle != nullptr && (bits > kVectorBits || shuffle->isExtractSubvectorMask(first));
}

/// About as many instructions as the form becomes.
std::uint64_t size_of(const llvm::Function& form) {
  std::uint64_t size = 0;
  for (const llvm::Instruction& instruction : llvm::instructions(form)) {
    const std::uint64_t bits = instruction.getType()->getPrimitiveSizeInBits().getKnownMinValue();
    if (!is_free(instruction, bits)) size += llvm::divideCeil(bits, kVectorBits);
  }
  return size;
}

/// A calling convention that passes 16 vectors in registers; C's passes 8 and returns 4. Needs
/// registers beside those.
void pass_in_registers(llvm::Function& form) {
  form.setCallingConv(llvm::CallingConv::X86_RegCall);
  for (llvm::User* user : form.users())
    llvm::cast<llvm::CallInst>(user)->setCallingConv(form.getCallingConv());
}

}  // namespace

bool stays_for_its_form(llvm::Function& function) {
  if (instructions::is_warp_form(function)) return true;
  const llvm::Function* form = instructions::warp_form_of(function);
  if (form == nullptr) return false;
  function.setMemoryEffects(form->getMemoryEffects());
  function.addFnAttr(llvm::Attribute::WillReturn);
  return true;
}

void expand_forms(llvm::Module& module, llvm::Function& kernel, bool has_avx512) {
  llvm::SmallVector<llvm::Function*> forms;
  for (llvm::Function& function : llvm::make_early_inc_range(module)) {
    if (instructions::is_warp_form(function)) forms.push_back(&function);
    if (instructions::warp_form_of(function) != nullptr) function.eraseFromParent();
  }
  if (forms.empty()) return;
  std::uint64_t total = 0;
  for (const llvm::Function* form : forms) total += form->getNumUses() * size_of(*form);
  for (llvm::Function* form : forms) {
    const bool calls = total > kMostInstructions && size_of(*form) > kShortForm;
    form->addFnAttr(calls ? llvm::Attribute::NoInline : llvm::Attribute::AlwaysInline);
    if (calls && has_avx512) pass_in_registers(*form);
  }
  passes::Analyses analyses;
  llvm::AlwaysInlinerPass(/*InsertLifetime=*/false).run(module, analyses.modules);
  // What one product makes canonical, the next adds to.
  llvm::InstSimplifyPass().run(kernel, analyses.functions);
  passes::delay_canonical_nans(kernel);
}

}  // namespace cuda_shim::kernels::simd
