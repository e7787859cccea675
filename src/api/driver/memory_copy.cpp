// Copies. Compiled for both kinds of default stream.
#include <fmt/format.h>

#include "api/driver/default_stream.h"
#include "api/objects/array.h"
#include "api/objects/copy.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::CopyMode;
using objects::CopySide;
using enum objects::CopySide;
using enum objects::CopyMode;

std::uint64_t address_of(const void* pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}

struct Ends {
  CopySide destination, source;
};

CUresult copy_bytes(const char* name, CUstream handle, std::uint64_t destination,
                    std::uint64_t source, std::size_t bytes, Ends ends, CopyMode mode) {
  return on_stream(name, handle, [&](Stream& stream) {
    return objects::copy(stream, destination, source, bytes, ends.destination, ends.source, mode);
  });
}

// Whether `count` from `first` on are among `all`.
bool within(std::size_t first, std::size_t count, std::size_t all) {
  return first <= all && count <= all - first;
}

// One end of a shaped copy as the structs describe it.
struct End {
  CUmemorytype type;
  const void* host;
  CUdeviceptr device;
  CUarray array;
  std::size_t x, y, z;
  std::size_t pitch;   // bytes from row to row; 0: rows are dense
  std::size_t height;  // rows from slice to slice; 0: as copied

  Status resolve(const cuda_shim_copy& extent, std::uint64_t* address, std::size_t* row_pitch,
                 std::size_t* slice, CopySide* side) const {
    auto [width, rows] = std::pair(extent.width, extent.height);
    if (type == CU_MEMORYTYPE_ARRAY) return resolve_array(extent, address, row_pitch, slice, side);
    if (type < CU_MEMORYTYPE_HOST || type > CU_MEMORYTYPE_UNIFIED)
      return invalid(fmt::format("{} is no memory type.", static_cast<int>(type)));
    *row_pitch = pitch != 0 ? pitch : x + width;
    if (*row_pitch < x + width || x + width < x)
      return invalid(
          fmt::format("Pitch {} is smaller than the {} bytes of a row.", pitch, x + width));
    std::uint64_t base = type == CU_MEMORYTYPE_HOST ? address_of(host) : device;
    if (base == 0 && width != 0 && rows != 0) return null_argument();
    std::size_t rows_end = 0, rows_before = 0, slices_before = 0;
    if (__builtin_add_overflow(y, rows, &rows_end) ||
        __builtin_mul_overflow(*row_pitch, height != 0 ? height : rows_end, slice) ||
        __builtin_mul_overflow(*row_pitch, y, &rows_before) ||
        __builtin_mul_overflow(*slice, z, &slices_before) ||
        __builtin_add_overflow(base, x, address) ||
        __builtin_add_overflow(*address, rows_before, address) ||
        __builtin_add_overflow(*address, slices_before, address))
      return invalid("The extent of the copy is too large.");
    if (height != 0 && height < rows_end && (extent.depth > 1 || z != 0))
      return invalid(
          fmt::format("Slices of {} rows do not hold rows {} to {}.", height, y, rows_end));
    *side = type == CU_MEMORYTYPE_HOST ? kHost : type == CU_MEMORYTYPE_DEVICE ? kDevice : kAny;
    return {};
  }

  Status resolve_array(const cuda_shim_copy& extent, std::uint64_t* address, std::size_t* row_pitch,
                       std::size_t* slice, CopySide* side) const {
    objects::Array* found = find<objects::Array>(array);
    if (found == nullptr) return invalid_handle("array");
    const cuda_shim_texture_level& storage = found->storage();
    if (!within(x, extent.width, storage.pitch) || !within(y, extent.height, storage.height) ||
        !within(z, extent.depth, storage.depth))
      return invalid(fmt::format(
          "The region of {} bytes x {} x {} at ({}, {}, {}) is not inside the array of {} x {} x "
          "{}.",
          extent.width, extent.height, extent.depth, x, y, z, storage.pitch, storage.height,
          storage.depth));
    *address = storage.address + z * storage.slice + y * storage.pitch + x;
    *row_pitch = storage.pitch;
    *slice = storage.slice;
    *side = kDevice;
    return {};
  }
};

struct ShapedCopy {
  End destination, source;
  std::size_t width, height, depth;
};

CUresult copy_shaped(const char* name, CUstream handle, const ShapedCopy& wanted, CopyMode mode) {
  return on_stream(name, handle, [&](Stream& stream) -> Status {
    cuda_shim_copy shape = {};
    shape.width = wanted.width;
    shape.height = wanted.height;
    shape.depth = wanted.depth;
    Ends ends = {kAny, kAny};
    Status status = wanted.destination.resolve(shape, &shape.destination, &shape.destination_pitch,
                                               &shape.destination_slice, &ends.destination);
    if (!status) return status;
    status = wanted.source.resolve(shape, &shape.source, &shape.source_pitch, &shape.source_slice,
                                   &ends.source);
    if (!status) return status;
    return objects::copy(stream, shape, ends.destination, ends.source, mode);
  });
}

ShapedCopy shaped(const CUDA_MEMCPY2D& c) {
  return {{c.dstMemoryType, c.dstHost, c.dstDevice, c.dstArray, c.dstXInBytes, c.dstY, 0,
           c.dstPitch, 0},
          {c.srcMemoryType, c.srcHost, c.srcDevice, c.srcArray, c.srcXInBytes, c.srcY, 0,
           c.srcPitch, 0},
          c.WidthInBytes,
          c.Height,
          1};
}

