#pragma once
// One kernel of a program, and all that it reaches, as a module of neutral LLVM IR.
//
// The kernel becomes `void ptx.<name>()`; functions follow as they are found to be called, each
// lowered once. See call_signature.h for how arguments travel. The module is the IR of one CUDA
// thread: other threads appear only in calls of device operations.

#include <llvm/IR/Module.h>

#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "cuda_shim/code_object.h"
#include "cuda_shim/status.h"
#include "kernels/instructions/shared_layout.h"
#include "kernels/kernel_source.h"

namespace cuda_shim::kernels::instructions {

/// A function of the program, as seen from the unit that defines it.
struct FunctionSource {
  unsigned unit = 0;
  const ptx::Function* function = nullptr;
  const ProgramKernel* kernel = nullptr;  ///< set for the kernel
};

/// Nothing, or what is wrong with a function's text.
using LowerResult = std::expected<void, ptx::Diagnostic>;

/// What the lowering of all functions of one module shares.
class ModuleLowering {
 public:
  ModuleLowering(llvm::Module& module, const KernelSource& source)
      : module_(module), source_(source) {}

  /// What failed: the function and the fault in it.
  struct Failure {
    FunctionSource source;
    ptx::Diagnostic diagnostic;
  };
  /// Lowers the kernel and whatever it reaches.
  std::expected<llvm::Function*, Failure> lower();

  llvm::Module& module() { return module_; }
  const KernelSource& source() const { return source_; }
  SharedLayout& shared() { return shared_; }

  /// The LLVM function of a function with a body; it is lowered after the current one.
  llvm::Function* function_for(const FunctionSource& source);
  /// The function `result(i64 pointer, parameters...)` that calls what a function pointer means,
  /// among the functions of this type.
  llvm::Function* dispatcher_for(llvm::FunctionType* type);

  /// Bytes of .local variables and spilled parameters, for information.
  void add_local_bytes(std::uint64_t bytes) { local_bytes_ += bytes; }
  std::uint64_t local_bytes() const { return local_bytes_; }

 private:
  void fill_dispatcher(llvm::Function* dispatcher, llvm::FunctionType* type);
  void set_static_shared_size();

  llvm::Module& module_;
  const KernelSource& source_;
  SharedLayout shared_;
  std::unordered_map<const ptx::Function*, llvm::Function*> functions_;
  std::deque<std::pair<FunctionSource, llvm::Function*>> pending_;
  std::unordered_map<llvm::FunctionType*, llvm::Function*> dispatchers_;
  std::uint64_t local_bytes_ = 0;
};

/// A kernel's module and the facts found while making it.
struct LoweredKernel {
  std::unique_ptr<llvm::Module> module;
  llvm::Function* entry = nullptr;
  cuda_shim_kernel_info info = {};
  std::string remarks;  ///< see CompiledKernel
};

/// Errors: kInvalidPtx "Kernel 'k': line L, column C: ...".
Result<LoweredKernel> lower_kernel(llvm::LLVMContext& context, const KernelSource& source);

/// Lowers the kernel, and what it reaches, into a module that is thrown away.
LowerResult check_kernel(llvm::LLVMContext& context, const KernelSource& source);

}  // namespace cuda_shim::kernels::instructions
