#include "devices/cpu/host_code.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "devices/cpu/elf_object.h"
#include "devices/cpu/host_symbols.h"
#include "devices/cpu/relocation.h"

namespace cuda_shim::devices::cpu {
namespace {

// More is no kernel; relocations of 32 bits reach this far with room to spare.
constexpr std::uint64_t kMostBytes = 512ull << 20;

// Where the parts lie. Pages of code, of constants (with the slots) and of variables follow each
// other.
enum Part { kCode, kConstant, kVariable, kParts };

// Never writable and executable at once.
constexpr int kAccess[kParts] = {PROT_READ | PROT_EXEC, PROT_READ, PROT_READ | PROT_WRITE};

/// A file without a name in memory.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("cuda_shim code", MFD_CLOEXEC | kExecutable)) {
    // Kernels before 6.3 do not know the flag, and need none.
    if (descriptor_ < 0) descriptor_ = ::memfd_create("cuda_shim code", MFD_CLOEXEC);
  }
  ~MemoryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;

  int descriptor() const { return descriptor_; }
  bool write(std::span<const unsigned char> bytes) const {
    return descriptor_ >= 0 && ::pwrite(descriptor_, bytes.data(), bytes.size(), 0) ==
                                   static_cast<ssize_t>(bytes.size());
  }

 private:
  static constexpr unsigned kExecutable = 0x10;  // MFD_EXEC
  int descriptor_;
};

bool is_loaded(const Elf64_Shdr& section, std::string_view name) {
  // Unwind tables serve nobody: a fault abandons the stack as it is.
  return (section.sh_flags & SHF_ALLOC) && section.sh_size != 0 && name != ".eh_frame";
}

Part part_of(const Elf64_Shdr& section) {
  if (section.sh_flags & SHF_EXECINSTR) return kCode;
  return section.sh_flags & SHF_WRITE ? kVariable : kConstant;
}

class Loading {
 public:
  explicit Loading(ElfObject object) : object_(std::move(object)) {}

  Result<Mapping> run() {
    if (Status status = lay_out(); !status) return error(std::move(status));
    if (Status status = resolve_symbols(); !status) return error(std::move(status));
    for (const Elf64_Shdr& section : object_.sections()) {
      if (section.sh_type == SHT_REL)
        return error(StatusCode::kInvalidImage, "The object has relocations without addends.");
      if (section.sh_type == SHT_RELA)
        if (Status status = relocate_section(section); !status) return error(std::move(status));
    }
    if (Status status = install(); !status) return error(std::move(status));
    return std::move(memory_);
  }

  /// Address of a function that the object defines; null if it defines none of that name.
  void* find_function(std::string_view name) const {
    auto symbols = object_.symbols();
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      bool code = symbols[i].st_shndx < object_.sections().size() &&
                  part_of(object_.sections()[symbols[i].st_shndx]) == kCode;
      if (code && object_.symbol_name(symbols[i]) == name && addresses_[i])
        return reinterpret_cast<void*>(addresses_[i]);
    }
    return nullptr;
  }

 private:
  Status lay_out();
  Status place_sections(std::size_t* offset, Part part);
  Status resolve_symbols();
  Result<std::uint64_t> resolve(const Elf64_Sym& symbol);
  Status relocate_section(const Elf64_Shdr& section);
  Status install();
  bool map_parts(int file);
  bool copy_and_protect();

  std::uint64_t base() const { return reinterpret_cast<std::uint64_t>(memory_.data()); }

  ElfObject object_;
  Mapping memory_;  // where it will be; untouched until it is complete
  std::vector<unsigned char> image_;
  std::vector<std::uint64_t> offsets_;    // of each section in memory_; kNowhere: not loaded
  std::vector<std::uint64_t> addresses_;  // of each symbol
  std::size_t stubs_ = 0;                 // offset of the stub of symbol 0
  std::size_t slots_ = 0;                 // offset of the slot of symbol 0
  std::size_t end_[kParts] = {};          // offset of the end of each part, whole pages

  static constexpr std::uint64_t kNowhere = UINT64_MAX;
};

