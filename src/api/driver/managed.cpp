// Advice on managed memory, and asking for it again.
#include "api/driver/managed.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/driver/entry.h"
#include "api/objects/allocations.h"
#include "api/objects/managed_hints.h"

namespace {

using namespace cuda_shim;
using namespace cuda_shim::driver;
using objects::Allocation;
using objects::managed_hints;
using objects::ManagedHint;
using objects::MemoryKind;

int device_of(const CUmemLocation& location) {
  if (location.type == CU_MEM_LOCATION_TYPE_INVALID) return CU_DEVICE_INVALID;
  return location.type == CU_MEM_LOCATION_TYPE_DEVICE ? location.id : CU_DEVICE_CPU;
}

void apply(CUmem_advise advice, const CUmemLocation& location, ManagedHint& hint) {
  bool read_mostly = advice == CU_MEM_ADVISE_SET_READ_MOSTLY;
  if (read_mostly || advice == CU_MEM_ADVISE_UNSET_READ_MOSTLY) hint.read_mostly = read_mostly;
  if (advice == CU_MEM_ADVISE_SET_PREFERRED_LOCATION) hint.preferred = location;
  if (advice == CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION) hint.preferred = {};
  bool accessed = advice == CU_MEM_ADVISE_SET_ACCESSED_BY;
  if (!accessed && advice != CU_MEM_ADVISE_UNSET_ACCESSED_BY) return;
  std::erase(hint.accessed_by, device_of(location));
  if (accessed) hint.accessed_by.push_back(device_of(location));
}

struct Range {
  CUdeviceptr address;
  std::size_t bytes;
};

bool read_mostly(const Range& range) {
  bool all = true;
  managed_hints().visit(range.address, range.bytes,
                        [&](const ManagedHint& hint) { all = all && hint.read_mostly; });
  return all;
}

// The location that all parts of the range have in common, or one of type invalid.
CUmemLocation common_location(const Range& range, CUmemLocation ManagedHint::* member) {
  CUmemLocation common = {};
  bool first = true, same = true;
  managed_hints().visit(range.address, range.bytes, [&](const ManagedHint& hint) {
    const CUmemLocation& here = hint.*member;
    same = same && (first || (here.type == common.type && here.id == common.id));
    common = here;
    first = false;
  });
  return same ? common : CUmemLocation{};
}

std::vector<int> accessed_by(const Range& range) {
  std::vector<int> common;
  bool first = true;
  managed_hints().visit(range.address, range.bytes, [&](const ManagedHint& hint) {
    if (std::exchange(first, false)) common = hint.accessed_by;
    std::erase_if(common, [&](int device) {
      return std::ranges::find(hint.accessed_by, device) == hint.accessed_by.end();
    });
  });
  return common;
}

int read_number(const Range& range, CUmem_range_attribute attribute) {
  bool preferred = attribute == CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION ||
                   attribute == CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_TYPE ||
                   attribute == CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_ID;
  if (attribute == CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY) return read_mostly(range);
  CUmemLocation location =
      common_location(range, preferred ? &ManagedHint::preferred : &ManagedHint::prefetched);
  if (attribute == CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_TYPE ||
      attribute == CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION_TYPE)
    return location.type;
  if (attribute == CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_ID ||
      attribute == CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION_ID)
    return location.id;
  return device_of(location);
}

Status get(void* data, std::size_t bytes, CUmem_range_attribute attribute, const Range& range) {
  if (data == nullptr) return null_argument();
  bool list = attribute == CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY;
  bool fits = list ? bytes != 0 && bytes % sizeof(int) == 0 : bytes == sizeof(int);
  if (!fits)
    return invalid(fmt::format("{} bytes are no room for range attribute {}.", bytes,
                               static_cast<int>(attribute)));
  if (attribute < CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY ||
      attribute > CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION_ID)
    return invalid(fmt::format("Range attribute {} is unknown.", static_cast<int>(attribute)));
  int* out = static_cast<int*>(data);
  if (!list) {
    *out = read_number(range, attribute);
    return {};
  }
  std::vector<int> devices = accessed_by(range);
  devices.resize(bytes / sizeof(int), CU_DEVICE_INVALID);
  std::ranges::copy(devices, out);
  return {};
}

// Advice on pageable memory is accepted and not remembered.
bool is_managed(CUdeviceptr address) {
  return objects::allocations().find(address).has_value();
}

Status check_hinted_range(const Range& range) {
  if (Status status = check_managed_range(range.address, range.bytes); !status) return status;
  return is_managed(range.address)
             ? Status()
             : invalid(fmt::format("0x{:x} is not managed memory.", range.address));
}

}  // namespace

