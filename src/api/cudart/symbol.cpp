// Variables of the device that host code names by their host shadow.

#include <cuda_runtime_api.h>

#include "api/cudart/copy.h"
#include "api/cudart/entry.h"
#include "api/cudart/registry.h"

using namespace cuda_shim::cudart;

namespace {

cudaError_t locate(const void* symbol, CUdeviceptr* address, size_t* bytes) {
  RegisteredVariable* variable = symbol == nullptr ? nullptr : find_variable(symbol);
  return variable == nullptr ? cudaErrorInvalidSymbol : variable->locate(address, bytes);
}

/// The part of a variable that a copy names, checked against its end.
cudaError_t locate_range(const void* symbol, size_t count, size_t offset, void** address) {
  CUdeviceptr base;
  size_t bytes;
  CUDART_TRY(locate(symbol, &base, &bytes));
  if (offset > bytes || count > bytes - offset) return cudaErrorInvalidValue;
  *address = reinterpret_cast<void*>(base + offset);
  return cudaSuccess;
}

bool leads_to_device(cudaMemcpyKind kind) {
  return kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice ||
         kind == cudaMemcpyDefault;
}

bool leads_from_device(cudaMemcpyKind kind) {
  return kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice ||
         kind == cudaMemcpyDefault;
}

}  // namespace

CUDART_ENTRY(cudaGetSymbolAddress, (void** address, const void* symbol), (address, symbol)) {
  if (address == nullptr) return cudaErrorInvalidValue;
  size_t bytes;
  return locate(symbol, to_device_pointer(address), &bytes);
}

CUDART_ENTRY(cudaGetSymbolSize, (size_t* size, const void* symbol), (size, symbol)) {
  if (size == nullptr) return cudaErrorInvalidValue;
  CUdeviceptr address;
  return locate(symbol, &address, size);
}

CUDART_DEFAULT_STREAM_ENTRY(cudaMemcpyToSymbol,
                            (const void* symbol, const void* from, size_t count, size_t offset,
                             cudaMemcpyKind kind),
                            (symbol, from, count, offset, kind)) {
  if (!leads_to_device(kind)) return cudaErrorInvalidMemcpyDirection;
  void* to;
  CUDART_TRY(locate_range(symbol, count, offset, &to));
  return count == 0 ? cudaSuccess : copy(to, from, count, kind, stream);
}

CUDART_STREAM_ENTRY(cudaMemcpyToSymbolAsync,
                    (const void* symbol, const void* from, size_t count, size_t offset,
                     cudaMemcpyKind kind, cudaStream_t stream),
                    (symbol, from, count, offset, kind, stream)) {
  if (!leads_to_device(kind)) return cudaErrorInvalidMemcpyDirection;
  void* to;
  CUDART_TRY(locate_range(symbol, count, offset, &to));
  return count == 0 ? cudaSuccess : copy_async(to, from, count, kind, stream);
}

CUDART_DEFAULT_STREAM_ENTRY(cudaMemcpyFromSymbol,
                            (void* to, const void* symbol, size_t count, size_t offset,
                             cudaMemcpyKind kind),
                            (to, symbol, count, offset, kind)) {
  if (!leads_from_device(kind)) return cudaErrorInvalidMemcpyDirection;
  void* from;
  CUDART_TRY(locate_range(symbol, count, offset, &from));
  return count == 0 ? cudaSuccess : copy(to, from, count, kind, stream);
}

CUDART_STREAM_ENTRY(cudaMemcpyFromSymbolAsync,
                    (void* to, const void* symbol, size_t count, size_t offset, cudaMemcpyKind kind,
                     cudaStream_t stream),
                    (to, symbol, count, offset, kind, stream)) {
  if (!leads_from_device(kind)) return cudaErrorInvalidMemcpyDirection;
  void* from;
  CUDART_TRY(locate_range(symbol, count, offset, &from));
  return count == 0 ? cudaSuccess : copy_async(to, from, count, kind, stream);
}