Status Loading::place_sections(std::size_t* offset, Part part) {
  auto sections = object_.sections();
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const Elf64_Shdr& section = sections[i];
    if (!is_loaded(section, object_.section_name(section)) || part_of(section) != part) continue;
    if (section.sh_flags & SHF_TLS)
      return {StatusCode::kInvalidImage, "The object has thread-local variables."};
    if (section.sh_size > kMostBytes || section.sh_addralign > page_bytes())
      return {StatusCode::kInvalidImage,
              fmt::format("A section of {} bytes, aligned to {}, is too large.", section.sh_size,
                          section.sh_addralign)};
    *offset = round_up(*offset, section.sh_addralign ? section.sh_addralign : 1);
    offsets_[i] = *offset;
    *offset += section.sh_size;
    if (*offset > kMostBytes)
      return {StatusCode::kInvalidImage,
              fmt::format("The object needs more than {} bytes of memory.", kMostBytes)};
  }
  return {};
}

Status Loading::lay_out() {
  const RelocationMachine& machine = this_machine();
  std::size_t count = object_.symbols().size();
  offsets_.assign(object_.sections().size(), kNowhere);
  std::size_t offset = 0;
  if (Status status = place_sections(&offset, kCode); !status) return status;
  stubs_ = round_up(offset, 16);
  offset = end_[kCode] = round_up(stubs_ + count * machine.stub_bytes, page_bytes());
  slots_ = offset;
  offset += count * 8;
  if (Status status = place_sections(&offset, kConstant); !status) return status;
  offset = end_[kConstant] = round_up(offset, page_bytes());
  if (Status status = place_sections(&offset, kVariable); !status) return status;
  end_[kVariable] = round_up(offset, page_bytes());
  memory_ = Mapping(end_[kVariable], page_bytes(), false);
  if (!memory_)
    return {StatusCode::kOutOfMemory,
            fmt::format("No memory for {} bytes of machine code.", end_[kVariable])};
  image_.resize(end_[kVariable]);
  for (std::size_t i = 0; i < offsets_.size(); ++i) {
    auto contents = object_.contents(object_.sections()[i]);
    if (offsets_[i] != kNowhere && !contents.empty())
      std::memcpy(image_.data() + offsets_[i], contents.data(), contents.size());
  }
  return {};
}

Result<std::uint64_t> Loading::resolve(const Elf64_Sym& symbol) {
  std::string_view name = object_.symbol_name(symbol);
  if (symbol.st_shndx == SHN_ABS) return symbol.st_value;
  if (symbol.st_shndx == SHN_UNDEF) {
    if (name.empty()) return 0;  // symbol 0: relocations against nothing
    if (void* address = find_host_symbol(name)) return reinterpret_cast<std::uint64_t>(address);
    return error(
        StatusCode::kSharedObjectSymbolNotFound,
        fmt::format("The object refers to '{}', which is not a function that kernels may call.",
                    name));
  }
  if (symbol.st_shndx >= offsets_.size())
    return error(StatusCode::kInvalidImage, fmt::format("Symbol '{}' lies in no section.", name));
  // Symbols of sections that are not loaded (debugging, unwinding) have no address; nothing that is
  // loaded refers to them.
  if (offsets_[symbol.st_shndx] == kNowhere) return 0;
  if (symbol.st_value > object_.sections()[symbol.st_shndx].sh_size)
    return error(StatusCode::kInvalidImage,
                 fmt::format("Symbol '{}' lies outside of its section.", name));
  return base() + offsets_[symbol.st_shndx] + symbol.st_value;
}

Status Loading::resolve_symbols() {
  const RelocationMachine& machine = this_machine();
  auto symbols = object_.symbols();
  addresses_.resize(symbols.size());
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    Result<std::uint64_t> address = resolve(symbols[i]);
    if (!address) return std::move(address.error());
    addresses_[i] = *address;
    std::memcpy(image_.data() + slots_ + 8 * i, &addresses_[i], 8);
    if (symbols[i].st_shndx == SHN_UNDEF)
      machine.write_stub(image_.data() + stubs_ + i * machine.stub_bytes,
                         base() + stubs_ + i * machine.stub_bytes, base() + slots_ + 8 * i);
  }
  return {};
}

