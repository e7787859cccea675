#pragma once
// Virtual memory management (cuMemAddressReserve, cuMemCreate, cuMemMap) for devices whose memory
// is the host's: reserved addresses are inaccessible pages, physical memory is an anonymous file,
// mapping puts one over the other. It belongs to the device, not to a context.

#include <cuda.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "api/objects/handle.h"
#include "cuda_shim/status.h"

namespace cuda_shim::objects {

/// What sizes, offsets and addresses must be multiples of.
constexpr std::size_t kPhysicalGranularity = std::size_t(2) << 20;

/// Memory without an address. Lives while the application or a mapping holds it.
class PhysicalMemory {
 public:
  static constexpr Kind kKind = Kind::kPhysicalMemory;
  using CHandle = CUmemGenericAllocationHandle;

  static Result<std::shared_ptr<PhysicalMemory>> make(std::size_t bytes,
                                                      const CUmemAllocationProp& properties);
  /// Memory that another process, or this one, exported. Takes a copy of the descriptor.
  static Result<std::shared_ptr<PhysicalMemory>> import(int file);
  PhysicalMemory(int file, std::size_t bytes, const CUmemAllocationProp& properties);
  ~PhysicalMemory();

  CUmemGenericAllocationHandle handle() const { return handle_.as<CUmemGenericAllocationHandle>(); }
  int file() const { return file_; }
  std::size_t bytes() const { return bytes_; }
  const CUmemAllocationProp& properties() const { return properties_; }

 private:
  int file_;
  std::size_t bytes_;
  CUmemAllocationProp properties_;
  OwnedHandle<PhysicalMemory> handle_{this};
};

class VirtualMemory {
 public:
  Result<CUdeviceptr> reserve(std::size_t bytes, std::size_t alignment, CUdeviceptr wish);
  Status release_range(CUdeviceptr base, std::size_t bytes);
  Status map(CUdeviceptr address, std::size_t bytes, std::size_t offset, PhysicalMemory& memory);
  Status unmap(CUdeviceptr address, std::size_t bytes);
  Status set_access(CUdeviceptr address, std::size_t bytes, CUmemAccess_flags flags);
  Result<CUmemAccess_flags> access(CUdeviceptr address);
  Result<CUmemGenericAllocationHandle> handle_of(CUdeviceptr address);

  /// The application holds the memory from now on, once for each call.
  void hold(std::shared_ptr<PhysicalMemory> memory);
  /// kInvalidValue if the handle is not held.
  Status let_go(CUmemGenericAllocationHandle handle);

 private:
  struct Mapping {
    std::size_t bytes;
    std::shared_ptr<PhysicalMemory> memory;
    CUmemAccess_flags access;
  };
  struct Held {
    std::shared_ptr<PhysicalMemory> memory;
    unsigned count;
  };

  bool reserved(CUdeviceptr address, std::size_t bytes) const;
  bool free_of_mappings(CUdeviceptr address, std::size_t bytes) const;
  using Mappings = std::map<CUdeviceptr, Mapping>;
  /// The mappings that make up the range, without a gap and without a part of one.
  Result<std::pair<Mappings::iterator, Mappings::iterator>> whole_mappings(CUdeviceptr address,
                                                                           std::size_t bytes);

  std::mutex mutex_;  // guards all below
  std::map<CUdeviceptr, std::size_t> ranges_;
  std::map<CUdeviceptr, Mapping> mappings_;
  std::map<CUmemGenericAllocationHandle, Held> held_;
};

/// The process's.
VirtualMemory& virtual_memory();

}  // namespace cuda_shim::objects
