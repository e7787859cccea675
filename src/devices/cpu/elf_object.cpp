#include "devices/cpu/elf_object.h"

#include <fmt/format.h>

#include <cstring>

namespace cuda_shim::devices::cpu {
namespace {

Status damaged(std::string_view what) {
  return {StatusCode::kInvalidImage, fmt::format("The object is damaged: {}.", what)};
}

bool is_inside(std::uint64_t offset, std::uint64_t size, std::uint64_t total) {
  return offset <= total && size <= total - offset;
}

template <class Entry>
std::vector<Entry> read_entries(std::span<const unsigned char> bytes) {
  std::vector<Entry> entries(bytes.size() / sizeof(Entry));
  if (!entries.empty()) std::memcpy(entries.data(), bytes.data(), entries.size() * sizeof(Entry));
  return entries;
}

// The zero-terminated string at `offset`; empty if it does not end within the table.
std::string_view string_at(std::string_view table, std::size_t offset) {
  if (offset >= table.size()) return {};
  std::string_view rest = table.substr(offset);
  std::size_t end = rest.find('\0');
  return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

std::string_view as_text(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Result<ElfObject> ElfObject::parse(std::span<const unsigned char> bytes, unsigned machine) {
  ElfObject object;
  object.bytes_ = bytes;
  Elf64_Ehdr& header = object.header_;
  if (bytes.size() < sizeof(header)) return error(damaged("it is shorter than an ELF header"));
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return error(damaged("it does not begin as an ELF file"));
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_type != ET_REL)
    return error(damaged("it is not a 64-bit little-endian relocatable"));
  if (header.e_machine != machine)
    return error(
        StatusCode::kNoBinaryForGpu,
        fmt::format("The object is for ELF machine {}, this is {}.", header.e_machine, machine));
  if (Status status = object.read_sections(); !status) return error(std::move(status));
  if (Status status = object.read_symbols(); !status) return error(std::move(status));
  return object;
}

Status ElfObject::read_sections() {
  std::uint64_t size = std::uint64_t{header_.e_shnum} * sizeof(Elf64_Shdr);
  if (header_.e_shentsize != sizeof(Elf64_Shdr) || !is_inside(header_.e_shoff, size, bytes_.size()))
    return damaged("its section headers lie outside");
  sections_ = read_entries<Elf64_Shdr>(bytes_.subspan(header_.e_shoff, size));
  for (const Elf64_Shdr& section : sections_) {
    if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL &&
        !is_inside(section.sh_offset, section.sh_size, bytes_.size()))
      return damaged("a section lies outside");
    if (section.sh_addralign & (section.sh_addralign - 1))
      return damaged("a section's alignment is no power of two");
  }
  if (header_.e_shstrndx >= sections_.size()) return damaged("it has no section names");
  section_names_ = as_text(contents(sections_[header_.e_shstrndx]));
  return {};
}

Status ElfObject::read_symbols() {
  for (const Elf64_Shdr& section : sections_) {
    if (section.sh_type != SHT_SYMTAB) continue;
    if (section.sh_link >= sections_.size()) return damaged("its symbols have no names");
    symbols_ = read_entries<Elf64_Sym>(contents(section));
    symbol_names_ = as_text(contents(sections_[section.sh_link]));
  }
  return {};
}

std::string_view ElfObject::section_name(const Elf64_Shdr& section) const {
  return string_at(section_names_, section.sh_name);
}

std::string_view ElfObject::symbol_name(const Elf64_Sym& symbol) const {
  return string_at(symbol_names_, symbol.st_name);
}

std::span<const unsigned char> ElfObject::contents(const Elf64_Shdr& section) const {
  if (section.sh_type == SHT_NOBITS || section.sh_type == SHT_NULL) return {};
  return bytes_.subspan(section.sh_offset, section.sh_size);
}

std::vector<Elf64_Rela> ElfObject::relocations(const Elf64_Shdr& section) const {
  return read_entries<Elf64_Rela>(contents(section));
}

}  // namespace cuda_shim::devices::cpu
