// Reads fatbin containers. Every field is checked against the range that encloses it: the entry's
// fields against the entry, the entry against the container, the container against the image.

#include "kernels/image/fatbin.h"

#include <fmt/format.h>

namespace cuda_shim::kernels::image {
namespace {

struct ContainerHeader {
  std::uint32_t magic;
  std::uint16_t version;
  std::uint16_t header_size;
  std::uint64_t entries_size;
};
static_assert(sizeof(ContainerHeader) == 16);

struct EntryHeader {
  std::uint16_t kind;
  std::uint16_t version;
  std::uint32_t header_size;
  std::uint64_t payload_size;
  std::uint32_t compressed_size;
  std::uint32_t options_offset;
  std::uint16_t minor;
  std::uint16_t major;
  std::uint32_t compute;
  std::uint32_t name_offset;
  std::uint32_t name_size;
  std::uint64_t flags;
  std::uint64_t reserved;
  std::uint64_t raw_size;
};
static_assert(sizeof(EntryHeader) == 64);

/// No container is larger; beyond it, a size is garbage and would overflow sums.
constexpr std::uint64_t kMaxEntriesSize = std::uint64_t{1} << 40;
constexpr std::uint16_t kContainerVersion = 1;
constexpr std::uint16_t kEntryVersion = 0x101;

std::unexpected<Status> corrupt(std::string message) {
  return error(StatusCode::kInvalidImage, std::move(message));
}

Result<ContainerHeader> container_header(Bytes image) {
  const auto header = image.load<ContainerHeader>(0);
  if (!header)
    return corrupt(fmt::format("The fatbin ends within its header ({} bytes).", image.size()));
  if (header->magic != kFatbinMagic)
    return corrupt(fmt::format("{:#x} is not the magic number of a fatbin.", header->magic));
  if (header->version != kContainerVersion)
    return corrupt(fmt::format("Version {} of a fatbin is not known.", header->version));
  if (header->header_size < sizeof(ContainerHeader))
    return corrupt(
        fmt::format("The fatbin's header size of {} bytes is too small.", header->header_size));
  if (header->entries_size > kMaxEntriesSize)
    return corrupt(fmt::format("The fatbin says that it has {} bytes.", header->entries_size));
  return *header;
}

/// The bytes of the payload that count: padding after compressed data would not decompress.
std::optional<Bytes> used_payload(Bytes payload, const EntryHeader& header) {
  if (header.compressed_size == 0) return payload;
  return payload.part(0, header.compressed_size);
}

Result<Entry> parse_entry(Bytes range, std::uint64_t offset, std::uint64_t& next) {
  const auto header = range.load<EntryHeader>(offset);
  if (!header)
    return corrupt(fmt::format("The fatbin ends within an entry's header, at byte {}.", offset));
  if (header->version != kEntryVersion)
    return corrupt(fmt::format("Version {:#x} of a fatbin's entry, at byte {}, is not known.",
                               header->version, offset));
  const auto head = range.part(offset, header->header_size);
  if (!head || header->header_size < sizeof(EntryHeader))
    return corrupt(
        fmt::format("The fatbin's entry at byte {} has a header of impossible size ({}).", offset,
                    header->header_size));
  const auto payload = range.part(offset + header->header_size, header->payload_size);
  const auto used = payload ? used_payload(*payload, *header) : std::nullopt;
  if (!used)
    return corrupt(
        fmt::format("The fatbin's entry at byte {} reaches beyond the fatbin ({} bytes).", offset,
                    header->payload_size));
  const auto name = head->part(header->name_offset, header->name_size);
  if (!name)
    return corrupt(
        fmt::format("The fatbin's entry at byte {} has its name outside of its header.", offset));
  next = offset + header->header_size + header->payload_size;
  return Entry{header->kind, header->compute, header->flags, *used, header->raw_size, name->text()};
}

}  // namespace

Result<Fatbin> parse_fatbin(Bytes image) {
  auto header = container_header(image);
  if (!header) return error(std::move(header.error()));
  const auto range = image.part(header->header_size, header->entries_size);
  if (!range)
    return corrupt(fmt::format("The fatbin is truncated: {} bytes of {} are there.", image.size(),
                               header->header_size + header->entries_size));
  Fatbin fatbin;
  fatbin.size = header->header_size + header->entries_size;
  for (std::uint64_t offset = 0; offset < range->size();) {
    auto entry = parse_entry(*range, offset, offset);
    if (!entry) return error(std::move(entry.error()));
    fatbin.entries.push_back(*entry);
  }
  return fatbin;
}

Result<Bytes> fatbin_extent(const void* image) {
  auto header = container_header(Bytes(image, sizeof(ContainerHeader)));
  if (!header) return error(std::move(header.error()));
  return Bytes(image, header->header_size + header->entries_size);
}

}  // namespace cuda_shim::kernels::image
