#pragma once
// How an exported function is written, and how it calls the driver.
//
//   CUDART_ENTRY(cudaMemGetInfo, (size_t* free, size_t* total), (free, total)) {
//     return in_context(cuMemGetInfo, free, total);
//   }
//
// The body is an ordinary function that returns a cudaError_t; the macro makes the exported
// function around it, which remembers the error for cudaGetLastError. Functions that take a stream
// come in two: the plain one, for which stream 0 is the legacy default stream, and one ending in
// _ptsz, for which it is the thread's own. Functions without a stream that run on the default
// stream have a second ending in _ptds. The macros below make both from one body, so that neither
// can be forgotten or differ.
//
// A file includes cuda_runtime_api.h wherever the signatures agree in all ABIs: the compiler then
// holds our definitions against NVIDIA's declarations. The files of abi/ cannot (see there).

#include <cuda.h>
#include <driver_types.h>

#include "api/cudart/context.h"
#include "api/cudart/last_error.h"

#define CUDA_SHIM_EXPORT __attribute__((visibility("default")))

#define CUDART_LIST(...) __VA_ARGS__

#define CUDART_ENTRY(name, parameters, arguments)                     \
  static cudaError_t name##_body parameters;                          \
  extern "C" CUDA_SHIM_EXPORT cudaError_t name parameters {           \
    return ::cuda_shim::cudart::record(name##_body arguments, #name); \
  }                                                                   \
  static cudaError_t name##_body parameters

/// One of the parameters is named `stream`. Makes name and name_ptsz.
#define CUDART_STREAM_ENTRY(name, parameters, arguments)                      \
  static cudaError_t name##_body parameters;                                  \
  extern "C" CUDA_SHIM_EXPORT cudaError_t name parameters {                   \
    return ::cuda_shim::cudart::record(name##_body arguments, #name);         \
  }                                                                           \
  extern "C" CUDA_SHIM_EXPORT cudaError_t name##_ptsz parameters {            \
    stream = ::cuda_shim::cudart::per_thread(stream);                         \
    return ::cuda_shim::cudart::record(name##_body arguments, #name "_ptsz"); \
  }                                                                           \
  static cudaError_t name##_body parameters

/// The body has one more parameter at the end, `cudaStream_t stream`: the default stream. Makes
/// name and name_ptds.
#define CUDART_DEFAULT_STREAM_ENTRY(name, parameters, arguments)                                 \
  static cudaError_t name##_body(CUDART_LIST parameters, cudaStream_t stream);                   \
  extern "C" CUDA_SHIM_EXPORT cudaError_t name parameters {                                      \
    return ::cuda_shim::cudart::record(name##_body(CUDART_LIST arguments, CU_STREAM_LEGACY),     \
                                       #name);                                                   \
  }                                                                                              \
  extern "C" CUDA_SHIM_EXPORT cudaError_t name##_ptds parameters {                               \
    return ::cuda_shim::cudart::record(name##_body(CUDART_LIST arguments, CU_STREAM_PER_THREAD), \
                                       #name "_ptds");                                           \
  }                                                                                              \
  static cudaError_t name##_body(CUDART_LIST parameters, cudaStream_t stream)

/// Leaves the function with the error, if it is one.
#define CUDART_TRY(expression)                                                             \
  do {                                                                                     \
    if (cudaError_t cudart_error = (expression); cudart_error != cudaSuccess) [[unlikely]] \
      return cudart_error;                                                                 \
  } while (false)

namespace cuda_shim::cudart {

/// Codes of equal meaning have equal numbers in both APIs.
inline cudaError_t to_runtime(CUresult result) {
  return static_cast<cudaError_t>(result);
}

inline cudaStream_t per_thread(cudaStream_t stream) {
  return stream == nullptr ? CU_STREAM_PER_THREAD : stream;
}

/// A driver function, called with this thread's context current.
template <class... Parameters, class... Arguments>
cudaError_t in_context(CUresult (*function)(Parameters...), Arguments... arguments) {
  CUDART_TRY(ensure_context());
  return to_runtime(function(arguments...));
}

/// A driver function that needs no context, only an initialised driver.
template <class... Parameters, class... Arguments>
cudaError_t in_driver(CUresult (*function)(Parameters...), Arguments... arguments) {
  CUDART_TRY(ensure_driver());
  return to_runtime(function(arguments...));
}

inline CUdeviceptr to_device_pointer(const void* pointer) {
  return reinterpret_cast<CUdeviceptr>(pointer);
}
inline CUdeviceptr* to_device_pointer(void** pointer) {
  return reinterpret_cast<CUdeviceptr*>(pointer);
}

}  // namespace cuda_shim::cudart