template <class Copy3D>
ShapedCopy shaped(const Copy3D& c) {
  return {{c.dstMemoryType, c.dstHost, c.dstDevice, c.dstArray, c.dstXInBytes, c.dstY, c.dstZ,
           c.dstPitch, c.dstHeight},
          {c.srcMemoryType, c.srcHost, c.srcDevice, c.srcArray, c.srcXInBytes, c.srcY, c.srcZ,
           c.srcPitch, c.srcHeight},
          c.WidthInBytes,
          c.Height,
          c.Depth};
}

template <class Description>
CUresult copy_described(const char* name, CUstream handle, const Description* description,
                        CopyMode mode) {
  if (description == nullptr) return failed(name, null_argument());
  return copy_shaped(name, handle, shaped(*description), mode);
}

// Addresses are unique in the process, so that a copy between contexts is a copy; the contexts are
// only checked.
CUresult copy_peer(const char* name, CUstream handle, CUdeviceptr destination, CUcontext to,
                   CUdeviceptr source, CUcontext from, std::size_t bytes, CopyMode mode) {
  return on_stream(name, handle, [&](Stream& stream) -> Status {
    if (find<Context>(to) == nullptr || find<Context>(from) == nullptr)
      return Status(StatusCode::kInvalidContext, "One of the contexts is not live.");
    return objects::copy(stream, destination, source, bytes, kDevice, kDevice, mode);
  });
}

}  // namespace

extern "C" {

CUresult cuMemcpy(CUdeviceptr dst, CUdeviceptr src, size_t ByteCount) {
  return copy_bytes(__func__, nullptr, dst, src, ByteCount, {kAny, kAny}, kSynchronous);
}

CUresult cuMemcpyAsync(CUdeviceptr dst, CUdeviceptr src, size_t ByteCount, CUstream hStream) {
  return copy_bytes(__func__, hStream, dst, src, ByteCount, {kAny, kAny}, kAsynchronous);
}

CUresult cuMemcpyHtoD(CUdeviceptr dstDevice, const void* srcHost, size_t ByteCount) {
  return copy_bytes(__func__, nullptr, dstDevice, address_of(srcHost), ByteCount, {kDevice, kHost},
                    kSynchronous);
}

CUresult cuMemcpyDtoH(void* dstHost, CUdeviceptr srcDevice, size_t ByteCount) {
  return copy_bytes(__func__, nullptr, address_of(dstHost), srcDevice, ByteCount, {kHost, kDevice},
                    kSynchronous);
}

CUresult cuMemcpyDtoD(CUdeviceptr dstDevice, CUdeviceptr srcDevice, size_t ByteCount) {
  return copy_bytes(__func__, nullptr, dstDevice, srcDevice, ByteCount, {kDevice, kDevice},
                    kSynchronous);
}

CUresult cuMemcpyHtoDAsync(CUdeviceptr dstDevice, const void* srcHost, size_t ByteCount,
                           CUstream hStream) {
  return copy_bytes(__func__, hStream, dstDevice, address_of(srcHost), ByteCount, {kDevice, kHost},
                    kAsynchronous);
}

CUresult cuMemcpyDtoHAsync(void* dstHost, CUdeviceptr srcDevice, size_t ByteCount,
                           CUstream hStream) {
  return copy_bytes(__func__, hStream, address_of(dstHost), srcDevice, ByteCount, {kHost, kDevice},
                    kAsynchronous);
}

CUresult cuMemcpyDtoDAsync(CUdeviceptr dstDevice, CUdeviceptr srcDevice, size_t ByteCount,
                           CUstream hStream) {
  return copy_bytes(__func__, hStream, dstDevice, srcDevice, ByteCount, {kDevice, kDevice},
                    kAsynchronous);
}

CUresult cuMemcpyPeer(CUdeviceptr dstDevice, CUcontext dstContext, CUdeviceptr srcDevice,
                      CUcontext srcContext, size_t ByteCount) {
  return copy_peer(__func__, nullptr, dstDevice, dstContext, srcDevice, srcContext, ByteCount,
                   kSynchronous);
}

CUresult cuMemcpyPeerAsync(CUdeviceptr dstDevice, CUcontext dstContext, CUdeviceptr srcDevice,
                           CUcontext srcContext, size_t ByteCount, CUstream hStream) {
  return copy_peer(__func__, hStream, dstDevice, dstContext, srcDevice, srcContext, ByteCount,
                   kAsynchronous);
}

CUresult cuMemcpy2D(const CUDA_MEMCPY2D* pCopy) {
  return copy_described(__func__, nullptr, pCopy, kSynchronous);
}

CUresult cuMemcpy2DUnaligned(const CUDA_MEMCPY2D* pCopy) {
  return copy_described(__func__, nullptr, pCopy, kSynchronous);
}

CUresult cuMemcpy2DAsync(const CUDA_MEMCPY2D* pCopy, CUstream hStream) {
  return copy_described(__func__, hStream, pCopy, kAsynchronous);
}

CUresult cuMemcpy3D(const CUDA_MEMCPY3D* pCopy) {
  return copy_described(__func__, nullptr, pCopy, kSynchronous);
}

CUresult cuMemcpy3DAsync(const CUDA_MEMCPY3D* pCopy, CUstream hStream) {
  return copy_described(__func__, hStream, pCopy, kAsynchronous);
}

CUresult cuMemcpy3DPeer(const CUDA_MEMCPY3D_PEER* pCopy) {
  return copy_described(__func__, nullptr, pCopy, kSynchronous);
}

CUresult cuMemcpy3DPeerAsync(const CUDA_MEMCPY3D_PEER* pCopy, CUstream hStream) {
  return copy_described(__func__, hStream, pCopy, kAsynchronous);
}

}  // extern "C"
