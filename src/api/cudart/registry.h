#pragma once
// What nvcc's host code has registered: fatbins, and the kernels, variables and references in each,
// known by the addresses of their host shadows.
//
// Registration happens in the program's constructors and only writes down pointers. A fatbin
// becomes a driver library when one of its kernels or variables is first used; the driver in turn
// makes modules of it context by context. Kernels are therefore the driver's context-independent
// CUkernel handles, which stay good over cudaDeviceReset.
//
// Names and fatbins are borrowed: they lie in the object that registered them, which unregisters
// before it is unloaded.

#include <cuda.h>
#include <driver_types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace cuda_shim::cudart {

class RegisteredModule;

struct RegisteredFunction {
  RegisteredModule* module;
  const void* host;
  const char* name;
  std::atomic<CUkernel> kernel{nullptr};

  /// The driver's handle; loads the module on first use.
  cudaError_t resolve(CUkernel* out);
};

struct RegisteredVariable {
  RegisteredModule* module;
  const void* host;
  const char* name;
  std::size_t size;
  void** managed;  ///< host pointer to fill with the variable's address, for __managed__ ones

  /// Where the variable is in the current context.
  cudaError_t locate(CUdeviceptr* address, std::size_t* bytes);
};

/// A texture or surface reference. What is bound, the driver knows.
struct RegisteredReference {
  RegisteredModule* module;
  const void* host;
  const char* name;
  bool surface;
  bool reads_normalized;  ///< integers of few bits as floats
  /// Of the binding, for cudaGetTextureAlignmentOffset; negative: nothing is bound.
  std::atomic<std::int64_t> offset{-1};

  /// The module of the current context that has the reference.
  cudaError_t module_of_context(CUmodule* out) const;
};

/// One call of __cudaRegisterFatBinary.
class RegisteredModule {
 public:
  /// The module lives until the process ends, since handles to it may be held anywhere.
  static RegisteredModule* make(const void* image);

  void add_function(const void* host, const char* name);
  void add_variable(const void* host, const char* name, std::size_t size, void** managed);
  void add_texture(const void* host, const char* name, bool reads_normalized);
  void add_surface(const void* host, const char* name);
  /// Fills the host pointers of all managed variables.
  cudaError_t initialise_managed();
  /// Forgets all functions and variables and unloads.
  void retire();

  /// The driver's library of the fatbin, loaded on first use. An error is remembered, and given
  /// again without a second try.
  cudaError_t library(CUlibrary* out);

 private:
  explicit RegisteredModule(const void* image) : image_(image) {}
  cudaError_t load(CUlibrary* out);
  void add_reference(const void* host, const char* name, bool surface, bool reads_normalized);

  const void* image_;
  RegisteredModule* older_ = nullptr;
  std::atomic<CUlibrary> library_{nullptr};
  std::atomic<cudaError_t> error_{cudaSuccess};
  std::deque<RegisteredFunction> functions_;
  std::deque<RegisteredVariable> variables_;
  std::deque<RegisteredReference> references_;
};

/// What is registered for a host address, or null.
RegisteredFunction* find_function(const void* host);
RegisteredVariable* find_variable(const void* host);
RegisteredReference* find_reference(const void* host);

/// The driver's kernel for what a program passes as `func`: a registered host function, or a kernel
/// handle itself.
cudaError_t resolve_kernel(const void* function, CUkernel* kernel);
/// The same as a function of the current context.
cudaError_t resolve_function(const void* function, CUfunction* out);

}  // namespace cuda_shim::cudart
