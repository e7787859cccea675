#include "ptx/golden/driver.h"

#include <cuda.h>
#include <dlfcn.h>
#include <fmt/format.h>

namespace cuda_shim::tests {
namespace {

void* library = nullptr;

template <class Function>
Function* find(Function*, const char* name) {
  return library == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(library, name));
}

}  // namespace

std::string open_driver(const std::string& name) {
  library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  return library != nullptr ? "" : fmt::format("'{}' cannot be opened: {}.", name, dlerror());
}

}  // namespace cuda_shim::tests

// A name goes through cuda.h's macros first, so that cuMemAlloc is looked for as cuMemAlloc_v2. A
// driver that lacks a function does not support it.
#define CUDA_SHIM_TEXT_OF(name) #name
#define CUDA_SHIM_TEXT(name) CUDA_SHIM_TEXT_OF(name)
#define CUDA_SHIM_ENTRY(name, parameters, arguments)                                \
  CUresult CUDAAPI name parameters {                                                \
    static auto* const entry = cuda_shim::tests::find(&name, CUDA_SHIM_TEXT(name)); \
    return entry != nullptr ? entry arguments : CUDA_ERROR_NOT_SUPPORTED;           \
  }

extern "C" {
CUDA_SHIM_ENTRY(cuInit, (unsigned flags), (flags))
CUDA_SHIM_ENTRY(cuDriverGetVersion, (int* version), (version))
CUDA_SHIM_ENTRY(cuGetErrorName, (CUresult error, const char** name), (error, name))
CUDA_SHIM_ENTRY(cuDeviceGet, (CUdevice * device, int ordinal), (device, ordinal))
CUDA_SHIM_ENTRY(cuDeviceGetName, (char* name, int size, CUdevice device), (name, size, device))
CUDA_SHIM_ENTRY(cuDeviceGetAttribute, (int* value, CUdevice_attribute attribute, CUdevice device),
                (value, attribute, device))
CUDA_SHIM_ENTRY(cuDevicePrimaryCtxRetain, (CUcontext * context, CUdevice device), (context, device))
CUDA_SHIM_ENTRY(cuDevicePrimaryCtxReset, (CUdevice device), (device))
CUDA_SHIM_ENTRY(cuDevicePrimaryCtxRelease, (CUdevice device), (device))
CUDA_SHIM_ENTRY(cuCtxSetCurrent, (CUcontext context), (context))
CUDA_SHIM_ENTRY(cuCtxSynchronize, (), ())
CUDA_SHIM_ENTRY(cuModuleLoadDataEx,
                (CUmodule * module, const void* image, unsigned count, CUjit_option* options,
                 void** values),
                (module, image, count, options, values))
CUDA_SHIM_ENTRY(cuModuleGetFunction, (CUfunction * function, CUmodule module, const char* name),
                (function, module, name))
CUDA_SHIM_ENTRY(cuLaunchKernel,
                (CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                 unsigned by, unsigned bz, unsigned shared, CUstream stream, void** arguments,
                 void** extra),
                (function, gx, gy, gz, bx, by, bz, shared, stream, arguments, extra))
CUDA_SHIM_ENTRY(cuLaunchCooperativeKernel,
                (CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                 unsigned by, unsigned bz, unsigned shared, CUstream stream, void** arguments),
                (function, gx, gy, gz, bx, by, bz, shared, stream, arguments))
CUDA_SHIM_ENTRY(cuMemAlloc, (CUdeviceptr * address, size_t bytes), (address, bytes))
CUDA_SHIM_ENTRY(cuMemcpyHtoD, (CUdeviceptr to, const void* from, size_t bytes), (to, from, bytes))
CUDA_SHIM_ENTRY(cuMemcpyDtoH, (void* to, CUdeviceptr from, size_t bytes), (to, from, bytes))
CUDA_SHIM_ENTRY(cuMemsetD8, (CUdeviceptr to, unsigned char value, size_t bytes), (to, value, bytes))
CUDA_SHIM_ENTRY(cuMemcpy3D, (const CUDA_MEMCPY3D* copy), (copy))
CUDA_SHIM_ENTRY(cuArray3DCreate, (CUarray * array, const CUDA_ARRAY3D_DESCRIPTOR* description),
                (array, description))
CUDA_SHIM_ENTRY(cuMipmappedArrayCreate,
                (CUmipmappedArray * array, const CUDA_ARRAY3D_DESCRIPTOR* description,
                 unsigned levels),
                (array, description, levels))
CUDA_SHIM_ENTRY(cuMipmappedArrayGetLevel, (CUarray * array, CUmipmappedArray whole, unsigned level),
                (array, whole, level))
CUDA_SHIM_ENTRY(cuTexObjectCreate,
                (CUtexObject * object, const CUDA_RESOURCE_DESC* resource,
                 const CUDA_TEXTURE_DESC* texture, const CUDA_RESOURCE_VIEW_DESC* view),
                (object, resource, texture, view))
CUDA_SHIM_ENTRY(cuSurfObjectCreate, (CUsurfObject * object, const CUDA_RESOURCE_DESC* resource),
                (object, resource))
CUDA_SHIM_ENTRY(cuTensorMapEncodeTiled,
                (CUtensorMap * map, CUtensorMapDataType type, cuuint32_t rank, void* address,
                 const cuuint64_t* extents, const cuuint64_t* strides, const cuuint32_t* box,
                 const cuuint32_t* steps, CUtensorMapInterleave interleave,
                 CUtensorMapSwizzle swizzle, CUtensorMapL2promotion promotion,
                 CUtensorMapFloatOOBfill fill),
                (map, type, rank, address, extents, strides, box, steps, interleave, swizzle,
                 promotion, fill))
CUDA_SHIM_ENTRY(cuTensorMapEncodeIm2col,
                (CUtensorMap * map, CUtensorMapDataType type, cuuint32_t rank, void* address,
                 const cuuint64_t* extents, const cuuint64_t* strides, const int* lower,
                 const int* upper, cuuint32_t channels, cuuint32_t pixels, const cuuint32_t* steps,
                 CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                 CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill),
                (map, type, rank, address, extents, strides, lower, upper, channels, pixels, steps,
                 interleave, swizzle, promotion, fill))
CUDA_SHIM_ENTRY(cuTensorMapEncodeIm2colWide,
                (CUtensorMap * map, CUtensorMapDataType type, cuuint32_t rank, void* address,
                 const cuuint64_t* extents, const cuuint64_t* strides, int lower, int upper,
                 cuuint32_t channels, cuuint32_t pixels, const cuuint32_t* steps,
                 CUtensorMapInterleave interleave, CUtensorMapIm2ColWideMode mode,
                 CUtensorMapSwizzle swizzle, CUtensorMapL2promotion promotion,
                 CUtensorMapFloatOOBfill fill),
                (map, type, rank, address, extents, strides, lower, upper, channels, pixels, steps,
                 interleave, mode, swizzle, promotion, fill))
}
