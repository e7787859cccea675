// Memory pools and what is asked about managed ranges (runtime API manual, sections "Stream Ordered
// Memory Allocator" and "Memory Management"): the driver's, under the runtime's names.

#include <cuda_runtime_api.h>

#include "api/cudart/entry.h"

using namespace cuda_shim::cudart;

static_assert(sizeof(cudaMemPoolProps) == sizeof(CUmemPoolProps));
static_assert(sizeof(cudaMemAccessDesc) == sizeof(CUmemAccessDesc));
static_assert(static_cast<int>(cudaMemPoolAttrUsedMemHigh) ==
              static_cast<int>(CU_MEMPOOL_ATTR_USED_MEM_HIGH));
static_assert(static_cast<int>(cudaMemRangeAttributeLastPrefetchLocationId) ==
              static_cast<int>(CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION_ID));

namespace {

CUmemLocation* to_driver(cudaMemLocation* location) {
  return reinterpret_cast<CUmemLocation*>(location);
}

}  // namespace

CUDART_ENTRY(cudaDeviceGetDefaultMemPool, (cudaMemPool_t * pool, int device), (pool, device)) {
  CUDART_TRY(check_device(device));
  return in_driver(cuDeviceGetDefaultMemPool, pool, device);
}
CUDART_ENTRY(cudaDeviceGetMemPool, (cudaMemPool_t * pool, int device), (pool, device)) {
  CUDART_TRY(check_device(device));
  return in_driver(cuDeviceGetMemPool, pool, device);
}
CUDART_ENTRY(cudaDeviceSetMemPool, (int device, cudaMemPool_t pool), (device, pool)) {
  CUDART_TRY(check_device(device));
  return in_driver(cuDeviceSetMemPool, device, pool);
}

CUDART_ENTRY(cudaMemGetDefaultMemPool,
             (cudaMemPool_t * pool, cudaMemLocation* location, cudaMemAllocationType type),
             (pool, location, type)) {
  return in_driver(cuMemGetDefaultMemPool, pool, to_driver(location),
                   static_cast<CUmemAllocationType>(type));
}
CUDART_ENTRY(cudaMemGetMemPool,
             (cudaMemPool_t * pool, cudaMemLocation* location, cudaMemAllocationType type),
             (pool, location, type)) {
  return in_driver(cuMemGetMemPool, pool, to_driver(location),
                   static_cast<CUmemAllocationType>(type));
}
CUDART_ENTRY(cudaMemSetMemPool,
             (cudaMemLocation * location, cudaMemAllocationType type, cudaMemPool_t pool),
             (location, type, pool)) {
  return in_driver(cuMemSetMemPool, to_driver(location), static_cast<CUmemAllocationType>(type),
                   pool);
}

CUDART_ENTRY(cudaMemPoolCreate, (cudaMemPool_t * pool, const cudaMemPoolProps* properties),
             (pool, properties)) {
  return in_driver(cuMemPoolCreate, pool, reinterpret_cast<const CUmemPoolProps*>(properties));
}
CUDART_ENTRY(cudaMemPoolDestroy, (cudaMemPool_t pool), (pool)) {
  return in_driver(cuMemPoolDestroy, pool);
}
CUDART_ENTRY(cudaMemPoolTrimTo, (cudaMemPool_t pool, size_t keep), (pool, keep)) {
  return in_driver(cuMemPoolTrimTo, pool, keep);
}
CUDART_ENTRY(cudaMemPoolGetAttribute, (cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value),
             (pool, attribute, value)) {
  return in_driver(cuMemPoolGetAttribute, pool, static_cast<CUmemPool_attribute>(attribute), value);
}
CUDART_ENTRY(cudaMemPoolSetAttribute, (cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value),
             (pool, attribute, value)) {
  return in_driver(cuMemPoolSetAttribute, pool, static_cast<CUmemPool_attribute>(attribute), value);
}
CUDART_ENTRY(cudaMemPoolGetAccess,
             (cudaMemAccessFlags * flags, cudaMemPool_t pool, cudaMemLocation* location),
             (flags, pool, location)) {
  return in_driver(cuMemPoolGetAccess, reinterpret_cast<CUmemAccess_flags*>(flags), pool,
                   to_driver(location));
}
CUDART_ENTRY(cudaMemPoolSetAccess,
             (cudaMemPool_t pool, const cudaMemAccessDesc* descriptions, size_t count),
             (pool, descriptions, count)) {
  return in_driver(cuMemPoolSetAccess, pool, reinterpret_cast<const CUmemAccessDesc*>(descriptions),
                   count);
}

CUDART_STREAM_ENTRY(cudaMallocFromPoolAsync,
                    (void** pointer, size_t size, cudaMemPool_t pool, cudaStream_t stream),
                    (pointer, size, pool, stream)) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  *pointer = nullptr;
  if (size == 0) return ensure_context();
  return in_context(cuMemAllocFromPoolAsync, to_device_pointer(pointer), size, pool, stream);
}

CUDART_ENTRY(cudaMemRangeGetAttribute,
             (void* data, size_t size, cudaMemRangeAttribute attribute, const void* pointer,
              size_t count),
             (data, size, attribute, pointer, count)) {
  return in_context(cuMemRangeGetAttribute, data, size,
                    static_cast<CUmem_range_attribute>(attribute), to_device_pointer(pointer),
                    count);
}
CUDART_ENTRY(cudaMemRangeGetAttributes,
             (void** data, size_t* sizes, cudaMemRangeAttribute* attributes, size_t attribute_count,
              const void* pointer, size_t count),
             (data, sizes, attributes, attribute_count, pointer, count)) {
  return in_context(cuMemRangeGetAttributes, data, sizes,
                    reinterpret_cast<CUmem_range_attribute*>(attributes), attribute_count,
                    to_device_pointer(pointer), count);
}
