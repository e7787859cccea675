// x86-64: a 5-byte near jump at the entry; a trampoline of 32 bytes:
//
//     0  jmp  *slot(%rip)
//     6  2-byte nop
//     8  endbr64                   the slot points here until it is resolved
//    12  movabs $target, %r11      r11 is free at every function entry
//    22  jmp  *resolver_slot(%rip)
//
// A function that begins with endbr64 keeps it where there is room, for processes that track
// indirect branches.

#include <cstring>

#include "loader/machine.h"

namespace cuda_shim::loader {

const std::size_t kJumpBytes = 5;
const std::uint64_t kJumpReach = (std::uint64_t{1} << 31) - 4096;
const std::size_t kTrampolineBytes = 32;

namespace {

constexpr unsigned char kEndbr64[4] = {0xf3, 0x0f, 0x1e, 0xfa};

std::byte* emit(std::byte* at, const void* bytes, std::size_t count) {
  std::memcpy(at, bytes, count);
  return at + count;
}

// A 32-bit displacement counts from the end of the instruction, which here is always the end of the
// displacement.
std::byte* emit_displacement(std::byte* at, const void* destination) {
  auto distance = static_cast<std::int32_t>(static_cast<const std::byte*>(destination) - (at + 4));
  return emit(at, &distance, 4);
}

std::byte* emit_jump_through(std::byte* at, const void* slot) {
  constexpr unsigned char kOpcode[2] = {0xff, 0x25};
  return emit_displacement(emit(at, kOpcode, 2), slot);
}

// Padding as assemblers write it: int3, nop, and long nops with any number of operand-size
// prefixes.
std::size_t padding_length(const unsigned char* at) {
  std::size_t length = 0;
  while (at[length] == 0x66) ++length;
  if (at[length] == 0xcc || at[length] == 0x90) return length + 1;
  if (at[length] == 0x2e) ++length;
  if (at[length] != 0x0f || at[length + 1] != 0x1f) return 0;
  switch (at[length + 2]) {
    case 0x00:
      return length + 3;
    case 0x40:
      return length + 4;
    case 0x44:
      return length + 5;
    case 0x80:
      return length + 7;
    case 0x84:
      return length + 8;
    default:
      return 0;
  }
}

}  // namespace

std::size_t jump_offset(const std::byte* entry, std::size_t room) {
  if (room >= sizeof(kEndbr64) + kJumpBytes && std::memcmp(entry, kEndbr64, 4) == 0)
    return sizeof(kEndbr64);
  return 0;
}

void write_jump(std::byte* at, const std::byte* destination) {
  constexpr unsigned char kOpcode[1] = {0xe9};
  emit_displacement(emit(at, kOpcode, 1), destination);
}

void write_direct_trampoline(std::byte* at, void** slot, void* function) {
  constexpr unsigned char kNop[2] = {0x66, 0x90};
  emit(emit_jump_through(at, slot), kNop, 2);
  *slot = function;
}

void write_trampoline(std::byte* at, void** slot, void* const* resolver_slot, LazyTarget* target) {
  constexpr unsigned char kLoadR11[2] = {0x49, 0xbb};
  write_direct_trampoline(at, slot, at + 8);
  std::byte* next = emit(at + 8, kEndbr64, 4);
  next = emit(emit(next, kLoadR11, 2), &target, 8);
  emit_jump_through(next, resolver_slot);
}

bool is_padded_empty_function(const std::byte* at) {
  const auto* code = reinterpret_cast<const unsigned char*>(at);
  std::size_t length = std::memcmp(code, kEndbr64, 4) == 0 ? 4 : 0;
  constexpr unsigned char kReturn = 0xc3;
  if (code[length++] != kReturn) return false;
  while (length < kJumpBytes) {
    std::size_t padding = padding_length(code + length);
    if (padding == 0) return false;
    length += padding;
  }
  return true;
}

}  // namespace cuda_shim::loader
