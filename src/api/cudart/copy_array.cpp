// Copies of rows and of bytes from and to arrays (for cudaMemcpy3D see copy_shaped.cpp).
//
// The forms without a second dimension are deprecated: they copy bytes that may run over the end
// of a row into the next. They are cut into a first part of a row, whole rows, and a last part.

#include <cuda_runtime_api.h>

#include <algorithm>

#include "api/cudart/channel_format.h"
#include "api/cudart/copy.h"
#include "api/cudart/entry.h"

using namespace cuda_shim::cudart;

namespace {

/// One end: a place in an array, or pitched memory.
struct End {
  cudaArray_const_t array = nullptr;
  const void* pointer = nullptr;
  size_t pitch = 0;
  size_t x = 0, y = 0;
};

void fill_source(CUDA_MEMCPY2D* copy, const End& end, bool is_array, CUmemorytype type) {
  copy->srcMemoryType = is_array ? CU_MEMORYTYPE_ARRAY : type;
  copy->srcArray = to_driver(end.array);
  copy->srcHost = end.pointer;
  copy->srcDevice = to_device_pointer(end.pointer);
  copy->srcPitch = end.pitch;
  copy->srcXInBytes = end.x;
  copy->srcY = end.y;
}

void fill_destination(CUDA_MEMCPY2D* copy, const End& end, bool is_array, CUmemorytype type) {
  copy->dstMemoryType = is_array ? CU_MEMORYTYPE_ARRAY : type;
  copy->dstArray = to_driver(end.array);
  copy->dstHost = const_cast<void*>(end.pointer);
  copy->dstDevice = to_device_pointer(end.pointer);
  copy->dstPitch = end.pitch;
  copy->dstXInBytes = end.x;
  copy->dstY = end.y;
}

/// Which ends are arrays.
enum class Arrays { kDestination, kSource, kBoth };

cudaError_t copy_rows(const End& to, const End& from, Arrays arrays, size_t width, size_t height,
                      cudaMemcpyKind kind, cudaStream_t stream) {
  CopySides sides;
  if (!copy_sides(kind, &sides)) return cudaErrorInvalidMemcpyDirection;
  CUDA_MEMCPY2D copy = {};
  fill_destination(&copy, to, arrays != Arrays::kSource, sides.destination);
  fill_source(&copy, from, arrays != Arrays::kDestination, sides.source);
  if (arrays == Arrays::kDestination && height > 1 && from.pitch < width)
    return cudaErrorInvalidPitchValue;
  if (arrays == Arrays::kSource && height > 1 && to.pitch < width)
    return cudaErrorInvalidPitchValue;
  copy.WidthInBytes = width;
  copy.Height = height;
  return in_context(cuMemcpy2DAsync, &copy, stream);
}

/// Bytes of an array's row, and how many rows it has.
struct RowShape {
  size_t bytes = 0, rows = 0;
};

cudaError_t row_shape_of(cudaArray_const_t array, RowShape* shape) {
  CUDA_ARRAY3D_DESCRIPTOR description;
  CUDART_TRY(in_context(cuArray3DGetDescriptor, &description, to_driver(array)));
  shape->bytes = description.Width * texel_bytes(description.Format, description.NumChannels);
  shape->rows = std::max<size_t>(description.Height, 1);
  return shape->bytes == 0 ? cudaErrorInvalidValue : cudaSuccess;
}

const void* advance(const void* pointer, size_t bytes) {
  return static_cast<const char*>(pointer) + bytes;
}

/// Bytes between memory and an array's rows, one row after the other. `array` is the array's end.
cudaError_t copy_run(End array, const void* pointer, bool to_array, size_t count,
                     cudaMemcpyKind kind, cudaStream_t stream) {
  RowShape shape;
  CUDART_TRY(row_shape_of(array.array, &shape));
  const size_t row = shape.bytes;
  if (array.x >= row || array.y >= shape.rows) return cudaErrorInvalidValue;
  // Nothing is copied of what does not fit as a whole.
  if (count > (shape.rows - array.y) * row - array.x) return cudaErrorInvalidValue;
  while (count != 0) {
    const bool whole = array.x == 0 && count >= row;
    const size_t width = whole ? row : std::min(count, row - array.x);
    const size_t height = whole ? count / row : 1;
    const End memory = {nullptr, pointer, width, 0, 0};
    CUDART_TRY(copy_rows(to_array ? array : memory, to_array ? memory : array,
                         to_array ? Arrays::kDestination : Arrays::kSource, width, height, kind,
                         stream));
    pointer = advance(pointer, width * height);
    count -= width * height;
    array.x = 0;
    array.y += height;
  }
  return cudaSuccess;
}

cudaError_t finish(cudaError_t enqueued, cudaStream_t stream) {
  CUDART_TRY(enqueued);
  return in_context(cuStreamSynchronize, stream);
}

/// Bytes between arrays; only whole rows and parts of one row, which is all that can be told apart
/// from a mistake.
cudaError_t copy_run_between(const End& to, const End& from, size_t count, cudaMemcpyKind kind,
                             cudaStream_t stream) {
  RowShape to_shape, from_shape;
  CUDART_TRY(row_shape_of(to.array, &to_shape));
  CUDART_TRY(row_shape_of(from.array, &from_shape));
  const size_t row = to_shape.bytes;
  const bool whole = to.x == 0 && from.x == 0 && row == from_shape.bytes && count % row == 0;
  return copy_rows(to, from, Arrays::kBoth, whole ? row : count, whole ? count / row : 1, kind,
                   stream);
}

}  // namespace

