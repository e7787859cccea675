#include "devices/cpu/relocation.h"

#include <elf.h>
#include <fmt/format.h>

#include <cstring>

namespace cuda_shim::devices::cpu {
namespace {

using Values = RelocationValues;

bool always(std::uint64_t) {
  return true;
}
bool signed32(std::uint64_t value) {
  return static_cast<std::int64_t>(value) == static_cast<std::int32_t>(value);
}
[[maybe_unused]] bool unsigned32(std::uint64_t value) {
  return value <= UINT32_MAX;
}

std::uint64_t nothing(const Values&) {
  return 0;
}
std::uint64_t absolute(const Values& v) {
  return v.symbol + static_cast<std::uint64_t>(v.addend);
}
std::uint64_t relative(const Values& v) {
  return v.nearby + static_cast<std::uint64_t>(v.addend) - v.place;
}

#if defined(__x86_64__)

std::uint64_t far_relative(const Values& v) {
  return absolute(v) - v.place;
}
std::uint64_t slot_relative(const Values& v) {
  return v.slot + static_cast<std::uint64_t>(v.addend) - v.place;
}
std::uint64_t table_relative(const Values& v) {
  return v.table + static_cast<std::uint64_t>(v.addend) - v.place;
}
std::uint64_t from_table(const Values& v) {
  return absolute(v) - v.table;
}
std::uint64_t slot_from_table(const Values& v) {
  return v.slot + static_cast<std::uint64_t>(v.addend) - v.table;
}

// System V psABI for x86-64, table 4.9: what LLVM emits for the small, medium and large code models
// with and without PIC.
constexpr RelocationKind kKinds[] = {
    {R_X86_64_NONE, "R_X86_64_NONE", 0, nothing, always},
    {R_X86_64_64, "R_X86_64_64", 8, absolute, always},
    {R_X86_64_PC32, "R_X86_64_PC32", 4, relative, signed32},
    {R_X86_64_PLT32, "R_X86_64_PLT32", 4, relative, signed32},
    {R_X86_64_32, "R_X86_64_32", 4, absolute, unsigned32},
    {R_X86_64_32S, "R_X86_64_32S", 4, absolute, signed32},
    {R_X86_64_PC64, "R_X86_64_PC64", 8, far_relative, always},
    {R_X86_64_GOTPCREL, "R_X86_64_GOTPCREL", 4, slot_relative, signed32},
    {R_X86_64_GOTPCRELX, "R_X86_64_GOTPCRELX", 4, slot_relative, signed32},
    {R_X86_64_REX_GOTPCRELX, "R_X86_64_REX_GOTPCRELX", 4, slot_relative, signed32},
    {R_X86_64_GOTOFF64, "R_X86_64_GOTOFF64", 8, from_table, always},
    {R_X86_64_GOTPC32, "R_X86_64_GOTPC32", 4, table_relative, signed32},
    {R_X86_64_GOTPC64, "R_X86_64_GOTPC64", 8, table_relative, always},
    {R_X86_64_GOT64, "R_X86_64_GOT64", 8, slot_from_table, always},
    {R_X86_64_PLTOFF64, "R_X86_64_PLTOFF64", 8, from_table, always},
};

// jmp *slot(%rip)
void write_stub(unsigned char* at, std::uint64_t place, std::uint64_t slot) {
  auto distance = static_cast<std::uint32_t>(slot - (place + 6));
  at[0] = 0xff;
  at[1] = 0x25;
  std::memcpy(at + 2, &distance, 4);
}

constexpr RelocationMachine kMachine = {EM_X86_64, kKinds, 8, write_stub};

#elif defined(__aarch64__)

// Only data so far. The kinds that patch instructions (CALL26, ADR_PREL_PG_HI21, ...) need a mask
// each; objects with them are refused by name.
constexpr RelocationKind kKinds[] = {
    {R_AARCH64_NONE, "R_AARCH64_NONE", 0, nothing, always},
    {R_AARCH64_ABS64, "R_AARCH64_ABS64", 8, absolute, always},
    {R_AARCH64_PREL32, "R_AARCH64_PREL32", 4, relative, signed32},
};

void write_stub(unsigned char* at, std::uint64_t place, std::uint64_t slot) {
  // ldr x16, slot; br x16. The slots lie within a megabyte of the stubs.
  auto words = static_cast<std::uint32_t>((slot - place) / 4);
  std::uint32_t code[2] = {0x58000010u | (words & 0x7ffff) << 5, 0xd61f0200u};
  std::memcpy(at, code, sizeof(code));
}

constexpr RelocationMachine kMachine = {EM_AARCH64, kKinds, 8, write_stub};

#endif

}  // namespace

const RelocationMachine& this_machine() {
  return kMachine;
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
    std::memcpy(at, &value, kind.bytes);
    return {};
  }
  return {StatusCode::kInvalidImage, fmt::format("Relocation type {} is not supported.", type)};
}

}  // namespace cuda_shim::devices::cpu
