// Libraries loaded at run time (runtime API manual, section "Library Management"): the driver's,
// under the runtime's names. Options have equal numbers in both APIs.

#include <cuda_runtime_api.h>

#include "api/cudart/entry.h"

using namespace cuda_shim::cudart;

static_assert(static_cast<int>(cudaJitErrorLogBuffer) == static_cast<int>(CU_JIT_ERROR_LOG_BUFFER));
static_assert(static_cast<int>(cudaJitOverrideDirectiveValues) ==
              static_cast<int>(CU_JIT_OVERRIDE_DIRECTIVE_VALUES));
static_assert(static_cast<int>(cudaLibraryBinaryIsPreserved) ==
              static_cast<int>(CU_LIBRARY_BINARY_IS_PRESERVED));

CUDART_ENTRY(cudaLibraryLoadData,
             (cudaLibrary_t * library, const void* code, cudaJitOption* jit_options,
              void** jit_values, unsigned int jit_count, cudaLibraryOption* options, void** values,
              unsigned int count),
             (library, code, jit_options, jit_values, jit_count, options, values, count)) {
  return in_driver(cuLibraryLoadData, library, code, reinterpret_cast<CUjit_option*>(jit_options),
                   jit_values, jit_count, reinterpret_cast<CUlibraryOption*>(options), values,
                   count);
}

CUDART_ENTRY(cudaLibraryLoadFromFile,
             (cudaLibrary_t * library, const char* file, cudaJitOption* jit_options,
              void** jit_values, unsigned int jit_count, cudaLibraryOption* options, void** values,
              unsigned int count),
             (library, file, jit_options, jit_values, jit_count, options, values, count)) {
  return in_driver(cuLibraryLoadFromFile, library, file,
                   reinterpret_cast<CUjit_option*>(jit_options), jit_values, jit_count,
                   reinterpret_cast<CUlibraryOption*>(options), values, count);
}

CUDART_ENTRY(cudaLibraryUnload, (cudaLibrary_t library), (library)) {
  return in_driver(cuLibraryUnload, library);
}
CUDART_ENTRY(cudaLibraryGetKernel, (cudaKernel_t * kernel, cudaLibrary_t library, const char* name),
             (kernel, library, name)) {
  return in_driver(cuLibraryGetKernel, kernel, library, name);
}
CUDART_ENTRY(cudaLibraryGetKernelCount, (unsigned int* count, cudaLibrary_t library),
             (count, library)) {
  return in_driver(cuLibraryGetKernelCount, count, library);
}
CUDART_ENTRY(cudaLibraryEnumerateKernels,
             (cudaKernel_t * kernels, unsigned int count, cudaLibrary_t library),
             (kernels, count, library)) {
  return in_driver(cuLibraryEnumerateKernels, kernels, count, library);
}
CUDART_ENTRY(cudaLibraryGetGlobal,
             (void** address, size_t* bytes, cudaLibrary_t library, const char* name),
             (address, bytes, library, name)) {
  return in_context(cuLibraryGetGlobal, to_device_pointer(address), bytes, library, name);
}
CUDART_ENTRY(cudaLibraryGetManaged,
             (void** address, size_t* bytes, cudaLibrary_t library, const char* name),
             (address, bytes, library, name)) {
  return in_context(cuLibraryGetManaged, to_device_pointer(address), bytes, library, name);
}
CUDART_ENTRY(cudaLibraryGetUnifiedFunction,
             (void** function, cudaLibrary_t library, const char* symbol),
             (function, library, symbol)) {
  return in_driver(cuLibraryGetUnifiedFunction, function, library, symbol);
}