CUDART_DEFAULT_STREAM_ENTRY(cudaMemcpy2DToArray,
                            (cudaArray_t to, size_t x, size_t y, const void* from, size_t pitch,
                             size_t width, size_t height, cudaMemcpyKind kind),
                            (to, x, y, from, pitch, width, height, kind)) {
  return finish(copy_rows({to, nullptr, 0, x, y}, {nullptr, from, pitch}, Arrays::kDestination,
                          width, height, kind, stream),
                stream);
}

CUDART_STREAM_ENTRY(cudaMemcpy2DToArrayAsync,
                    (cudaArray_t to, size_t x, size_t y, const void* from, size_t pitch,
                     size_t width, size_t height, cudaMemcpyKind kind, cudaStream_t stream),
                    (to, x, y, from, pitch, width, height, kind, stream)) {
  return copy_rows({to, nullptr, 0, x, y}, {nullptr, from, pitch}, Arrays::kDestination, width,
                   height, kind, stream);
}

CUDART_DEFAULT_STREAM_ENTRY(cudaMemcpy2DFromArray,
                            (void* to, size_t pitch, cudaArray_const_t from, size_t x, size_t y,
                             size_t width, size_t height, cudaMemcpyKind kind),
                            (to, pitch, from, x, y, width, height, kind)) {
  return finish(copy_rows({nullptr, to, pitch}, {from, nullptr, 0, x, y}, Arrays::kSource, width,
                          height, kind, stream),
                stream);
}

CUDART_STREAM_ENTRY(cudaMemcpy2DFromArrayAsync,
                    (void* to, size_t pitch, cudaArray_const_t from, size_t x, size_t y,
                     size_t width, size_t height, cudaMemcpyKind kind, cudaStream_t stream),
                    (to, pitch, from, x, y, width, height, kind, stream)) {
  return copy_rows({nullptr, to, pitch}, {from, nullptr, 0, x, y}, Arrays::kSource, width, height,
                   kind, stream);
}

CUDART_DEFAULT_STREAM_ENTRY(cudaMemcpy2DArrayToArray,
                            (cudaArray_t to, size_t to_x, size_t to_y, cudaArray_const_t from,
                             size_t from_x, size_t from_y, size_t width, size_t height,
                             cudaMemcpyKind kind),
                            (to, to_x, to_y, from, from_x, from_y, width, height, kind)) {
  return finish(copy_rows({to, nullptr, 0, to_x, to_y}, {from, nullptr, 0, from_x, from_y},
                          Arrays::kBoth, width, height, kind, stream),
                stream);
}

CUDART_DEFAULT_STREAM_ENTRY(cudaMemcpyToArray,
                            (cudaArray_t to, size_t x, size_t y, const void* from, size_t count,
                             cudaMemcpyKind kind),
                            (to, x, y, from, count, kind)) {
  return finish(copy_run({to, nullptr, 0, x, y}, from, true, count, kind, stream), stream);
}

CUDART_STREAM_ENTRY(cudaMemcpyToArrayAsync,
                    (cudaArray_t to, size_t x, size_t y, const void* from, size_t count,
                     cudaMemcpyKind kind, cudaStream_t stream),
                    (to, x, y, from, count, kind, stream)) {
  return copy_run({to, nullptr, 0, x, y}, from, true, count, kind, stream);
}

CUDART_DEFAULT_STREAM_ENTRY(cudaMemcpyFromArray,
                            (void* to, cudaArray_const_t from, size_t x, size_t y, size_t count,
                             cudaMemcpyKind kind),
                            (to, from, x, y, count, kind)) {
  return finish(copy_run({from, nullptr, 0, x, y}, to, false, count, kind, stream), stream);
}

CUDART_STREAM_ENTRY(cudaMemcpyFromArrayAsync,
                    (void* to, cudaArray_const_t from, size_t x, size_t y, size_t count,
                     cudaMemcpyKind kind, cudaStream_t stream),
                    (to, from, x, y, count, kind, stream)) {
  return copy_run({from, nullptr, 0, x, y}, to, false, count, kind, stream);
}

CUDART_DEFAULT_STREAM_ENTRY(cudaMemcpyArrayToArray,
                            (cudaArray_t to, size_t to_x, size_t to_y, cudaArray_const_t from,
                             size_t from_x, size_t from_y, size_t count, cudaMemcpyKind kind),
                            (to, to_x, to_y, from, from_x, from_y, count, kind)) {
  return finish(copy_run_between({to, nullptr, 0, to_x, to_y}, {from, nullptr, 0, from_x, from_y},
                                 count, kind, stream),
                stream);
}
