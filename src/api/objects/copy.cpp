#include "api/objects/copy.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "api/objects/allocations.h"
#include "api/objects/context.h"

namespace cuda_shim::objects {
namespace {

// kVisible: device memory that the host looks at without asking (managed, or marked SYNC_MEMOPS),
// so that the synchronous calls wait. kMapped: cuMemMap's, which may lack the right to be touched.
enum class Reach { kDevice, kVisible, kMapped, kPinned, kPageable };

bool is_device(Reach reach) {
  return reach == Reach::kDevice || reach == Reach::kVisible || reach == Reach::kMapped;
}

// Bytes from the first to behind the last of a pitched range; 0 if that overflows.
std::uint64_t span_of(std::size_t width, std::size_t height, std::size_t depth, std::size_t pitch,
                      std::size_t slice) {
  std::uint64_t rows = 0, slices = 0, bytes = 0;
  if (__builtin_mul_overflow(height - 1, pitch, &rows) ||
      __builtin_mul_overflow(depth - 1, slice, &slices) ||
      __builtin_add_overflow(rows, slices, &bytes) || __builtin_add_overflow(bytes, width, &bytes))
    return 0;
  return bytes;
}

Status outside(std::uint64_t address, std::uint64_t bytes) {
  return Status(
      StatusCode::kInvalidValue,
      fmt::format("The {} bytes at 0x{:x} are not inside one allocation.", bytes, address));
}

// What kind of memory an end of a copy is.
Result<Reach> classify(std::uint64_t address, std::uint64_t bytes, CopySide side) {
  if (bytes == 0 || address == 0 || address + bytes < address)
    return error(outside(address, bytes));
  std::optional<Allocation> found = allocations().find(address);
  if (!found) {
    if (side == CopySide::kDevice) return error(outside(address, bytes));
    return Reach::kPageable;
  }
  bool mapped = found->kind == MemoryKind::kVirtual;
  if (!found->holds(address, bytes) && !(mapped && allocations().is_mapped(address, bytes)))
    return error(outside(address, bytes));
  if (mapped) return Reach::kMapped;
  if (found->is_host()) return Reach::kPinned;
  bool visible = found->kind == MemoryKind::kManaged || found->sync_memops;
  return visible ? Reach::kVisible : Reach::kDevice;
}

Status submit(Stream& stream, const cuda_shim_copy& shape) {
  return stream.submit([&](devices::Queue& queue) { return queue.copy(shape); });
}

Status submit_and_wait(Stream& stream, const cuda_shim_copy& shape) {
  Status status = submit(stream, shape);
  return status ? stream.synchronize() : std::move(status);
}

// Waking a worker costs more than copying this much.
constexpr std::size_t kInPlaceBytes = 64 << 10;

// Copies on the calling thread, if nothing that the stream must wait for is pending. As with CUDA's
// own small copies, a host pointer to nowhere then ends the process like any memcpy.
bool copied_in_place(Stream& stream, const cuda_shim_copy& shape) {
  if (shape.height != 1 || shape.depth != 1 || shape.width > kInPlaceBytes) return false;
  Result<std::uint64_t> end = stream.point();
  if (!end || !stream.queue()->reached(*end)) return false;
  std::memmove(reinterpret_cast<void*>(shape.destination),
               reinterpret_cast<const void*>(shape.source), shape.width);
  return true;
}

// Copies the rows of pageable memory aside, so that the application may change them as soon as the
// call returns.
Status submit_staged(Stream& stream, const cuda_shim_copy& shape) {
  Result<std::uint64_t> end = stream.point();
  if (end && stream.queue()->reached(*end)) return submit_and_wait(stream, shape);
  std::size_t bytes = 0;
  bool fits = !__builtin_mul_overflow(shape.width, shape.height, &bytes) &&
              !__builtin_mul_overflow(bytes, shape.depth, &bytes);
  auto* staged = fits ? static_cast<std::byte*>(std::malloc(bytes)) : nullptr;
  if (staged == nullptr) return submit_and_wait(stream, shape);
  std::byte* to = staged;
  for (std::size_t z = 0; z < shape.depth; ++z)
    for (std::size_t y = 0; y < shape.height; ++y, to += shape.width)
      std::memcpy(to,
                  reinterpret_cast<const void*>(shape.source + z * shape.source_slice +
                                                y * shape.source_pitch),
                  shape.width);
  cuda_shim_copy from_stage = shape;
  from_stage.source = reinterpret_cast<std::uint64_t>(staged);
  from_stage.source_pitch = shape.width;
  from_stage.source_slice = shape.width * shape.height;
  Status status = submit(stream, from_stage);
  if (status) status = stream.call(std::free, staged);
  if (!status) {
    [[maybe_unused]] Status drained = stream.synchronize();
    std::free(staged);
  }
  return status;
}

}  // namespace

Status copy(Stream& stream, const cuda_shim_copy& shape, CopySide destination_side,
            CopySide source_side, CopyMode mode) {
  if (shape.width == 0 || shape.height == 0 || shape.depth == 0) return {};
  Result<Reach> destination = classify(shape.destination,
                                       span_of(shape.width, shape.height, shape.depth,
                                               shape.destination_pitch, shape.destination_slice),
                                       destination_side);
  if (!destination) return std::move(destination.error());
  Result<Reach> source = classify(
      shape.source,
      span_of(shape.width, shape.height, shape.depth, shape.source_pitch, shape.source_slice),
      source_side);
  if (!source) return std::move(source.error());
  bool on_device = is_device(*destination) && is_device(*source);
  if (!on_device && !stream.context().device().has(CUDA_SHIM_CAP_SHARED_HOST_MEMORY))
    return Status(StatusCode::kNotSupported, "This device cannot reach host memory yet.");
  bool visible = *destination == Reach::kVisible || *source == Reach::kVisible;
  if (on_device && (mode == CopyMode::kAsynchronous || !visible)) return submit(stream, shape);
  if (mode == CopyMode::kSynchronous || *destination == Reach::kPageable) {
    bool open = *destination != Reach::kMapped && *source != Reach::kMapped &&
                stream.context().device().has(CUDA_SHIM_CAP_SHARED_HOST_MEMORY);
    return open && copied_in_place(stream, shape) ? Status() : submit_and_wait(stream, shape);
  }
  return *source == Reach::kPageable ? submit_staged(stream, shape) : submit(stream, shape);
}

Status copy(Stream& stream, std::uint64_t destination, std::uint64_t source, std::size_t bytes,
            CopySide destination_side, CopySide source_side, CopyMode mode) {
  cuda_shim_copy shape = {destination, source, bytes, 1, 1, bytes, bytes, bytes, bytes};
  return copy(stream, shape, destination_side, source_side, mode);
}

Status fill(Stream& stream, const cuda_shim_fill& shape, CopyMode mode) {
  if (shape.width == 0 || shape.height == 0) return {};
  if (shape.destination % shape.element_bytes ||
      (shape.height > 1 && shape.pitch % shape.element_bytes))
    return Status(
        StatusCode::kInvalidValue,
        fmt::format("Address 0x{:x} or pitch {} is no multiple of the element's {} bytes.",
                    shape.destination, shape.pitch, shape.element_bytes));
  std::uint64_t width = 0;
  if (__builtin_mul_overflow(shape.width, shape.element_bytes, &width)) width = 0;
  if (shape.height > 1 && shape.pitch < width)
    return Status(
        StatusCode::kInvalidValue,
        fmt::format("Pitch {} is smaller than the {} bytes of a row.", shape.pitch, width));
  std::uint64_t bytes = width == 0 ? 0 : span_of(width, shape.height, 1, shape.pitch, 0);
  Result<Reach> reach = classify(shape.destination, bytes, CopySide::kDevice);
  if (!reach) return std::move(reach.error());
  Status status = stream.submit([&](devices::Queue& queue) { return queue.fill(shape); });
  bool wait =
      mode == CopyMode::kSynchronous && (*reach == Reach::kPinned || *reach == Reach::kVisible);
  return status && wait ? stream.synchronize() : std::move(status);
}

}  // namespace cuda_shim::objects
