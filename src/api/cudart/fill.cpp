// cudaMemset in one, two and three dimensions.
//
// The calls without Async are synchronous where the memory is visible to the host (manual, section
// "API synchronization behavior"); the driver's own synchronous calls know that. They run on the
// legacy stream only, so on the thread's own default stream we wait.

#include <cuda_runtime_api.h>

#include "api/cudart/entry.h"

using namespace cuda_shim::cudart;

namespace {

unsigned char byte_of(int value) {
  return static_cast<unsigned char>(value);
}

/// Where a fill runs, and whether the caller waits for it.
struct Order {
  cudaStream_t stream;
  bool asynchronous;
};

/// Runs the driver's call of the kind that the order asks for; the two differ in the stream at the
/// end.
template <class Synchronous, class Asynchronous, class... Arguments>
cudaError_t in_order(Order order, Synchronous* synchronous, Asynchronous* asynchronous,
                     Arguments... arguments) {
  if (!order.asynchronous && order.stream == CU_STREAM_LEGACY)
    return in_context(synchronous, arguments...);
  CUDART_TRY(in_context(asynchronous, arguments..., order.stream));
  return order.asynchronous ? cudaSuccess : in_context(cuStreamSynchronize, order.stream);
}

cudaError_t fill(void* pointer, int value, size_t count, Order order) {
  if (count == 0) return ensure_context();
  return in_order(order, cuMemsetD8, cuMemsetD8Async, to_device_pointer(pointer), byte_of(value),
                  count);
}

cudaError_t fill_plane(void* pointer, size_t pitch, int value, size_t width, size_t height,
                       Order order) {
  if (width == 0 || height == 0) return ensure_context();
  if (height > 1 && pitch < width) return cudaErrorInvalidPitchValue;
  return in_order(order, cuMemsetD2D8, cuMemsetD2D8Async, to_device_pointer(pointer), pitch,
                  byte_of(value), width, height);
}

/// Slice after slice; one plane where the slices lie without a gap between their rows.
cudaError_t fill_box(const cudaPitchedPtr& box, int value, const cudaExtent& extent, Order order) {
  size_t rows, slice_bytes, bytes;
  if (__builtin_mul_overflow(extent.height, extent.depth, &rows) ||
      __builtin_mul_overflow(box.pitch, box.ysize, &slice_bytes) ||
      __builtin_mul_overflow(slice_bytes, extent.depth, &bytes))
    return cudaErrorInvalidValue;
  if (extent.height == box.ysize)
    return fill_plane(box.ptr, box.pitch, value, extent.width, rows, order);
  for (size_t z = 0; z < extent.depth; ++z) {
    void* slice = static_cast<char*>(box.ptr) + z * slice_bytes;
    CUDART_TRY(fill_plane(slice, box.pitch, value, extent.width, extent.height, order));
  }
  return cudaSuccess;
}

}  // namespace

CUDART_DEFAULT_STREAM_ENTRY(cudaMemset, (void* pointer, int value, size_t count),
                            (pointer, value, count)) {
  return fill(pointer, value, count, Order{stream, false});
}
CUDART_STREAM_ENTRY(cudaMemsetAsync, (void* pointer, int value, size_t count, cudaStream_t stream),
                    (pointer, value, count, stream)) {
  return fill(pointer, value, count, Order{stream, true});
}

CUDART_DEFAULT_STREAM_ENTRY(cudaMemset2D,
                            (void* pointer, size_t pitch, int value, size_t width, size_t height),
                            (pointer, pitch, value, width, height)) {
  return fill_plane(pointer, pitch, value, width, height, Order{stream, false});
}
CUDART_STREAM_ENTRY(cudaMemset2DAsync,
                    (void* pointer, size_t pitch, int value, size_t width, size_t height,
                     cudaStream_t stream),
                    (pointer, pitch, value, width, height, stream)) {
  return fill_plane(pointer, pitch, value, width, height, Order{stream, true});
}

CUDART_DEFAULT_STREAM_ENTRY(cudaMemset3D, (cudaPitchedPtr box, int value, cudaExtent extent),
                            (box, value, extent)) {
  return fill_box(box, value, extent, Order{stream, false});
}
CUDART_STREAM_ENTRY(cudaMemset3DAsync,
                    (cudaPitchedPtr box, int value, cudaExtent extent, cudaStream_t stream),
                    (box, value, extent, stream)) {
  return fill_box(box, value, extent, Order{stream, true});
}
