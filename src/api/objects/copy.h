#pragma once
// Copies and fills: which memory a pointer is of decides when the call returns (CUDA driver API
// manual, "API synchronization behavior").
//
//   from or to pageable memory   nothing of it is touched after the call returned: to the device it
//   is staged if the stream is busy,
//                                from the device the call waits
//   pinned, managed, device      asynchronous if asked for; between device memory always, unless
//                                the host sees it: managed, or marked SYNC_MEMOPS
//
// Device memory is reached by the host directly (CUDA_SHIM_CAP_SHARED_HOST_MEMORY); others are
// refused here until they have a staging path.

#include <cstddef>
#include <cstdint>

#include "api/objects/stream.h"
#include "cuda_shim/device.h"
#include "cuda_shim/status.h"

namespace cuda_shim::objects {

/// What the application says of one end of a copy.
enum class CopySide { kDevice, kHost, kAny };

/// Host-visible timing of the call.
enum class CopyMode { kSynchronous, kAsynchronous };

/// One copy of the shape. Zero extents do nothing. kInvalidValue for a device range that was not
/// allocated.
Status copy(Stream& stream, const cuda_shim_copy& shape, CopySide destination, CopySide source,
            CopyMode mode);
/// One copy of contiguous bytes.
Status copy(Stream& stream, std::uint64_t destination, std::uint64_t source, std::size_t bytes,
            CopySide destination_side, CopySide source_side, CopyMode mode);
/// Fills device memory. The synchronous form waits only where the host sees the memory (pinned,
/// managed), as CUDA's does.
Status fill(Stream& stream, const cuda_shim_fill& shape, CopyMode mode);

}  // namespace cuda_shim::objects