Status Loading::relocate_section(const Elf64_Shdr& section) {
  const RelocationMachine& machine = this_machine();
  if (section.sh_info >= offsets_.size())
    return {StatusCode::kInvalidImage, "Relocations name a section that does not exist."};
  std::uint64_t target = offsets_[section.sh_info];
  if (target == kNowhere) return {};
  std::uint64_t size = object_.sections()[section.sh_info].sh_size;
  for (const Elf64_Rela& rela : object_.relocations(section)) {
    std::uint64_t index = ELF64_R_SYM(rela.r_info);
    if (index >= addresses_.size() || rela.r_offset > size)
      return {StatusCode::kInvalidImage, "A relocation's symbol or place does not exist."};
    bool foreign = object_.symbols()[index].st_shndx == SHN_UNDEF && addresses_[index] != 0;
    std::uint64_t stub = base() + stubs_ + index * machine.stub_bytes;
    RelocationValues values = {.symbol = addresses_[index],
                               .nearby = foreign ? stub : addresses_[index],
                               .slot = base() + slots_ + 8 * index,
                               .table = base() + slots_,
                               .addend = rela.r_addend,
                               .place = base() + target + rela.r_offset};
    Status status = relocate(machine, ELF64_R_TYPE(rela.r_info), values,
                             image_.data() + target + rela.r_offset, size - rela.r_offset);
    if (!status) return status;
  }
  return {};
}

/// Maps a file that holds the image over the memory. Pages that were never writable need no other
/// processor to forget them: where workers run, taking the right to write away from pages costs
/// more than all the rest of loading. Pages are there from the start: a masked vector access to one
/// that is not, with no lane active, never brings it in, and is slow each time.
bool Loading::map_parts(int file) {
  std::size_t from = 0;
  for (Part part : {kCode, kConstant, kVariable}) {
    const std::size_t to = end_[part];
    const bool mapped = from == to || ::mmap(memory_.data() + from, to - from, kAccess[part],
                                             MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, file,
                                             static_cast<off_t>(from)) != MAP_FAILED;
    if (!mapped) return false;
    from = to;
  }
  return true;
}

/// The same in the memory itself, where the system has no files in memory or none with code.
bool Loading::copy_and_protect() {
  if (::mmap(memory_.data(), image_.size(), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
    return false;
  std::memcpy(memory_.data(), image_.data(), image_.size());
  const std::size_t code = end_[kCode], constants = end_[kConstant] - code;
  return (code == 0 || ::mprotect(memory_.data(), code, kAccess[kCode]) == 0) &&
         (constants == 0 || ::mprotect(memory_.data() + code, constants, kAccess[kConstant]) == 0);
}

Status Loading::install() {
  const MemoryFile file;
  if (!(file.write(image_) && map_parts(file.descriptor())) && !copy_and_protect())
    return {StatusCode::kOperatingSystem, "The system refuses executable memory to this process."};
  __builtin___clear_cache(reinterpret_cast<char*>(memory_.data()),
                          reinterpret_cast<char*>(memory_.data() + end_[kCode]));
  return {};
}

}  // namespace

Result<HostCode> HostCode::load(std::span<const unsigned char> bytes, std::string_view entry) {
  Result<ElfObject> object = ElfObject::parse(bytes, this_machine().elf_machine);
  if (!object) return error(std::move(object.error()));
  Loading loading(std::move(*object));
  Result<Mapping> memory = loading.run();
  if (!memory) return error(std::move(memory.error()));
  HostCode code;
  code.memory_ = std::move(*memory);
  code.entry_ = loading.find_function(entry);
  if (!code.entry_)
    return error(StatusCode::kInvalidImage,
                 fmt::format("The object does not define the function '{}'.", entry));
  return code;
}

}  // namespace cuda_shim::devices::cpu
