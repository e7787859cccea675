// Relocations of AArch64.

#include <elf.h>

#include <cstring>

#include "devices/cpu/relocation_formulas.h"

namespace cuda_shim::devices::cpu {
namespace {

using namespace relocations;

// Instructions reach a symbol by its page of 4 KiB, relative to their own (ADRP), and by its place
// within the page.
constexpr std::uint64_t kPage = 4096;

std::uint64_t pages_between(std::uint64_t from, std::uint64_t to) {
  return (to & ~(kPage - 1)) - (from & ~(kPage - 1));
}
std::uint64_t page_relative(const Values& v) {
  return pages_between(v.place, absolute(v));
}
std::uint64_t slot_page_relative(const Values& v) {
  return pages_between(v.place, v.slot + static_cast<std::uint64_t>(v.addend));
}
std::uint64_t within_page(const Values& v) {
  return absolute(v) % kPage;
}
std::uint64_t slot_within_page(const Values& v) {
  return (v.slot + static_cast<std::uint64_t>(v.addend)) % kPage;
}

/// A signed number of `bits` bits that is a multiple of `unit`.
template <unsigned bits, unsigned unit = 1>
bool fits_signed(std::uint64_t value) {
  const auto number = static_cast<std::int64_t>(value);
  return value % unit == 0 && number >= -(1ll << (bits - 1)) && number < 1ll << (bits - 1);
}
template <unsigned unit>
bool multiple(std::uint64_t value) {
  return value % unit == 0;
}

/// `value` in the field of an instruction that starts at bit `at` and has `bits` bits.
constexpr std::uint64_t put_field(std::uint64_t old, unsigned at, unsigned bits,
                                  std::uint64_t value) {
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  return (old & ~(mask << at)) | (value & mask) << at;
}
/// B and BL: a distance in instructions.
std::uint64_t put_branch(std::uint64_t old, std::uint64_t value) {
  return put_field(old, 0, 26, value / 4);
}
/// ADR: a distance whose two lowest bits have a field of their own.
std::uint64_t put_distance(std::uint64_t old, std::uint64_t value) {
  return put_field(put_field(old, 29, 2, value), 5, 19, value >> 2);
}
/// ADRP: a distance in pages.
std::uint64_t put_pages(std::uint64_t old, std::uint64_t value) {
  return put_distance(old, value / kPage);
}
/// ADD, and loads and stores of `unit` bytes, which count in units.
template <unsigned unit>
std::uint64_t put_offset(std::uint64_t old, std::uint64_t value) {
  return put_field(old, 10, 12, value / unit);
}

// ELF for the Arm 64-bit Architecture, section 5.7: what LLVM emits for position-independent code
// of the small code model.
constexpr RelocationKind kKinds[] = {
    {R_AARCH64_NONE, "R_AARCH64_NONE", 0, nothing, always},
    {R_AARCH64_ABS64, "R_AARCH64_ABS64", 8, absolute, always},
    {R_AARCH64_PREL64, "R_AARCH64_PREL64", 8, relative, always},
    {R_AARCH64_PREL32, "R_AARCH64_PREL32", 4, relative, signed32},
    {R_AARCH64_CALL26, "R_AARCH64_CALL26", 4, relative, fits_signed<28, 4>, put_branch},
    {R_AARCH64_JUMP26, "R_AARCH64_JUMP26", 4, relative, fits_signed<28, 4>, put_branch},
    {R_AARCH64_ADR_PREL_LO21, "R_AARCH64_ADR_PREL_LO21", 4, relative, fits_signed<21>,
     put_distance},
    {R_AARCH64_ADR_PREL_PG_HI21, "R_AARCH64_ADR_PREL_PG_HI21", 4, page_relative, fits_signed<33>,
     put_pages},
    {R_AARCH64_ADD_ABS_LO12_NC, "R_AARCH64_ADD_ABS_LO12_NC", 4, within_page, always, put_offset<1>},
    {R_AARCH64_LDST8_ABS_LO12_NC, "R_AARCH64_LDST8_ABS_LO12_NC", 4, within_page, always,
     put_offset<1>},
    {R_AARCH64_LDST16_ABS_LO12_NC, "R_AARCH64_LDST16_ABS_LO12_NC", 4, within_page, multiple<2>,
     put_offset<2>},
    {R_AARCH64_LDST32_ABS_LO12_NC, "R_AARCH64_LDST32_ABS_LO12_NC", 4, within_page, multiple<4>,
     put_offset<4>},
    {R_AARCH64_LDST64_ABS_LO12_NC, "R_AARCH64_LDST64_ABS_LO12_NC", 4, within_page, multiple<8>,
     put_offset<8>},
    {R_AARCH64_LDST128_ABS_LO12_NC, "R_AARCH64_LDST128_ABS_LO12_NC", 4, within_page, multiple<16>,
     put_offset<16>},
    {R_AARCH64_ADR_GOT_PAGE, "R_AARCH64_ADR_GOT_PAGE", 4, slot_page_relative, fits_signed<33>,
     put_pages},
    {R_AARCH64_LD64_GOT_LO12_NC, "R_AARCH64_LD64_GOT_LO12_NC", 4, slot_within_page, multiple<8>,
     put_offset<8>},
};

// adrp x16, slot; ldr x16, [x16, slot within its page]; br x16. x16 is the linker's between a call
// and the function.
void write_stub(unsigned char* at, std::uint64_t place, std::uint64_t slot) {
  const std::uint32_t code[] = {
      static_cast<std::uint32_t>(put_pages(0x90000010u, pages_between(place, slot))),
      static_cast<std::uint32_t>(put_offset<8>(0xf9400210u, slot % kPage)), 0xd61f0200u};
  std::memcpy(at, code, sizeof(code));
}

}  // namespace

constinit const RelocationMachine kAarch64Relocations = {EM_AARCH64, kKinds, 16, write_stub};

}  // namespace cuda_shim::devices::cpu
