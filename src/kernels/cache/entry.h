#pragma once
// What one file of the cache holds: a translated kernel, or the outline of a program.
//
// A file is a header, which a reader checks before it believes anything else (length, format,
// checksum), and the contents. The count of hits in the header is the only part that ever changes;
// the checksum leaves it out.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kernels/compiler.h"
#include "support/digest.h"

namespace cuda_shim::kernels::cache {

/// Raised whenever the bytes of a file, or what a key covers, change their meaning.
inline constexpr std::uint32_t kFormat = 3;

enum class EntryKind : std::uint32_t { kKernel = 1, kProgram = 2 };

struct FileHeader {
  char magic[16];
  std::uint32_t format;
  EntryKind kind;
  std::uint64_t contents_bytes;
  support::Digest key;       ///< its own, not that of a further name of the file
  support::Digest checksum;  ///< of key, kind and contents
  std::uint64_t hits;
};

/// Header and contents.
std::string write_file(EntryKind kind, const support::Digest& key, std::string_view contents);

/// What is in a file: views into its bytes.
struct FileContents {
  FileHeader header;
  std::string_view contents;
};
/// Nothing if the file is truncated, damaged or of another format.
std::optional<FileContents> read_file(std::string_view bytes);

/// A kernel's code and where it came from.
struct KernelEntry {
  CompiledKernel code;
  std::string application;   ///< that had it translated
  std::int64_t created = 0;  ///< seconds since 1970
  std::uint64_t compile_microseconds = 0;
};

std::string encode(const KernelEntry& entry);
std::optional<KernelEntry> decode_kernel(std::string_view contents);

}  // namespace cuda_shim::kernels::cache
