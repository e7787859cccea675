#pragma once
// Machine code in memory: a relocatable object laid out, its symbols resolved, made executable.
//
// Objects come from the translator or from a cache file that anybody may have damaged, so every
// offset is checked. What an object may refer to is a closed list (host_symbols.h). Code and data
// lie in one mapping, so references among them always reach; functions of this process may be
// further than 2 GiB away, so calls to them go through a stub each, and addresses through a slot
// each.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "cuda_shim/status.h"
#include "devices/cpu/mapping.h"

namespace cuda_shim::devices::cpu {

class HostCode {
 public:
  HostCode() = default;

  /// Lays out `object`, an ELF relocatable for this machine, and finds the function `entry` in it.
  static Result<HostCode> load(std::span<const unsigned char> object, std::string_view entry);

  void* entry() const { return entry_; }
  /// Whether `address` lies in its code or data.
  bool contains(std::uintptr_t address) const { return memory_ && memory_.contains(address); }
  std::uintptr_t base() const { return reinterpret_cast<std::uintptr_t>(memory_.data()); }

 private:
  Mapping memory_;
  void* entry_ = nullptr;
};

}  // namespace cuda_shim::devices::cpu
