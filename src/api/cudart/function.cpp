// Attributes of kernels and handles to them (runtime API manual, sections "Execution Control" and
// "Interactions with the driver").

#include <cuda_runtime_api.h>

#include "api/cudart/entry.h"
#include "api/cudart/registry.h"

using namespace cuda_shim::cudart;

static_assert(static_cast<int>(cudaFuncAttributeMaxDynamicSharedMemorySize) ==
              static_cast<int>(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES));
static_assert(static_cast<int>(cudaFuncAttributeNonPortableClusterSizeAllowed) ==
              static_cast<int>(CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED));

CUDART_ENTRY(cudaFuncSetAttribute, (const void* function, cudaFuncAttribute attribute, int value),
             (function, attribute, value)) {
  CUfunction handle;
  CUDART_TRY(resolve_function(function, &handle));
  return to_runtime(
      cuFuncSetAttribute(handle, static_cast<CUfunction_attribute>(attribute), value));
}

CUDART_ENTRY(cudaKernelSetAttributeForDevice,
             (cudaKernel_t kernel, cudaFuncAttribute attribute, int value, int device),
             (kernel, attribute, value, device)) {
  CUDART_TRY(check_device(device));
  return in_context(cuKernelSetAttribute, static_cast<CUfunction_attribute>(attribute), value,
                    kernel, device);
}

CUDART_ENTRY(cudaFuncSetCacheConfig, (const void* function, cudaFuncCache config),
             (function, config)) {
  CUfunction handle;
  CUDART_TRY(resolve_function(function, &handle));
  return to_runtime(cuFuncSetCacheConfig(handle, static_cast<CUfunc_cache>(config)));
}

CUDART_ENTRY(cudaFuncSetSharedMemConfig, (const void* function, cudaSharedMemConfig config),
             (function, config)) {
  CUfunction handle;
  CUDART_TRY(resolve_function(function, &handle));
  return to_runtime(cuFuncSetSharedMemConfig(handle, static_cast<CUsharedconfig>(config)));
}

CUDART_ENTRY(cudaFuncGetName, (const char** name, const void* function), (name, function)) {
  CUkernel kernel;
  CUDART_TRY(resolve_kernel(function, &kernel));
  return in_driver(cuKernelGetName, name, kernel);
}

CUDART_ENTRY(cudaFuncGetParamInfo,
             (const void* function, size_t index, size_t* offset, size_t* size),
             (function, index, offset, size)) {
  CUkernel kernel;
  CUDART_TRY(resolve_kernel(function, &kernel));
  return in_driver(cuKernelGetParamInfo, kernel, index, offset, size);
}

CUDART_ENTRY(cudaGetFuncBySymbol, (cudaFunction_t * function, const void* symbol),
             (function, symbol)) {
  return function == nullptr ? cudaErrorInvalidValue : resolve_function(symbol, function);
}

CUDART_ENTRY(cudaGetKernel, (cudaKernel_t * kernel, const void* function), (kernel, function)) {
  return kernel == nullptr ? cudaErrorInvalidValue : resolve_kernel(function, kernel);
}
