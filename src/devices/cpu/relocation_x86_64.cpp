// Relocations of x86-64.

#include <elf.h>

#include <cstring>

#include "devices/cpu/relocation_formulas.h"

namespace cuda_shim::devices::cpu {
namespace {

using namespace relocations;

bool unsigned32(std::uint64_t value) {
  return value <= UINT32_MAX;
}

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

}  // namespace

constinit const RelocationMachine kX86Relocations = {EM_X86_64, kKinds, 8, write_stub};

}  // namespace cuda_shim::devices::cpu
