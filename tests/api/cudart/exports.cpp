// Reads .dynsym together with the symbol versions (.gnu.version, .gnu.version_d).

#include "api/cudart/exports.h"

#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>

#include <map>
#include <stdexcept>

namespace cuda_shim::test {
namespace {

class ElfFile {
 public:
  explicit ElfFile(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY)) {
    elf_version(EV_CURRENT);
    elf_ = descriptor_ < 0 ? nullptr : elf_begin(descriptor_, ELF_C_READ_MMAP, nullptr);
    if (elf_ == nullptr) throw std::runtime_error("'" + path + "' cannot be read as ELF.");
  }
  ~ElfFile() {
    elf_end(elf_);
    close(descriptor_);
  }
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  Elf_Data* section(unsigned type, GElf_Shdr* header) const {
    for (Elf_Scn* at = elf_nextscn(elf_, nullptr); at != nullptr; at = elf_nextscn(elf_, at))
      if (gelf_getshdr(at, header) != nullptr && header->sh_type == type)
        return elf_getdata(at, nullptr);
    throw std::runtime_error("A section of dynamic linking is missing.");
  }
  const char* string(const GElf_Shdr& table, std::size_t offset) const {
    return elf_strptr(elf_, table.sh_link, offset);
  }

 private:
  int descriptor_;
  Elf* elf_;
};

std::map<unsigned, std::string> version_nodes(const ElfFile& file) {
  GElf_Shdr header;
  Elf_Data* data = file.section(SHT_GNU_verdef, &header);
  std::map<unsigned, std::string> nodes;
  int offset = 0;
  for (unsigned count = 0; count < header.sh_info; ++count) {
    GElf_Verdef definition;
    GElf_Verdaux name;
    gelf_getverdef(data, offset, &definition);
    gelf_getverdaux(data, offset + static_cast<int>(definition.vd_aux), &name);
    nodes[definition.vd_ndx] = file.string(header, name.vda_name);
    offset += static_cast<int>(definition.vd_next);
  }
  return nodes;
}

}  // namespace

std::set<std::string> exported_functions(const std::string& path) {
  ElfFile file(path);
  GElf_Shdr symbols_header, versions_header;
  Elf_Data* symbols = file.section(SHT_DYNSYM, &symbols_header);
  Elf_Data* versions = file.section(SHT_GNU_versym, &versions_header);
  std::map<unsigned, std::string> nodes = version_nodes(file);
  std::set<std::string> names;
  for (int at = 1; at < static_cast<int>(symbols_header.sh_size / symbols_header.sh_entsize);
       ++at) {
    GElf_Sym symbol;
    GElf_Versym version;
    gelf_getsym(symbols, at, &symbol);
    gelf_getversym(versions, at, &version);
    if (symbol.st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
    // The highest bit marks versions that a plain reference does not bind to.
    const char* join = (version & 0x8000) != 0 ? "@" : "@@";
    names.insert(file.string(symbols_header, symbol.st_name) + std::string(join) +
                 nodes[version & 0x7fff]);
  }
  return names;
}

}  // namespace cuda_shim::test
