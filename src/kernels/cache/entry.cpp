#include "kernels/cache/entry.h"

#include <cstring>

#include "support/byte_stream.h"

namespace cuda_shim::kernels::cache {
namespace {

constexpr char kMagic[sizeof(FileHeader::magic)] = "cuda_shim cache";

support::Digest checksum(const FileHeader& header, std::string_view contents) {
  return support::Digester()
      .add_digest(header.key)
      .add_number(static_cast<std::uint32_t>(header.kind))
      .add_text(contents)
      .finish();
}

}  // namespace

std::string write_file(EntryKind kind, const support::Digest& key, std::string_view contents) {
  FileHeader header = {};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.format = kFormat;
  header.kind = kind;
  header.contents_bytes = contents.size();
  header.key = key;
  header.checksum = checksum(header, contents);
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  return bytes.append(contents);
}

std::optional<FileContents> read_file(std::string_view bytes) {
  FileContents file;
  if (bytes.size() < sizeof file.header) return std::nullopt;
  std::memcpy(&file.header, bytes.data(), sizeof file.header);
  file.contents = bytes.substr(sizeof file.header);
  if (std::memcmp(file.header.magic, kMagic, sizeof kMagic) != 0 || file.header.format != kFormat ||
      file.header.contents_bytes != file.contents.size() ||
      file.header.checksum != checksum(file.header, file.contents))
    return std::nullopt;
  return file;
}

std::string encode(const KernelEntry& entry) {
  const CompiledKernel& code = entry.code;
  const auto* bytes = reinterpret_cast<const char*>(code.bytes.data());
  support::ByteWriter writer;
  writer.text(code.kernel)
      .text(code.entry)
      .number(code.format)
      .text({reinterpret_cast<const char*>(&code.info), sizeof code.info})
      .text(code.remarks)
      .text(entry.application)
      .number(entry.created)
      .number(entry.compile_microseconds)
      .text({bytes, code.bytes.size()});
  return std::move(writer).take();
}

std::optional<KernelEntry> decode_kernel(std::string_view contents) {
  KernelEntry entry;
  std::string_view info, bytes;
  support::ByteReader reader(contents);
  reader.text(entry.code.kernel)
      .text(entry.code.entry)
      .number(entry.code.format)
      .text(info)
      .text(entry.code.remarks)
      .text(entry.application)
      .number(entry.created)
      .number(entry.compile_microseconds)
      .text(bytes);
  if (!reader.complete() || info.size() != sizeof entry.code.info) return std::nullopt;
  std::memcpy(&entry.code.info, info.data(), info.size());
  const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
  entry.code.bytes.assign(first, first + bytes.size());
  return entry;
}

}  // namespace cuda_shim::kernels::cache
