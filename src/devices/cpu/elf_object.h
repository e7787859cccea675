#pragma once
// A relocatable ELF object seen through checked offsets: nothing outside the bytes is ever read,
// whatever the headers say.

#include <elf.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "cuda_shim/status.h"

namespace cuda_shim::devices::cpu {

class ElfObject {
 public:
  /// Checks all headers of `bytes`, which must outlive the object, and that it was made for
  /// `machine` (EM_*).
  static Result<ElfObject> parse(std::span<const unsigned char> bytes, unsigned machine);

  std::span<const Elf64_Shdr> sections() const { return sections_; }
  std::span<const Elf64_Sym> symbols() const { return symbols_; }
  std::string_view section_name(const Elf64_Shdr& section) const;
  std::string_view symbol_name(const Elf64_Sym& symbol) const;
  /// A section's bytes; empty for SHT_NOBITS.
  std::span<const unsigned char> contents(const Elf64_Shdr& section) const;
  /// The relocations in `section`, which has type SHT_RELA.
  std::vector<Elf64_Rela> relocations(const Elf64_Shdr& section) const;

 private:
  Status read_sections();
  Status read_symbols();

  // Copies, because a file may hold them at any alignment.
  std::span<const unsigned char> bytes_;
  Elf64_Ehdr header_ = {};
  std::vector<Elf64_Shdr> sections_;
  std::vector<Elf64_Sym> symbols_;
  std::string_view section_names_;
  std::string_view symbol_names_;
};

}  // namespace cuda_shim::devices::cpu
