#include "kernels/cache/archive.h"

#include <vector>

#include "support/byte_stream.h"

namespace cuda_shim::kernels::cache {
namespace {

using support::Digest;

constexpr std::string_view kMagic = "cuda_shim cache archive 1\n";

Status damaged() {
  return Status(StatusCode::kInvalidImage, "The archive of a kernel cache is damaged.");
}

/// Reads the names of one file; false if they are none.
bool read_names(support::ByteReader& reader, std::vector<Digest>& names) {
  std::uint64_t count = 0;
  reader.number(count);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    std::string_view text;
    reader.text(text);
    const std::optional<Digest> name = Digest::from_hex(text);
    if (!name) return false;
    names.push_back(*name);
  }
  return !names.empty();
}

}  // namespace

std::string write_archive(const Directory& directory) {
  support::ByteWriter writer;
  writer.raw(kMagic.data(), kMagic.size());
  for (const Directory::Listed& file : directory.list()) {
    const std::optional<std::string> bytes = directory.peek(*Digest::from_hex(file.names[0]));
    if (!bytes || !read_file(*bytes)) continue;
    writer.number(file.names.size());
    for (const std::string& name : file.names) writer.text(name);
    writer.text(*bytes);
  }
  return std::move(writer).take();
}

Status read_archive(std::string_view bytes, const Directory& directory) {
  if (!bytes.starts_with(kMagic))
    return Status(StatusCode::kInvalidImage, "The file is no archive of a kernel cache.");
  support::ByteReader reader(bytes.substr(kMagic.size()));
  while (!reader.at_end()) {
    std::vector<Digest> names;
    std::string_view file;
    if (!read_names(reader, names)) return damaged();
    reader.text(file);
    if (!reader.ok() || !read_file(file)) return damaged();
    if (Status status = directory.publish(names[0], file); !status) return status;
    for (std::size_t i = 1; i < names.size(); ++i) directory.link(names[0], names[i]);
  }
  return {};
}

}  // namespace cuda_shim::kernels::cache
