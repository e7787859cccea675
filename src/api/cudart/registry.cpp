// Host addresses to driver handles, and the lazy load between them.
//
// Objects that are retired (their shared object is being unloaded) are kept in memory: another
// thread may be holding one, and there are few. Their addresses leave the maps, so a later object
// at the same addresses registers afresh.

#include "api/cudart/registry.h"

#include <dlfcn.h>

#include <cstdint>
#include <cstdlib>
#include <mutex>

#include "api/cudart/entry.h"
#include "api/cudart/pointer_map.h"
#include "support/log.h"

namespace cuda_shim::cudart {
namespace {

constinit std::mutex registration;  // guards the writers of the maps and of the modules' lists
constinit PointerMap<RegisteredFunction> functions;
constinit PointerMap<RegisteredVariable> variables;
constinit PointerMap<RegisteredReference> references;
constinit RegisteredModule* newest_module = nullptr;
constinit std::atomic<bool> process_ends{false};

// Exit handlers run in reverse order. Host code has set up the one that unregisters its fatbin
// before the fatbin can be loaded: one that is set up at the loading runs earlier.
void note_end_of_process() {
  std::atexit([] { process_ends.store(true, std::memory_order_release); });
}

/// The file that the fatbin lies in, for messages.
const char* file_of(const void* image) {
  Dl_info info;
  return dladdr(image, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname
                                                                : "an unknown object";
}

}  // namespace

RegisteredModule* RegisteredModule::make(const void* image) {
  auto* module = new RegisteredModule(image);
  std::lock_guard lock(registration);
  module->older_ = newest_module;
  newest_module = module;
  return module;
}

void RegisteredModule::add_function(const void* host, const char* name) {
  if (host == nullptr || name == nullptr) return;
  std::lock_guard lock(registration);
  RegisteredFunction& function = functions_.emplace_back(this, host, name);
  functions.insert(host, &function);
}

void RegisteredModule::add_variable(const void* host, const char* name, std::size_t size,
                                    void** managed) {
  if (host == nullptr || name == nullptr) return;
  std::lock_guard lock(registration);
  RegisteredVariable& variable = variables_.emplace_back(this, host, name, size, managed);
  variables.insert(host, &variable);
}

void RegisteredModule::add_reference(const void* host, const char* name, bool surface,
                                     bool reads_normalized) {
  if (host == nullptr || name == nullptr) return;
  std::lock_guard lock(registration);
  RegisteredReference& reference =
      references_.emplace_back(this, host, name, surface, reads_normalized);
  references.insert(host, &reference);
}

void RegisteredModule::add_texture(const void* host, const char* name, bool reads_normalized) {
  add_reference(host, name, false, reads_normalized);
}

void RegisteredModule::add_surface(const void* host, const char* name) {
  add_reference(host, name, true, false);
}

cudaError_t RegisteredModule::initialise_managed() {
  for (RegisteredVariable& variable : variables_) {
    if (variable.managed == nullptr) continue;
    CUdeviceptr address;
    std::size_t bytes;
    CUDART_TRY(variable.locate(&address, &bytes));
    *variable.managed = reinterpret_cast<void*>(address);
    // Host code names a managed variable by what its pointer holds, so that address stands for it
    // too.
    std::lock_guard lock(registration);
    variables.insert(*variable.managed, &variable);
  }
  return cudaSuccess;
}

void RegisteredModule::retire() {
  {
    std::lock_guard lock(registration);
    for (RegisteredFunction& function : functions_)
      if (functions.find(function.host) == &function) functions.erase(function.host);
    for (RegisteredVariable& variable : variables_) {
      if (variables.find(variable.host) == &variable) variables.erase(variable.host);
      if (variable.managed != nullptr && *variable.managed != nullptr)
        variables.erase(*variable.managed);
    }
    for (RegisteredReference& reference : references_)
      if (references.find(reference.host) == &reference) references.erase(reference.host);
  }
  error_ = cudaErrorCudartUnloading;
  // At the end of the process everything goes anyway. Unloading would wait for work in flight,
  // which may never end, and which nobody will look at.
  if (process_ends.load(std::memory_order_acquire)) return;
  if (CUlibrary library = library_.exchange(nullptr)) cuLibraryUnload(library);
}

cudaError_t RegisteredModule::library(CUlibrary* out) {
  *out = library_.load(std::memory_order_acquire);
  if (*out != nullptr) return cudaSuccess;
  CUDART_TRY(error_.load(std::memory_order_acquire));
  return load(out);
}

cudaError_t RegisteredModule::load(CUlibrary* out) {
  note_end_of_process();
  CUlibrary loaded = nullptr;
  cudaError_t error =
      in_driver(cuLibraryLoadData, &loaded, image_, nullptr, nullptr, 0U, nullptr, nullptr, 0U);
  if (error != cudaSuccess) {
    error_ = error;
    CUDA_SHIM_LOG(kError, "Loading the kernels in '{}' failed: {} ({}).", file_of(image_),
                  error_description(error), error_name(error));
    return error;
  }
  CUlibrary none = nullptr;
  // Two threads may have loaded it at once; the first one's stays.
  if (!library_.compare_exchange_strong(none, loaded)) {
    cuLibraryUnload(loaded);
    loaded = none;
  }
  *out = loaded;
  return cudaSuccess;
}

cudaError_t RegisteredFunction::resolve(CUkernel* out) {
  *out = kernel.load(std::memory_order_acquire);
  if (*out != nullptr) [[likely]]
    return cudaSuccess;
  CUlibrary library;
  CUDART_TRY(module->library(&library));
  cudaError_t error = to_runtime(cuLibraryGetKernel(out, library, name));
  if (error == cudaErrorSymbolNotFound) {
    CUDA_SHIM_LOG(kError, "The module in '{}' has no kernel '{}'.", file_of(host), name);
    return cudaErrorInvalidDeviceFunction;
  }
  CUDART_TRY(error);
  kernel.store(*out, std::memory_order_release);
  return cudaSuccess;
}

cudaError_t RegisteredVariable::locate(CUdeviceptr* address, std::size_t* bytes) {
  CUlibrary library;
  CUDART_TRY(ensure_context());
  CUDART_TRY(module->library(&library));
  auto get = managed != nullptr ? cuLibraryGetManaged : cuLibraryGetGlobal;
  cudaError_t error = to_runtime(get(address, bytes, library, name));
  if (error == cudaErrorSymbolNotFound) {
    CUDA_SHIM_LOG(kError, "The module in '{}' has no variable '{}'.", file_of(host), name);
    return cudaErrorInvalidSymbol;
  }
  return error;
}

cudaError_t RegisteredReference::module_of_context(CUmodule* out) const {
  CUlibrary library;
  CUDART_TRY(ensure_context());
  CUDART_TRY(module->library(&library));
  return to_runtime(cuLibraryGetModule(out, library));
}

RegisteredFunction* find_function(const void* host) {
  return functions.find(host);
}
RegisteredVariable* find_variable(const void* host) {
  return variables.find(host);
}
RegisteredReference* find_reference(const void* host) {
  return references.find(host);
}

cudaError_t resolve_kernel(const void* function, CUkernel* kernel) {
  if (RegisteredFunction* registered = find_function(function)) [[likely]]
    return registered->resolve(kernel);
  // Not one of ours: a cudaKernel_t, which the driver checks. It must have a name.
  *kernel = static_cast<CUkernel>(const_cast<void*>(function));
  const char* name;
  if (function == nullptr || in_driver(cuKernelGetName, &name, *kernel) != cudaSuccess)
    return cudaErrorInvalidDeviceFunction;
  return cudaSuccess;
}

cudaError_t resolve_function(const void* function, CUfunction* out) {
  CUkernel kernel;
  CUDART_TRY(ensure_context());
  CUDART_TRY(resolve_kernel(function, &kernel));
  return to_runtime(cuKernelGetFunction(out, kernel));
}

}  // namespace cuda_shim::cudart
