#pragma once
// The warp form of a matrix function: what it does for all 32 lanes at once.
//
// An engine that runs a warp as one vector has nothing to exchange: who holds which element is
// known, so that a lane reaches the elements of others by permutations that are constants. The form
// is a function beside that of one lane. It takes vectors of 32 where that takes a number, but for
// the arguments that must be the same in all lanes, and returns vectors. It is called where all
// lanes of the warp take part; words of lanes that do not are nought. It holds plain LLVM IR: other
// lanes appear only as elements.

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/IR/IRBuilder.h>

#include <string>
#include <vector>

namespace cuda_shim::kernels::instructions {

/// The form of a matrix function, or null.
llvm::Function* warp_form_of(const llvm::Function& function);

bool is_warp_form(const llvm::Function& function);

/// How a form is made.
struct WarpForm {
  /// Arguments, from the first, that the manual wants to be the same in all lanes.
  unsigned uniform_arguments = 0;
  bool accesses_memory = false;
  /// Fills the function; the builder stands in it. Returns the words of the result.
  llvm::function_ref<std::vector<llvm::Value*>(llvm::IRBuilder<>&, llvm::Function&)> build = {};
};

/// An empty function that counts as a form: of no function, but for others.
llvm::Function* declare_warp_form(llvm::Module& module, const std::string& name, llvm::Type* result,
                                  llvm::ArrayRef<llvm::Type*> parameters);
inline constexpr const char* kWarpSuffix = ".warp";

/// Makes the form of `function`, which has none yet.
void make_warp_form(llvm::Function& function, const WarpForm& form);

/// Element `index` of vector `source`.
struct Pick {
  unsigned source, index;
};

/// The picked elements as one vector. Sources have one type; sizes and numbers of sources are
/// powers of two. Goes by pieces of 512 bits: code generators know how to permute two vectors of
/// the machine, and take elements out one by one where there are more.
llvm::Value* collect(llvm::IRBuilder<>& ir, llvm::ArrayRef<llvm::Value*> sources,
                     llvm::ArrayRef<Pick> picks);

}  // namespace cuda_shim::kernels::instructions
