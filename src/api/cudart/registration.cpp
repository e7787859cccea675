// The functions that nvcc's host code calls from constructors (crt/host_runtime.h tells their
// signatures).
//
// The handle that __cudaRegisterFatBinary gives back is our RegisteredModule; host code only hands
// it back. Nothing here touches the driver: a program may register thousands of kernels that it
// never runs, and constructors are no place to start threads.

#include <texture_types.h>

#include <cstdint>

#include "api/cudart/entry.h"
#include "api/cudart/registry.h"

using namespace cuda_shim::cudart;

namespace {

RegisteredModule* module_of(void** handle) {
  return reinterpret_cast<RegisteredModule*>(handle);
}

}  // namespace

extern "C" {

CUDA_SHIM_EXPORT void** __cudaRegisterFatBinary(void* image) {
  return reinterpret_cast<void**>(RegisteredModule::make(image));
}

CUDA_SHIM_EXPORT void __cudaRegisterFatBinaryEnd(void**) {}

CUDA_SHIM_EXPORT void __cudaUnregisterFatBinary(void** handle) {
  if (handle != nullptr) module_of(handle)->retire();
}

CUDA_SHIM_EXPORT void __cudaRegisterFunction(void** handle, const char* host, char*,
                                             const char* name, int, void*, void*, void*, void*,
                                             int*) {
  if (handle != nullptr) module_of(handle)->add_function(host, name);
}

CUDA_SHIM_EXPORT void __cudaRegisterVar(void** handle, char* host, char*, const char* name, int,
                                        std::size_t size, int, int) {
  if (handle != nullptr) module_of(handle)->add_variable(host, name, size, nullptr);
}

CUDA_SHIM_EXPORT void __cudaRegisterManagedVar(void** handle, void** host, char*, const char* name,
                                               int, std::size_t size, int, int) {
  if (handle != nullptr) module_of(handle)->add_variable(host, name, size, host);
}

/// Host code calls it before it first reads a managed variable.
CUDA_SHIM_EXPORT char __cudaInitModule(void** handle) {
  if (handle != nullptr) record(module_of(handle)->initialise_managed(), "__cudaInitModule");
  return 1;
}

/// `read_mode`: cudaTextureReadMode.
CUDA_SHIM_EXPORT void __cudaRegisterTexture(void** handle, const void* host, const void**,
                                            const char* name, int, int read_mode, int) {
  if (handle != nullptr)
    module_of(handle)->add_texture(host, name, read_mode == cudaReadModeNormalizedFloat);
}

CUDA_SHIM_EXPORT void __cudaRegisterSurface(void** handle, const void* host, const void**,
                                            const char* name, int, int) {
  if (handle != nullptr) module_of(handle)->add_surface(host, name);
}

/// No private entry point is known.
CUDA_SHIM_EXPORT void* __cudaGetProcAddress(const char*) {
  return nullptr;
}
}
