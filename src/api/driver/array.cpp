// Arrays and mipmapped arrays (driver API manual, section "Memory Management").
#include "api/objects/array.h"

#include <fmt/format.h>

#include "api/driver/entry.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::Array;
using objects::MipmappedArray;

CUDA_ARRAY3D_DESCRIPTOR with_depth(const CUDA_ARRAY_DESCRIPTOR& d) {
  CUDA_ARRAY3D_DESCRIPTOR wide = {};
  wide.Width = d.Width;
  wide.Height = d.Height;
  wide.Format = d.Format;
  wide.NumChannels = d.NumChannels;
  return wide;
}

Status create(Context& context, const CUDA_ARRAY3D_DESCRIPTOR& description, CUarray* handle) {
  Result<std::unique_ptr<Array>> made = Array::make(context, description);
  if (!made) return std::move(made.error());
  *handle = context.arrays().add(*std::move(made))->handle();
  return {};
}

// Levels belong to their mipmapped array. What is in flight may use the array: waits for it.
Status destroy(CUarray handle) {
  Array* array = find<Array>(handle);
  if (array == nullptr) return invalid_handle("array");
  if (array->is_level()) return invalid("A level of a mipmapped array cannot be destroyed.");
  [[maybe_unused]] Status drained = array->context().synchronize();
  if (objects::take<Array>(handle) == nullptr) return invalid_handle("array");
  array->context().arrays().take(array);
  return {};
}

Status destroy(CUmipmappedArray handle) {
  MipmappedArray* array = find<MipmappedArray>(handle);
  if (array == nullptr) return invalid_handle("mipmapped array");
  [[maybe_unused]] Status drained = array->context().synchronize();
  if (objects::take<MipmappedArray>(handle) == nullptr) return invalid_handle("mipmapped array");
  array->context().mipmapped_arrays().take(array);
  return {};
}

// Runs work(Array&) on a live array, once the output is known not to be null.
template <class Work>
CUresult with_array(const char* name, const void* out, CUarray handle, Work&& work) {
  return in_context(name, [&](Context&) -> Status {
    if (out == nullptr) return null_argument();
    Array* array = find<Array>(handle);
    return array == nullptr ? invalid_handle("array") : work(*array);
  });
}

}  // namespace

extern "C" {

CUresult cuArrayCreate(CUarray* pHandle, const CUDA_ARRAY_DESCRIPTOR* pAllocateArray) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (pHandle == nullptr || pAllocateArray == nullptr) return null_argument();
    return create(context, with_depth(*pAllocateArray), pHandle);
  });
}

CUresult cuArray3DCreate(CUarray* pHandle, const CUDA_ARRAY3D_DESCRIPTOR* pAllocateArray) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (pHandle == nullptr || pAllocateArray == nullptr) return null_argument();
    return create(context, *pAllocateArray, pHandle);
  });
}

CUresult cuArrayDestroy(CUarray hArray) {
  return outside_streams(__func__, [&] { return destroy(hArray); });
}

CUresult cuArrayGetDescriptor(CUDA_ARRAY_DESCRIPTOR* pArrayDescriptor, CUarray hArray) {
  return with_array(__func__, pArrayDescriptor, hArray, [&](Array& array) -> Status {
    const CUDA_ARRAY3D_DESCRIPTOR& d = array.description();
    *pArrayDescriptor = {d.Width, d.Height, d.Format, d.NumChannels};
    return {};
  });
}

CUresult cuArray3DGetDescriptor(CUDA_ARRAY3D_DESCRIPTOR* pArrayDescriptor, CUarray hArray) {
  return with_array(__func__, pArrayDescriptor, hArray, [&](Array& array) -> Status {
    *pArrayDescriptor = array.description();
    return {};
  });
}

CUresult cuMipmappedArrayCreate(CUmipmappedArray* pHandle,
                                const CUDA_ARRAY3D_DESCRIPTOR* pMipmappedArrayDesc,
                                unsigned int numMipmapLevels) {
  return in_context(__func__, [&](Context& context) -> Status {
    if (pHandle == nullptr || pMipmappedArrayDesc == nullptr) return null_argument();
    Result<std::unique_ptr<MipmappedArray>> made =
        MipmappedArray::make(context, *pMipmappedArrayDesc, numMipmapLevels);
    if (!made) return std::move(made.error());
    *pHandle = context.mipmapped_arrays().add(*std::move(made))->handle();
    return {};
  });
}

CUresult cuMipmappedArrayGetLevel(CUarray* pLevelArray, CUmipmappedArray hMipmappedArray,
                                  unsigned int level) {
  return in_context(__func__, [&](Context&) -> Status {
    if (pLevelArray == nullptr) return null_argument();
    MipmappedArray* array = find<MipmappedArray>(hMipmappedArray);
    if (array == nullptr) return invalid_handle("mipmapped array");
    if (level >= array->level_count())
      return invalid(
          fmt::format("Level {} is not one of the {} levels.", level, array->level_count()));
    *pLevelArray = array->level(level).handle();
    return {};
  });
}

CUresult cuMipmappedArrayDestroy(CUmipmappedArray hMipmappedArray) {
  return outside_streams(__func__, [&] { return destroy(hMipmappedArray); });
}

}  // extern "C"
