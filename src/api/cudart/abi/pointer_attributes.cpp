// cudaPointerGetAttributes. CUDA 13 made room at the end of the structure.

#include "api/cudart/abi/abi.h"

using namespace cuda_shim::cudart;

namespace {

struct PointerAttributes {
  cudaMemoryType type;
  int device;
  void* device_pointer;
  void* host_pointer;
#if CUDA_SHIM_CUDART_ABI >= 13
  long reserved[8];
#endif
};
static_assert(sizeof(PointerAttributes) == (CUDA_SHIM_CUDART_ABI == 13 ? 88 : 24));

/// What the runtime gives as the device of memory that belongs to none.
constexpr int kNoDevice = -2;

}  // namespace

CUDART_ENTRY(cudaPointerGetAttributes, (PointerAttributes * out, const void* pointer),
             (out, pointer)) {
  if (out == nullptr) return cudaErrorInvalidValue;
  unsigned memory_type = 0, managed = 0;
  int device = 0;
  CUdeviceptr device_pointer = 0;
  void* host_pointer = nullptr;
  CUpointer_attribute attributes[] = {
      CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_IS_MANAGED,
      CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, CU_POINTER_ATTRIBUTE_DEVICE_POINTER,
      CU_POINTER_ATTRIBUTE_HOST_POINTER};
  void* values[] = {&memory_type, &managed, &device, &device_pointer, &host_pointer};
  CUDART_TRY(
      in_context(cuPointerGetAttributes, 5U, attributes, values, to_device_pointer(pointer)));
  *out = {};
  // Types of memory have equal numbers in both APIs; managed memory is a type of its own here.
  out->type = managed != 0 ? cudaMemoryTypeManaged : static_cast<cudaMemoryType>(memory_type);
  if (memory_type == 0 && managed == 0) {
    out->device = kNoDevice;
    out->host_pointer = const_cast<void*>(pointer);
    return cudaSuccess;
  }
  out->device = device;
  out->device_pointer = reinterpret_cast<void*>(device_pointer);
  out->host_pointer = host_pointer;
  return cudaSuccess;
}