namespace cuda_shim::driver {

Status check_location(const CUmemLocation& location) {
  bool host = location.type == CU_MEM_LOCATION_TYPE_HOST ||
              location.type == CU_MEM_LOCATION_TYPE_HOST_NUMA ||
              location.type == CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT;
  if (host || (location.type == CU_MEM_LOCATION_TYPE_DEVICE && objects::find_device(location.id)))
    return {};
  return Status(StatusCode::kInvalidDevice,
                fmt::format("There is no memory location of type {} and number {}.",
                            static_cast<int>(location.type), location.id));
}

Status check_managed_range(CUdeviceptr address, std::size_t bytes) {
  if (address == 0 || bytes == 0) return invalid("The range is empty.");
  std::optional<Allocation> found = objects::allocations().find(address);
  bool wraps = address + bytes < address;
  if (!wraps && (!found || (found->kind == MemoryKind::kManaged && found->holds(address, bytes))))
    return {};
  return invalid(fmt::format("The {} bytes at 0x{:x} are not managed memory.", bytes, address));
}

void note_prefetch(CUdeviceptr address, std::size_t bytes, const CUmemLocation& location) {
  if (is_managed(address))
    managed_hints().update(address, bytes, [&](ManagedHint& hint) { hint.prefetched = location; });
}

}  // namespace cuda_shim::driver

extern "C" {

CUresult cuMemAdvise(CUdeviceptr devPtr, size_t count, CUmem_advise advice,
                     CUmemLocation location) {
  return in_context(__func__, [&](Context&) -> Status {
    if (advice < CU_MEM_ADVISE_SET_READ_MOSTLY || advice > CU_MEM_ADVISE_UNSET_ACCESSED_BY)
      return invalid(fmt::format("{} is no memory advice.", static_cast<int>(advice)));
    bool placed = advice != CU_MEM_ADVISE_SET_READ_MOSTLY &&
                  advice != CU_MEM_ADVISE_UNSET_READ_MOSTLY &&
                  advice != CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION;
    if (placed)
      if (Status status = check_location(location); !status) return status;
    if (Status status = check_managed_range(devPtr, count); !status) return status;
    if (is_managed(devPtr))
      managed_hints().update(devPtr, count,
                             [&](ManagedHint& hint) { apply(advice, location, hint); });
    return {};
  });
}

CUresult cuMemRangeGetAttribute(void* data, size_t dataSize, CUmem_range_attribute attribute,
                                CUdeviceptr devPtr, size_t count) {
  return in_context(__func__, [&](Context&) -> Status {
    if (Status status = check_hinted_range({devPtr, count}); !status) return status;
    return get(data, dataSize, attribute, {devPtr, count});
  });
}

CUresult cuMemRangeGetAttributes(void** data, size_t* dataSizes, CUmem_range_attribute* attributes,
                                 size_t numAttributes, CUdeviceptr devPtr, size_t count) {
  return in_context(__func__, [&](Context&) -> Status {
    if (data == nullptr || dataSizes == nullptr || attributes == nullptr || numAttributes == 0)
      return null_argument();
    if (Status status = check_hinted_range({devPtr, count}); !status) return status;
    for (size_t i = 0; i < numAttributes; ++i)
      if (Status status = get(data[i], dataSizes[i], attributes[i], {devPtr, count}); !status)
        return status;
    return {};
  });
}

}  // extern "C"
