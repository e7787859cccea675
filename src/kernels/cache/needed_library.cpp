#include "kernels/cache/needed_library.h"

#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "kernels/cache/elf_segments.h"

namespace cuda_shim::kernels::cache {
namespace {

constexpr std::uint64_t kMostStringBytes = 1 << 20;

/// The dynamic section of a library, with its strings.
struct DynamicSection {
  std::vector<Elf64_Dyn> entries;
  std::string strings;

  std::string_view string(std::uint64_t offset) const {
    return offset < strings.size() ? strings.c_str() + offset : std::string_view();
  }
  /// The string of the first entry with the tag; empty if there is none.
  std::string_view first(Elf64_Sxword tag) const {
    for (const Elf64_Dyn& entry : entries)
      if (entry.d_tag == tag) return string(entry.d_un.d_val);
    return {};
  }
};

std::optional<std::uint64_t> value_of(const std::vector<Elf64_Dyn>& entries, Elf64_Sxword tag) {
  for (const Elf64_Dyn& entry : entries)
    if (entry.d_tag == tag) return entry.d_un.d_val;
  return std::nullopt;
}

std::optional<std::uint64_t> file_offset(const std::vector<Elf64_Phdr>& segments,
                                         std::uint64_t address) {
  for (const Elf64_Phdr& segment : segments)
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address - segment.p_vaddr < segment.p_filesz)
      return address - segment.p_vaddr + segment.p_offset;
  return std::nullopt;
}

std::optional<DynamicSection> read_dynamic(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  const std::vector<Elf64_Phdr> segments = read_segments(file);
  DynamicSection section;
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_DYNAMIC || segment.p_filesz > kMostStringBytes) continue;
    section.entries.resize(segment.p_filesz / sizeof(Elf64_Dyn));
    if (!file.read_at(segment.p_offset, section.entries.data(),
                      section.entries.size() * sizeof(Elf64_Dyn)))
      return std::nullopt;
  }
  const auto strings = value_of(section.entries, DT_STRTAB);
  const auto bytes = value_of(section.entries, DT_STRSZ);
  const auto offset = strings ? file_offset(segments, *strings) : std::nullopt;
  if (!offset || !bytes || *bytes > kMostStringBytes) return std::nullopt;
  section.strings.resize(*bytes);
  if (!file.read_at(*offset, section.strings.data(), *bytes)) return std::nullopt;
  return section;
}

std::string with_origin(std::string folder, const std::string& library) {
  const std::string origin = library.substr(0, library.rfind('/'));
  for (const std::string_view word : {"${ORIGIN}", "$ORIGIN"})
    for (std::size_t at; (at = folder.find(word)) != folder.npos;)
      folder.replace(at, word.size(), origin);
  return folder;
}

bool is_library(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file && !read_segments(file).empty();
}

/// In the folders of a search path; an empty one is the current folder.
std::string find_on_path(std::string_view folders, const std::string& library,
                         const std::string& name) {
  while (!folders.empty()) {
    const std::string_view folder = folders.substr(0, folders.find(':'));
    folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
    std::string path = with_origin(std::string(folder.empty() ? "." : folder), library);
    path += "/" + name;
    if (is_library(path)) return path;
  }
  return {};
}

std::string_view search_path_of_user() {
  const char* path = ::getauxval(AT_SECURE) == 0 ? std::getenv("LD_LIBRARY_PATH") : nullptr;
  return path == nullptr ? std::string_view() : path;
}

std::string find_among_installed(const std::string& name) {
  const File file(::open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC));
  const std::optional<std::string> list = file ? file.read_all() : std::nullopt;
  return list ? find_installed(*list, name) : std::string();
}

}  // namespace

std::string needed_name(const std::string& library, std::string_view prefix) {
  const std::optional<DynamicSection> section = read_dynamic(library);
  if (!section) return {};
  for (const Elf64_Dyn& entry : section->entries) {
    const std::string_view name = section->string(entry.d_un.d_val);
    if (entry.d_tag == DT_NEEDED && name.starts_with(prefix)) return std::string(name);
  }
  return {};
}

std::string find_needed(const std::string& library, const std::string& name) {
  if (std::string loaded = find_loaded(name); !loaded.empty()) return loaded;
  const std::optional<DynamicSection> section = read_dynamic(library);
  if (!section) return {};
  const std::string_view own = section->first(DT_RUNPATH);
  const std::string_view old_own = own.empty() ? section->first(DT_RPATH) : std::string_view();
  for (const std::string_view folders : {old_own, search_path_of_user(), own})
    if (std::string found = find_on_path(folders, library, name); !found.empty()) return found;
  if (std::string found = find_among_installed(name); !found.empty()) return found;
  return find_on_path("/lib64:/usr/lib64:/lib:/usr/lib", library, name);
}

std::string find_loaded(std::string_view name) {
  struct Search {
    std::string_view name;
    std::string found;
  } search{name, {}};
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        auto& wanted = *static_cast<Search*>(data);
        const std::string_view path = info->dlpi_name;
        if (path.substr(path.rfind('/') + 1) != wanted.name) return 0;
        wanted.found = path;
        return 1;
      },
      &search);
  return search.found;
}

// The format since glibc 2.2: a header, entries of 24 bytes that hold the places of name and path,
// counted from the header, and the strings. An older list may stand before it.
std::string find_installed(std::string_view list, std::string_view name) {
  constexpr std::string_view kMagic = "glibc-ld.so.cache1.1";
  constexpr std::size_t kHeaderBytes = 48, kEntryBytes = 24;
  constexpr std::int32_t kKind = 0xff, kElfLibrary = 3;  // of the C library of today
  const std::size_t begin = list.find(kMagic);
  if (begin == list.npos) return {};
  list.remove_prefix(begin);
  std::uint32_t count = 0;
  if (list.size() < kHeaderBytes) return {};
  std::memcpy(&count, list.data() + kMagic.size(), sizeof count);
  const auto string_at = [&](std::uint32_t place) {
    if (place >= list.size()) return std::string_view();
    const std::string_view rest = list.substr(place);
    return rest.substr(0, rest.find('\0'));
  };
  for (std::uint64_t i = 0; i < count; ++i) {
    struct Entry {
      std::int32_t flags;
      std::uint32_t name, path;
    } entry;
    const std::size_t at = kHeaderBytes + i * kEntryBytes;
    if (at + kEntryBytes > list.size()) return {};
    std::memcpy(&entry, list.data() + at, sizeof entry);
    if ((entry.flags & kKind) != kElfLibrary || string_at(entry.name) != name) continue;
    std::string path(string_at(entry.path));
    if (is_library(path)) return path;
  }
  return {};
}

}  // namespace cuda_shim::kernels::cache
