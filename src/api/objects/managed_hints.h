#pragma once
// What the application has advised about ranges of managed memory (cuMemAdvise,
// cuMemPrefetchAsync). Nothing here depends on it; programs ask for it again
// (cuMemRangeGetAttribute).

#include <cuda.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

namespace cuda_shim::objects {

struct ManagedHint {
  bool read_mostly = false;
  CUmemLocation preferred = {};       ///< type CU_MEM_LOCATION_TYPE_INVALID: none
  CUmemLocation prefetched = {};      ///< the last one
  std::vector<int> accessed_by = {};  ///< CUdevice, or CU_DEVICE_CPU
};

class ManagedHints {
 public:
  /// Calls change for every part of the range, so that it holds for the whole of it.
  void update(std::uint64_t address, std::uint64_t bytes,
              const std::function<void(ManagedHint&)>& change);
  /// Calls visit for every part of the range; at least once.
  void visit(std::uint64_t address, std::uint64_t bytes,
             const std::function<void(const ManagedHint&)>& visit);
  /// The memory has been freed.
  void forget(std::uint64_t address, std::uint64_t bytes);

 private:
  struct Part {
    std::uint64_t end;
    ManagedHint hint;
  };

  void split(std::uint64_t at);

  std::mutex mutex_;                     // guards parts_
  std::map<std::uint64_t, Part> parts_;  // by their start; without overlaps
};

/// The process's.
ManagedHints& managed_hints();

}  // namespace cuda_shim::objects
