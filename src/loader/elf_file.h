#pragma once
// Reads a 64-bit little-endian ELF file: sections, functions, dynamic entries, segments.
//
// The preload object looks at every object of every process that it is loaded into, so this reader
// maps the file instead of copying it, touches only the pages it is asked about and pulls no
// library into the process (libelf brings two others with it). Everything in the file is untrusted:
// a table that does not lie within the file reads as absent.

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cuda_shim/status.h"

namespace cuda_shim::loader {

/// A function that the file defines. `name` points into the file.
struct ElfFunction {
  std::string_view name;
  std::uint64_t address;  ///< in the file's own address space, before the load bias
  std::uint64_t size;     ///< as the symbol says; may be 0
};

class ElfFile {
 public:
  /// Maps the file read-only. Errors: kFileNotFound, kInvalidImage (not an ELF file, or of another
  /// word size or byte order).
  static Result<ElfFile> open(const char* path);
  ElfFile(ElfFile&& other) noexcept;
  ElfFile& operator=(ElfFile&&) = delete;
  ~ElfFile();

  const Elf64_Ehdr& header() const { return *reinterpret_cast<const Elf64_Ehdr*>(data_); }
  std::span<const Elf64_Phdr> segments() const;
  std::span<const Elf64_Shdr> sections() const;
  std::string_view section_name(const Elf64_Shdr& section) const;
  const Elf64_Shdr* find_section(std::string_view name) const;
  /// The section's bytes in the file; empty if there is no such section or it takes no room in the
  /// file.
  std::string_view section_bytes(std::string_view name) const;

  bool has_symbol_table() const;
  /// Functions defined in .symtab, or in .dynsym where the file has no .symtab.
  std::vector<ElfFunction> functions() const;
  /// Functions that the file exports (.dynsym).
  std::vector<ElfFunction> exported_functions() const;
  /// All names of .symtab as one block, for a quick search.
  std::string_view symbol_names() const;

  /// Strings of all dynamic entries with the tag (DT_NEEDED, DT_SONAME, DT_RPATH, DT_RUNPATH).
  std::vector<std::string_view> dynamic_strings(std::int64_t tag) const;
  /// The program interpreter; empty for a static executable and for most shared objects.
  std::string_view interpreter() const;
  /// `count` bytes at an address of the file's address space; empty if no segment holds them.
  std::string_view bytes_at(std::uint64_t address, std::uint64_t count) const;

 private:
  ElfFile(const std::byte* data, std::size_t size) : data_(data), size_(size) {}
  template <class T>
  std::span<const T> table(std::uint64_t offset, std::uint64_t count) const;
  std::string_view text(std::uint64_t offset, std::uint64_t count) const;
  std::vector<ElfFunction> functions_of(std::uint32_t section_type) const;
  const Elf64_Shdr* find_section_of_type(std::uint32_t type) const;
  std::span<const Elf64_Dyn> dynamic() const;

  const std::byte* data_;
  std::size_t size_;
};

}  // namespace cuda_shim::loader
