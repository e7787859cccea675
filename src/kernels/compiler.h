#pragma once
// Translates one kernel of a Program to a code object for a target.
//
// The compiler is libcuda_shim_compiler.so, a library of its own with LLVM behind it, opened on
// first use: a program that only counts devices never pays for it. `Compiler::compile` is what the
// API calls; `cuda_shim_compile_kernel` is the library's one entry point.

#include <cstddef>
#include <string>
#include <vector>

#include "cuda_shim/code_object.h"
#include "cuda_shim/device.h"
#include "cuda_shim/status.h"
#include "kernels/kernel_source.h"

namespace cuda_shim::kernels {

/// What is wanted of a translation besides the kernel's meaning.
struct CompileOptions {
  cuda_shim_target target = {};
  int optimisation_level = 3;    ///< 0..3
  bool check_alignment = false;  ///< misaligned accesses end the launch
  /// The blocks that the code is for, whose dimensions are constants in it; 0: any.
  cuda_shim_dim3 block = {0, 0, 0};

  support::Digest digest() const;
};

/// Every input of a compile. The result depends on nothing else.
struct CompileRequest {
  const KernelSource& source;
  CompileOptions options;
  /// Called between the steps of the compile, if there is one; it need not return. No input.
  void (*checkpoint)() = nullptr;
};

/// An owned code object.
struct CompiledKernel {
  std::string kernel;
  std::string entry;
  std::uint32_t format = 0;
  std::vector<std::byte> bytes;
  cuda_shim_kernel_info info = {};
  std::string remarks;  ///< sentences on what could not be done better, and why

  /// The C view for Device::load; borrowed from this.
  cuda_shim_code_object view() const;
};

/// Compiles, opening the compiler library on first use. Errors: kInvalidPtx with "line L, column C:
/// ..."; kJitCompilerNotFound with the path tried.
Result<CompiledKernel> compile(const CompileRequest& request);

/// The compiler library: next to the file that contains this code.
std::string compiler_library_path();

/// Parses and checks (but does not translate) every kernel and function of the program; one
/// diagnostic per fault found, prefixed with the kernel.
Result<std::vector<ptx::Diagnostic>> verify(const Program& program);

}  // namespace cuda_shim::kernels

/// Entry points of libcuda_shim_compiler.so; the C++ types are those of the same build.
extern "C" {
using cuda_shim_compile_kernel_function = cuda_shim::Result<cuda_shim::kernels::CompiledKernel> (*)(
    const cuda_shim::kernels::CompileRequest&);
using cuda_shim_verify_program_function =
    cuda_shim::Result<std::vector<cuda_shim::kernels::ptx::Diagnostic>> (*)(
        const cuda_shim::kernels::Program&);
}
#define CUDA_SHIM_COMPILE_ENTRY "cuda_shim_compile_kernel"
#define CUDA_SHIM_VERIFY_ENTRY "cuda_shim_verify_program"
