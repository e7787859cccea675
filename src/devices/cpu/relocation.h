#pragma once
// Relocation: writing addresses into code that was compiled without knowing them. One table of
// kinds for each machine.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "cuda_shim/status.h"

namespace cuda_shim::devices::cpu {

/// The values that the psABI's formulas are made of. Addresses are final.
struct RelocationValues {
  std::uint64_t symbol = 0;  ///< S: the symbol's address
  std::uint64_t nearby = 0;  ///< L: the same, or a stub within reach that jumps there
  std::uint64_t slot = 0;    ///< G + GOT: the word that holds S
  std::uint64_t table = 0;   ///< GOT: the first of these words
  std::int64_t addend = 0;   ///< A
  std::uint64_t place = 0;   ///< P: what is written to
};

/// One kind of relocation.
struct RelocationKind {
  std::uint32_t type;
  const char* name;
  std::uint32_t bytes;  ///< written: 0, 4 or 8
  std::uint64_t (*value)(const RelocationValues& values);
  bool (*fits)(std::uint64_t value);
  /// What comes to be where `old` was: the value itself, or an instruction with it in a field.
  std::uint64_t (*put)(std::uint64_t old, std::uint64_t value) = nullptr;
};

/// What the loader must know of a machine.
struct RelocationMachine {
  unsigned elf_machine;  ///< EM_*
  std::span<const RelocationKind> kinds;
  std::size_t stub_bytes;
  /// Writes a stub to `at`, which will lie at `place`, that jumps to the address in the word
  /// `slot`.
  void (*write_stub)(unsigned char* at, std::uint64_t place, std::uint64_t slot);
};

/// Every machine's, on every machine, for the tests.
extern const RelocationMachine kX86Relocations;
extern const RelocationMachine kAarch64Relocations;

/// The machine that this library was built for.
const RelocationMachine& this_machine();

/// Writes the relocation of `type` to `at`, which has `room` bytes.
Status relocate(const RelocationMachine& machine, std::uint32_t type,
                const RelocationValues& values, unsigned char* at, std::size_t room);

}  // namespace cuda_shim::devices::cpu
