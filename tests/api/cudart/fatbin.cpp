// The format: a 16-byte header, then entries of a header and an uncompressed payload.

#include "api/cudart/fatbin.h"

#include <cstring>

namespace cuda_shim::test {
namespace {

constexpr std::uint32_t kWrapperMagic = 0x466243b1;
constexpr std::uint32_t kImageMagic = 0xba55ed50;
constexpr std::uint64_t k64BitLinux = 0x11;

struct ImageHeader {
  std::uint32_t magic;
  std::uint16_t version, header_size;
  std::uint64_t size;
};

struct EntryHeader {
  std::uint16_t kind, version;
  std::uint32_t header_size;
  std::uint64_t size;
  std::uint32_t compressed_size, options_offset;
  std::uint16_t minor, major;
  std::uint32_t architecture;
  std::uint32_t name_offset, name_size;
  std::uint64_t flags, reserved, raw_size;
};
static_assert(sizeof(ImageHeader) == 16 && sizeof(EntryHeader) == 64);

}  // namespace

Fatbin::Fatbin(FatbinKind kind, std::string_view payload) {
  // PTX ends with a zero that counts, and payloads are padded to 8 bytes.
  std::size_t padded = (payload.size() + 1 + 7) / 8 * 8;
  EntryHeader entry = {};
  entry.kind = static_cast<std::uint16_t>(kind);
  entry.version = 0x101;
  entry.header_size = sizeof entry;
  entry.size = padded;
  entry.major = 9;
  entry.architecture = 75;
  entry.flags = k64BitLinux;
  ImageHeader header = {kImageMagic, 1, sizeof(ImageHeader), sizeof entry + padded};
  image_.resize((sizeof header + header.size) / 8);
  auto* out = reinterpret_cast<char*>(image_.data());
  std::memcpy(out, &header, sizeof header);
  std::memcpy(out + sizeof header, &entry, sizeof entry);
  std::memcpy(out + sizeof header + sizeof entry, payload.data(), payload.size());
  wrapper_ = {kWrapperMagic, 1, image_.data(), nullptr};
}

}  // namespace cuda_shim::test
