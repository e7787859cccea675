#include "kernels/cache/elf_segments.h"

#include <cstring>

namespace cuda_shim::kernels::cache {

std::vector<Elf64_Phdr> read_segments(const File& file) {
  Elf64_Ehdr header;
  if (!file.read_at(0, &header, sizeof header) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_phentsize != sizeof(Elf64_Phdr))
    return {};
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  if (!file.read_at(header.e_phoff, segments.data(), segments.size() * sizeof(Elf64_Phdr)))
    return {};
  return segments;
}

}  // namespace cuda_shim::kernels::cache
