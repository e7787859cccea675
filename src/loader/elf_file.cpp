#include "loader/elf_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace cuda_shim::loader {
namespace {

std::string_view string_at(std::string_view strings, std::uint64_t offset) {
  if (offset >= strings.size()) return {};
  std::size_t end = strings.find('\0', offset);
  if (end == std::string_view::npos) return {};
  return strings.substr(offset, end - offset);
}

bool is_readable_elf(const std::byte* data, std::size_t size) {
  if (size < sizeof(Elf64_Ehdr)) return false;
  const auto* ident = reinterpret_cast<const unsigned char*>(data);
  return std::memcmp(ident, ELFMAG, SELFMAG) == 0 && ident[EI_CLASS] == ELFCLASS64 &&
         ident[EI_DATA] == ELFDATA2LSB;
}

}  // namespace

Result<ElfFile> ElfFile::open(const char* path) {
  int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return error(StatusCode::kFileNotFound,
                 fmt::format("Cannot open '{}': {}.", path, std::strerror(errno)));
  struct stat status = {};
  void* data = MAP_FAILED;
  bool regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
  std::size_t size = regular ? static_cast<std::size_t>(status.st_size) : 0;
  if (regular) data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  ::close(file);
  if (data == MAP_FAILED)
    return error(StatusCode::kInvalidImage, fmt::format("'{}' is not an ELF file.", path));
  ElfFile elf(static_cast<const std::byte*>(data), size);
  if (!is_readable_elf(elf.data_, size))
    return error(StatusCode::kInvalidImage,
                 fmt::format("'{}' is not a 64-bit little-endian ELF file.", path));
  return elf;
}

ElfFile::ElfFile(ElfFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

ElfFile::~ElfFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

template <class T>
std::span<const T> ElfFile::table(std::uint64_t offset, std::uint64_t count) const {
  bool inside = offset <= size_ && count <= (size_ - offset) / sizeof(T);
  if (!inside || offset % alignof(T) != 0) return {};
  return {reinterpret_cast<const T*>(data_ + offset), count};
}

std::string_view ElfFile::text(std::uint64_t offset, std::uint64_t count) const {
  auto bytes = table<char>(offset, count);
  return {bytes.data(), bytes.size()};
}

std::span<const Elf64_Phdr> ElfFile::segments() const {
  if (header().e_phentsize != sizeof(Elf64_Phdr)) return {};
  return table<Elf64_Phdr>(header().e_phoff, header().e_phnum);
}

std::span<const Elf64_Shdr> ElfFile::sections() const {
  if (header().e_shoff == 0 || header().e_shentsize != sizeof(Elf64_Shdr)) return {};
  return table<Elf64_Shdr>(header().e_shoff, header().e_shnum);
}

std::string_view ElfFile::section_name(const Elf64_Shdr& section) const {
  auto all = sections();
  if (header().e_shstrndx >= all.size()) return {};
  const Elf64_Shdr& names = all[header().e_shstrndx];
  return string_at(text(names.sh_offset, names.sh_size), section.sh_name);
}

const Elf64_Shdr* ElfFile::find_section(std::string_view name) const {
  for (const Elf64_Shdr& section : sections())
    if (section_name(section) == name) return &section;
  return nullptr;
}

const Elf64_Shdr* ElfFile::find_section_of_type(std::uint32_t type) const {
  for (const Elf64_Shdr& section : sections())
    if (section.sh_type == type) return &section;
  return nullptr;
}

std::string_view ElfFile::section_bytes(std::string_view name) const {
  const Elf64_Shdr* section = find_section(name);
  if (section == nullptr || section->sh_type == SHT_NOBITS) return {};
  return text(section->sh_offset, section->sh_size);
}

bool ElfFile::has_symbol_table() const {
  return find_section_of_type(SHT_SYMTAB) != nullptr;
}

std::vector<ElfFunction> ElfFile::functions() const {
  return functions_of(has_symbol_table() ? SHT_SYMTAB : SHT_DYNSYM);
}

std::vector<ElfFunction> ElfFile::exported_functions() const {
  return functions_of(SHT_DYNSYM);
}

std::string_view ElfFile::symbol_names() const {
  const Elf64_Shdr* symbols = find_section_of_type(SHT_SYMTAB);
  auto all = sections();
  if (symbols == nullptr || symbols->sh_link >= all.size()) return {};
  const Elf64_Shdr& names = all[symbols->sh_link];
  return text(names.sh_offset, names.sh_size);
}

std::vector<ElfFunction> ElfFile::functions_of(std::uint32_t section_type) const {
  std::vector<ElfFunction> functions;
  const Elf64_Shdr* section = find_section_of_type(section_type);
  auto all = sections();
  if (section == nullptr || section->sh_link >= all.size()) return functions;
  const Elf64_Shdr& names = all[section->sh_link];
  std::string_view strings = text(names.sh_offset, names.sh_size);
  for (const Elf64_Sym& symbol :
       table<Elf64_Sym>(section->sh_offset, section->sh_size / sizeof(Elf64_Sym))) {
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF) continue;
    functions.push_back({string_at(strings, symbol.st_name), symbol.st_value, symbol.st_size});
  }
  return functions;
}

std::span<const Elf64_Dyn> ElfFile::dynamic() const {
  for (const Elf64_Phdr& segment : segments())
    if (segment.p_type == PT_DYNAMIC)
      return table<Elf64_Dyn>(segment.p_offset, segment.p_filesz / sizeof(Elf64_Dyn));
  return {};
}

std::vector<std::string_view> ElfFile::dynamic_strings(std::int64_t tag) const {
  std::uint64_t address = 0, size = 0;
  for (const Elf64_Dyn& entry : dynamic()) {
    if (entry.d_tag == DT_STRTAB) address = entry.d_un.d_ptr;
    if (entry.d_tag == DT_STRSZ) size = entry.d_un.d_val;
  }
  std::string_view strings = bytes_at(address, size);
  std::vector<std::string_view> found;
  for (const Elf64_Dyn& entry : dynamic())
    if (entry.d_tag == tag) found.push_back(string_at(strings, entry.d_un.d_val));
  return found;
}

std::string_view ElfFile::interpreter() const {
  for (const Elf64_Phdr& segment : segments())
    if (segment.p_type == PT_INTERP) return string_at(text(segment.p_offset, segment.p_filesz), 0);
  return {};
}

std::string_view ElfFile::bytes_at(std::uint64_t address, std::uint64_t count) const {
  for (const Elf64_Phdr& segment : segments()) {
    if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
    std::uint64_t skipped = address - segment.p_vaddr;
    if (skipped <= segment.p_filesz && count <= segment.p_filesz - skipped)
      return text(segment.p_offset + skipped, count);
  }
  return {};
}

}  // namespace cuda_shim::loader
