// Copies of bytes from and to arrays. Compiled for both kinds of default stream.
//
// Offsets are bytes in the array's rows, one after the other: rows have no gaps (objects/array.h).
#include <fmt/format.h>

#include "api/driver/default_stream.h"
#include "api/objects/array.h"
#include "api/objects/copy.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::Array;
using objects::CopyMode;
using objects::CopySide;
using enum objects::CopySide;
using enum objects::CopyMode;

// One end of a copy: a place in an array, or an address.
struct End {
  CUarray array = nullptr;
  std::uint64_t place = 0;
  CopySide side = kDevice;
};

End in_array(CUarray array, std::size_t offset) {
  return {array, offset, kDevice};
}
End on_device(CUdeviceptr address) {
  return {nullptr, address, kDevice};
}
End on_host(const void* address) {
  return {nullptr, reinterpret_cast<std::uint64_t>(address), kHost};
}

Result<std::uint64_t> resolve(const End& end, bool is_array, std::size_t bytes) {
  if (!is_array) return end.place;
  Array* array = find<Array>(end.array);
  if (array == nullptr) return error(invalid_handle("array"));
  if (end.place <= array->bytes() && bytes <= array->bytes() - end.place)
    return array->storage().address + end.place;
  return error(invalid(fmt::format("Bytes {} to {} are not all in the array of {} bytes.",
                                   end.place, end.place + bytes, array->bytes())));
}

struct ArrayEnds {
  bool destination, source;
};

CUresult copy_bytes(const char* name, CUstream handle, const End& to, const End& from,
                    ArrayEnds arrays, std::size_t bytes, CopyMode mode) {
  return on_stream(name, handle, [&](Stream& stream) -> Status {
    Result<std::uint64_t> destination = resolve(to, arrays.destination, bytes);
    if (!destination) return std::move(destination.error());
    Result<std::uint64_t> source = resolve(from, arrays.source, bytes);
    if (!source) return std::move(source.error());
    return objects::copy(stream, *destination, *source, bytes, to.side, from.side, mode);
  });
}

}  // namespace

extern "C" {

CUresult cuMemcpyDtoA(CUarray dstArray, size_t dstOffset, CUdeviceptr srcDevice, size_t ByteCount) {
  return copy_bytes(__func__, nullptr, in_array(dstArray, dstOffset), on_device(srcDevice),
                    {true, false}, ByteCount, kSynchronous);
}

CUresult cuMemcpyAtoD(CUdeviceptr dstDevice, CUarray srcArray, size_t srcOffset, size_t ByteCount) {
  return copy_bytes(__func__, nullptr, on_device(dstDevice), in_array(srcArray, srcOffset),
                    {false, true}, ByteCount, kSynchronous);
}

CUresult cuMemcpyHtoA(CUarray dstArray, size_t dstOffset, const void* srcHost, size_t ByteCount) {
  return copy_bytes(__func__, nullptr, in_array(dstArray, dstOffset), on_host(srcHost),
                    {true, false}, ByteCount, kSynchronous);
}

CUresult cuMemcpyAtoH(void* dstHost, CUarray srcArray, size_t srcOffset, size_t ByteCount) {
  return copy_bytes(__func__, nullptr, on_host(dstHost), in_array(srcArray, srcOffset),
                    {false, true}, ByteCount, kSynchronous);
}

CUresult cuMemcpyAtoA(CUarray dstArray, size_t dstOffset, CUarray srcArray, size_t srcOffset,
                      size_t ByteCount) {
  return copy_bytes(__func__, nullptr, in_array(dstArray, dstOffset), in_array(srcArray, srcOffset),
                    {true, true}, ByteCount, kSynchronous);
}

CUresult cuMemcpyHtoAAsync(CUarray dstArray, size_t dstOffset, const void* srcHost,
                           size_t ByteCount, CUstream hStream) {
  return copy_bytes(__func__, hStream, in_array(dstArray, dstOffset), on_host(srcHost),
                    {true, false}, ByteCount, kAsynchronous);
}

CUresult cuMemcpyAtoHAsync(void* dstHost, CUarray srcArray, size_t srcOffset, size_t ByteCount,
                           CUstream hStream) {
  return copy_bytes(__func__, hStream, on_host(dstHost), in_array(srcArray, srcOffset),
                    {false, true}, ByteCount, kAsynchronous);
}

}  // extern "C"
