#pragma once
// BC6H and BC7: blocks of 16 bytes in one of many modes.

#include <array>
#include <cstdint>

namespace cuda_shim::devices::cpu {

/// Fractions of 255: red, green, blue, alpha.
std::array<std::uint8_t, 4> read_bc7(std::uint64_t block, unsigned texel);
/// Bits of half-precision numbers: red, green, blue.
std::array<std::uint16_t, 3> read_bc6h(std::uint64_t block, unsigned texel, bool is_signed);

}  // namespace cuda_shim::devices::cpu
