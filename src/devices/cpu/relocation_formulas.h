#pragma once
// The formulas that the relocations of every machine have.

#include "devices/cpu/relocation.h"

namespace cuda_shim::devices::cpu::relocations {

using Values = RelocationValues;

inline bool always(std::uint64_t) {
  return true;
}
inline bool signed32(std::uint64_t value) {
  return static_cast<std::int64_t>(value) == static_cast<std::int32_t>(value);
}

inline std::uint64_t nothing(const Values&) {
  return 0;
}
inline std::uint64_t absolute(const Values& v) {
  return v.symbol + static_cast<std::uint64_t>(v.addend);
}
inline std::uint64_t relative(const Values& v) {
  return v.nearby + static_cast<std::uint64_t>(v.addend) - v.place;
}

}  // namespace cuda_shim::devices::cpu::relocations
