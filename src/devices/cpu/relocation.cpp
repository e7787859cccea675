#include "devices/cpu/relocation.h"

#include <fmt/format.h>

#include <cstring>

namespace cuda_shim::devices::cpu {

const RelocationMachine& this_machine() {
#if defined(__x86_64__)
  return kX86Relocations;
#elif defined(__aarch64__)
  return kAarch64Relocations;
#endif
}

Status relocate(const RelocationMachine& machine, std::uint32_t type,
                const RelocationValues& values, unsigned char* at, std::size_t room) {
  for (const RelocationKind& kind : machine.kinds) {
    if (kind.type != type) continue;
    std::uint64_t value = kind.value(values);
    if (kind.bytes > room)
      return {StatusCode::kInvalidImage,
              fmt::format("A relocation {} lies outside of its section.", kind.name)};
    if (!kind.fits(value))
      return {StatusCode::kInvalidImage,
              fmt::format("The value {:#x} of a relocation {} does not fit; the object must be "
                          "position-independent.",
                          value, kind.name)};
    if (kind.put != nullptr) {
      std::uint64_t old = 0;
      std::memcpy(&old, at, kind.bytes);
      value = kind.put(old, value);
    }
    std::memcpy(at, &value, kind.bytes);
    return {};
  }
  return {StatusCode::kInvalidImage, fmt::format("Relocation type {} is not supported.", type)};
}

}  // namespace cuda_shim::devices::cpu
