// The version of the runtime: that of the NVIDIA release whose exports and structures this ABI has.
// It is also what the driver is asked for when the application does not say which version of a
// driver function it wants.

#include "api/cudart/abi/abi.h"

using namespace cuda_shim::cudart;

namespace {

constexpr int kRuntimeVersion = CUDA_SHIM_CUDART_ABI == 11   ? 11080
                                : CUDA_SHIM_CUDART_ABI == 12 ? 12090
                                                             : 13000;

using Status = cudaDriverEntryPointQueryResult;

/// Not to be found is a status where the caller asks for one and an error where not.
cudaError_t entry_point(const char* symbol, void** function, unsigned version,
                        unsigned long long flags, Status* status) {
  if (symbol == nullptr || function == nullptr) return cudaErrorInvalidValue;
  *function = nullptr;
  CUdriverProcAddressQueryResult found = CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  CUresult result = cuGetProcAddress(symbol, function, static_cast<int>(version), flags, &found);
  if (result != CUDA_SUCCESS && result != CUDA_ERROR_NOT_FOUND) return to_runtime(result);
  if (result == CUDA_ERROR_NOT_FOUND && found == CU_GET_PROC_ADDRESS_SUCCESS)
    found = CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  if (status != nullptr)
    *status = static_cast<Status>(found);
  else if (found != CU_GET_PROC_ADDRESS_SUCCESS)
    return cudaErrorSymbolNotFound;
  return cudaSuccess;
}

unsigned long long for_thread_streams(unsigned long long flags) {
  return flags == CU_GET_PROC_ADDRESS_DEFAULT ? CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM
                                              : flags;
}

}  // namespace

CUDART_ENTRY(cudaRuntimeGetVersion, (int* version), (version)) {
  if (version == nullptr) return cudaErrorInvalidValue;
  *version = kRuntimeVersion;
  return cudaSuccess;
}

#if CUDA_SHIM_CUDART_ABI == 11
CUDART_ENTRY(cudaGetDriverEntryPoint,
             (const char* symbol, void** function, unsigned long long flags),
             (symbol, function, flags)) {
  return entry_point(symbol, function, kRuntimeVersion, flags, nullptr);
}
CUDART_ENTRY(cudaGetDriverEntryPoint_ptsz,
             (const char* symbol, void** function, unsigned long long flags),
             (symbol, function, flags)) {
  return entry_point(symbol, function, kRuntimeVersion, for_thread_streams(flags), nullptr);
}
#else
CUDART_ENTRY(cudaGetDriverEntryPoint,
             (const char* symbol, void** function, unsigned long long flags, Status* status),
             (symbol, function, flags, status)) {
  return entry_point(symbol, function, kRuntimeVersion, flags, status);
}
CUDART_ENTRY(cudaGetDriverEntryPoint_ptsz,
             (const char* symbol, void** function, unsigned long long flags, Status* status),
             (symbol, function, flags, status)) {
  return entry_point(symbol, function, kRuntimeVersion, for_thread_streams(flags), status);
}
CUDART_ENTRY(cudaGetDriverEntryPointByVersion,
             (const char* symbol, void** function, unsigned version, unsigned long long flags,
              Status* status),
             (symbol, function, version, flags, status)) {
  return entry_point(symbol, function, version, flags, status);
}
CUDART_ENTRY(cudaGetDriverEntryPointByVersion_ptsz,
             (const char* symbol, void** function, unsigned version, unsigned long long flags,
              Status* status),
             (symbol, function, version, flags, status)) {
  return entry_point(symbol, function, version, for_thread_streams(flags), status);
}
#endif
