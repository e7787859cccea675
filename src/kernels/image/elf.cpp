// Looks into ELF files with libelf. The header is read directly, since the loader often gives an
// address without a size and libelf needs one.

#include "kernels/image/elf.h"

#include <elf.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace cuda_shim::kernels::image {
namespace {

constexpr Elf64_Half kMachineCuda = 190;  // EM_CUDA; older elf.h files lack it
/// No host object is larger; beyond it, an offset without a size to check it against is garbage.
constexpr std::uint64_t kMaxExtent = std::uint64_t{1} << 32;

std::unexpected<Status> corrupt(std::string message) {
  return error(StatusCode::kInvalidImage, std::move(message));
}

Result<Elf64_Ehdr> read_header(Bytes image) {
  const auto header = image.load<Elf64_Ehdr>(0);
  if (!header)
    return corrupt(fmt::format("The ELF image ends within its header ({} bytes).", image.size()));
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
    return corrupt("The ELF image is not 64-bit little-endian.");
  return *header;
}

/// Toolkit 13 raised the ABI version and moved the number: bits 8 to 15 since then, 0 to 7 before.
unsigned architecture_of(const Elf64_Ehdr& header) {
  constexpr unsigned kFirstShifted = 8;
  return header.e_ident[EI_ABIVERSION] >= kFirstShifted ? (header.e_flags >> 8) & 0xff
                                                        : header.e_flags & 0xff;
}

/// Grows as headers are read; false once something lies beyond any sane size.
class Extent {
 public:
  bool cover(std::uint64_t offset, std::uint64_t size) {
    if (offset > kMaxExtent || size > kMaxExtent) return false;
    end_ = std::max(end_, offset + size);
    return true;
  }
  std::uint64_t end() const { return end_; }

 private:
  std::uint64_t end_ = sizeof(Elf64_Ehdr);
};

/// With more than 65,279 sections the count is in the first section header.
std::uint64_t section_count(const char* image, const Elf64_Ehdr& header) {
  if (header.e_shoff == 0 || header.e_shnum != 0) return header.e_shnum;
  return Bytes(image + header.e_shoff, sizeof(Elf64_Shdr)).load<Elf64_Shdr>(0)->sh_size;
}

bool cover_sections(const char* image, const Elf64_Ehdr& header, Extent& extent) {
  if (header.e_shoff == 0) return true;
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shoff > kMaxExtent) return false;
  const std::uint64_t count = section_count(image, header);
  if (count > kMaxExtent / sizeof(Elf64_Shdr)) return false;
  const Bytes table(image + header.e_shoff, count * sizeof(Elf64_Shdr));
  if (!extent.cover(header.e_shoff, table.size())) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto section = table.load<Elf64_Shdr>(i * sizeof(Elf64_Shdr));
    if (section->sh_type != SHT_NOBITS && !extent.cover(section->sh_offset, section->sh_size))
      return false;
  }
  return true;
}

using ElfHandle = std::unique_ptr<Elf, decltype(&elf_end)>;

ElfHandle open_elf(Bytes image) {
  if (elf_version(EV_CURRENT) == EV_NONE) return {nullptr, &elf_end};
  // elf_memory takes a mutable pointer but only reads unless the caller asks for an update.
  return {elf_memory(const_cast<char*>(image.data()), image.size()), &elf_end};
}

/// All sections of one name. Empty if one lies outside of the image.
Result<std::vector<Bytes>> sections_named(Elf* elf, Bytes image, std::string_view wanted) {
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0)
    return corrupt(fmt::format("The ELF image has no section names: {}.", elf_errmsg(-1)));
  std::vector<Bytes> found;
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (!gelf_getshdr(section, &header))
      return corrupt(fmt::format("The ELF image is corrupt: {}.", elf_errmsg(-1)));
    const char* name = elf_strptr(elf, names, header.sh_name);
    if (!name || name != wanted || header.sh_type == SHT_NOBITS) continue;
    const auto bytes = image.part(header.sh_offset, header.sh_size);
    if (!bytes) return corrupt(fmt::format("Section {} reaches beyond the ELF image.", wanted));
    found.push_back(*bytes);
  }
  return found;
}

}  // namespace

Result<std::optional<unsigned>> cubin_architecture(Bytes image) {
  auto header = read_header(image);
  if (!header) return error(std::move(header.error()));
  if (header->e_machine != kMachineCuda) return std::nullopt;
  return architecture_of(*header);
}

Result<Bytes> elf_extent(const void* image) {
  auto header = read_header(Bytes(image, sizeof(Elf64_Ehdr)));
  if (!header) return error(std::move(header.error()));
  if (header->e_machine == kMachineCuda) return Bytes(image, sizeof(Elf64_Ehdr));
  Extent extent;
  if (!cover_sections(static_cast<const char*>(image), *header, extent))
    return corrupt("The ELF image's section headers contradict themselves.");
  return Bytes(image, extent.end());
}

Result<std::vector<Bytes>> fatbin_sections(Bytes image) {
  const ElfHandle elf = open_elf(image);
  if (!elf || elf_kind(elf.get()) != ELF_K_ELF)
    return corrupt(fmt::format("The ELF image is corrupt: {}.", elf_errmsg(-1)));
  std::vector<Bytes> sections;
  for (const std::string_view name : {".nv_fatbin", "__nv_relfatbin"}) {
    auto found = sections_named(elf.get(), image, name);
    if (!found) return error(std::move(found.error()));
    sections.insert(sections.end(), found->begin(), found->end());
  }
  return sections;
}

}  // namespace cuda_shim::kernels::image
