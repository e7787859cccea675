// Choosing a device, its attributes, limits and flags (runtime API manual, section "Device
// Management").

#include <cuda_runtime_api.h>

#include "api/cudart/entry.h"

using namespace cuda_shim::cudart;

CUDART_ENTRY(cudaGetDeviceCount, (int* count), (count)) {
  if (count == nullptr) return cudaErrorInvalidValue;
  *count = 0;
  CUDART_TRY(in_driver(cuDeviceGetCount, count));
  return *count > 0 ? cudaSuccess : cudaErrorNoDevice;
}

CUDART_ENTRY(cudaGetDevice, (int* device), (device)) {
  return device == nullptr ? cudaErrorInvalidValue : current_device(device);
}

CUDART_ENTRY(cudaSetDevice, (int device), (device)) {
  return choose_device(device);
}

CUDART_ENTRY(cudaInitDevice, (int device, unsigned int deviceFlags, unsigned int flags),
             (device, deviceFlags, flags)) {
  CUDART_TRY(check_device(device));
  if ((flags & ~static_cast<unsigned>(cudaInitDeviceFlagsAreValid)) != 0)
    return cudaErrorInvalidValue;
  if ((flags & cudaInitDeviceFlagsAreValid) != 0)
    CUDART_TRY(in_driver(cuDevicePrimaryCtxSetFlags, device, deviceFlags));
  CUcontext context;
  return primary_context(device, &context);
}

CUDART_ENTRY(cudaSetDeviceFlags, (unsigned int flags), (flags)) {
  CUdevice device;
  CUDART_TRY(current_device(&device));
  return in_driver(cuDevicePrimaryCtxSetFlags, device, flags);
}

CUDART_ENTRY(cudaGetDeviceFlags, (unsigned int* flags), (flags)) {
  CUdevice device;
  CUDART_TRY(current_device(&device));
  int active;
  return in_driver(cuDevicePrimaryCtxGetState, device, flags, &active);
}

static cudaError_t reset() {
  return reset_device();
}
static cudaError_t synchronize() {
  return in_context(cuCtxSynchronize);
}

CUDART_ENTRY(cudaDeviceReset, (), ()) {
  return reset();
}
CUDART_ENTRY(cudaThreadExit, (), ()) {
  return reset();
}
CUDART_ENTRY(cudaDeviceSynchronize, (), ()) {
  return synchronize();
}
CUDART_ENTRY(cudaThreadSynchronize, (), ()) {
  return synchronize();
}

// Attributes have the same numbers in both APIs.
CUDART_ENTRY(cudaDeviceGetAttribute, (int* value, cudaDeviceAttr attribute, int device),
             (value, attribute, device)) {
  CUDART_TRY(check_device(device));
  return in_driver(cuDeviceGetAttribute, value, static_cast<CUdevice_attribute>(attribute), device);
}

static cudaError_t get_limit(size_t* value, cudaLimit limit) {
  return in_context(cuCtxGetLimit, value, static_cast<CUlimit>(limit));
}
static cudaError_t set_limit(cudaLimit limit, size_t value) {
  return in_context(cuCtxSetLimit, static_cast<CUlimit>(limit), value);
}

CUDART_ENTRY(cudaDeviceGetLimit, (size_t* value, cudaLimit limit), (value, limit)) {
  return get_limit(value, limit);
}
CUDART_ENTRY(cudaThreadGetLimit, (size_t* value, cudaLimit limit), (value, limit)) {
  return get_limit(value, limit);
}
CUDART_ENTRY(cudaDeviceSetLimit, (cudaLimit limit, size_t value), (limit, value)) {
  return set_limit(limit, value);
}
CUDART_ENTRY(cudaThreadSetLimit, (cudaLimit limit, size_t value), (limit, value)) {
  return set_limit(limit, value);
}

static cudaError_t get_cache(cudaFuncCache* config) {
  return in_context(cuCtxGetCacheConfig, reinterpret_cast<CUfunc_cache*>(config));
}
static cudaError_t set_cache(cudaFuncCache config) {
  return in_context(cuCtxSetCacheConfig, static_cast<CUfunc_cache>(config));
}

CUDART_ENTRY(cudaDeviceGetCacheConfig, (cudaFuncCache * config), (config)) {
  return get_cache(config);
}
CUDART_ENTRY(cudaThreadGetCacheConfig, (cudaFuncCache * config), (config)) {
  return get_cache(config);
}
CUDART_ENTRY(cudaDeviceSetCacheConfig, (cudaFuncCache config), (config)) {
  return set_cache(config);
}
CUDART_ENTRY(cudaThreadSetCacheConfig, (cudaFuncCache config), (config)) {
  return set_cache(config);
}

CUDART_ENTRY(cudaDeviceGetSharedMemConfig, (cudaSharedMemConfig * config), (config)) {
  return in_context(cuCtxGetSharedMemConfig, reinterpret_cast<CUsharedconfig*>(config));
}
CUDART_ENTRY(cudaDeviceSetSharedMemConfig, (cudaSharedMemConfig config), (config)) {
  return in_context(cuCtxSetSharedMemConfig, static_cast<CUsharedconfig>(config));
}

CUDART_ENTRY(cudaDeviceGetStreamPriorityRange, (int* least, int* greatest), (least, greatest)) {
  return in_context(cuCtxGetStreamPriorityRange, least, greatest);
}
CUDART_ENTRY(cudaCtxResetPersistingL2Cache, (), ()) {
  return in_context(cuCtxResetPersistingL2Cache);
}

CUDART_ENTRY(cudaDeviceGetPCIBusId, (char* id, int length, int device), (id, length, device)) {
  CUDART_TRY(check_device(device));
  return in_driver(cuDeviceGetPCIBusId, id, length, device);
}
CUDART_ENTRY(cudaDeviceGetByPCIBusId, (int* device, const char* id), (device, id)) {
  return in_driver(cuDeviceGetByPCIBusId, device, id);
}
