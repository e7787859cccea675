#pragma once
// For sources that hold entry points of both kinds. Such a source is compiled twice: as it is, and
// with CUDA_API_PER_THREAD_DEFAULT_STREAM, under which cuda.h renames every entry to its per-thread
// sibling (cuLaunchKernel to cuLaunchKernel_ptsz). All that differs is what the stream handle 0
// means.

#include "api/driver/entry.h"

namespace cuda_shim::driver {
namespace {  // differs between the two compilations: of each source alone

#ifdef CUDA_API_PER_THREAD_DEFAULT_STREAM
constexpr objects::DefaultStream kDefaultStream = objects::DefaultStream::kPerThread;
#else
constexpr objects::DefaultStream kDefaultStream = objects::DefaultStream::kLegacy;
#endif

template <class Work>
CUresult on_stream(const char* name, CUstream handle, Work&& work) noexcept {
  return with_stream(name, handle, kDefaultStream, std::forward<Work>(work));
}

}  // namespace
}  // namespace cuda_shim::driver
