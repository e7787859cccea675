#include "kernels/cache/build_id.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "kernels/cache/elf_segments.h"

namespace cuda_shim::kernels::cache {
namespace {

constexpr std::size_t kMostNoteBytes = 1 << 16;

constexpr std::size_t padded(std::size_t bytes) {
  return (bytes + 3) & ~std::size_t{3};
}

/// The build id among notes that lie one after another; empty if there is none.
std::string_view find_build_id(std::string_view notes) {
  Elf64_Nhdr note;
  while (notes.size() >= sizeof note) {
    std::memcpy(&note, notes.data(), sizeof note);
    const std::size_t name = sizeof note, description = name + padded(note.n_namesz);
    if (description > notes.size() || note.n_descsz > notes.size() - description) return {};
    if (note.n_type == NT_GNU_BUILD_ID &&
        notes.substr(name, note.n_namesz) == std::string_view("GNU\0", 4))
      return notes.substr(description, note.n_descsz);
    notes.remove_prefix(std::min(notes.size(), description + padded(note.n_descsz)));
  }
  return {};
}

std::optional<support::Digest> digest_of_build_id(const File& file) {
  for (const Elf64_Phdr& segment : read_segments(file)) {
    if (segment.p_type != PT_NOTE || segment.p_filesz > kMostNoteBytes) continue;
    std::string notes(segment.p_filesz, '\0');
    if (!file.read_at(segment.p_offset, notes.data(), notes.size())) continue;
    const std::string_view id = find_build_id(notes);
    if (!id.empty()) return support::digest_of(id.data(), id.size());
  }
  return std::nullopt;
}

}  // namespace

std::optional<support::Digest> identify_library(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  if (auto digest = digest_of_build_id(file)) return digest;
  const std::optional<std::string> contents = file.read_all();
  if (!contents) return std::nullopt;
  return support::digest_of(contents->data(), contents->size());
}

}  // namespace cuda_shim::kernels::cache
