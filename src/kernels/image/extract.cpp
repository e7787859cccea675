// Opens an image of any kind and collects the PTX of its units. The kind is told by the first
// bytes:
//
//   wrapper  -> fatbins it points to (one, or one a unit)
//   fatbin   -> the best PTX of its entries
//   ELF      -> a cubin has none; a host ELF has sections of fatbins back to back
//   text     -> itself

#include "kernels/image/extract.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "kernels/image/decompress.h"
#include "kernels/image/elf.h"
#include "kernels/image/fatbin.h"
#include "kernels/image/select.h"
#include "kernels/image/text.h"
#include "kernels/image/wrapper.h"
#include "support/log.h"

namespace cuda_shim::kernels::image {
namespace {

/// An application's array of units is followed this far; a program of more has lost its terminator.
constexpr std::size_t kMaxUnits = 1 << 20;

class Extractor {
 public:
  explicit Extractor(const ImageOptions& options)
      : options_(options), compute_(10 * options.compute_major + options.compute_minor) {}

  Status add_text(Bytes text);
  Status add_fatbin(Bytes fatbin);
  Status add_elf(Bytes elf);
  Status add_wrapper(const Wrapper& wrapper);

  /// The texts, or why there are none.
  Result<std::vector<StoredPtx>> finish() &&;

 private:
  Status add_container(const Fatbin& fatbin);
  Status add_section(Bytes section);
  Status add_unsized_fatbin(const void* fatbin);
  Status add_units(const void* const* units);
  Status no_binary(const std::string& contents) const;
  std::string unit_name(std::string_view identifier) const;
  void report_choice(const Entry& entry) const;

  const ImageOptions& options_;
  const unsigned compute_;
  std::vector<StoredPtx> texts_;
  std::vector<Entry> without_ptx_;  // entries of containers that hold no PTX
};

std::string Extractor::unit_name(std::string_view identifier) const {
  if (!identifier.empty()) return std::string(identifier);
  return options_.name.empty() ? "ptx" : std::string(options_.name);
}

Status Extractor::no_binary(const std::string& contents) const {
  const std::string image =
      options_.name.empty() ? "The image" : fmt::format("Image '{}'", options_.name);
  return {StatusCode::kNoBinaryForGpu,
          fmt::format("{} holds only {}; rebuild with PTX.", image, contents)};
}

void Extractor::report_choice(const Entry& entry) const {
  if (entry.compute > compute_)
    CUDA_SHIM_LOG(kInfo, "{}: the oldest PTX is for compute_{}, above the device's {}; using it.",
                  unit_name(entry.name), entry.compute, compute_);
}

Status Extractor::add_text(Bytes text) {
  const void* end = text.size() == 0 ? nullptr : std::memchr(text.data(), 0, text.size());
  const std::size_t size = end ? static_cast<const char*>(end) - text.data() : text.size();
  Entry entry;
  entry.kind = kPtxEntry;
  entry.payload = Bytes(text.data(), size);
  texts_.push_back({unit_name({}), entry});
  return {};
}

Status Extractor::add_container(const Fatbin& fatbin) {
  const Entry* entry = choose_ptx(fatbin.entries, compute_);
  if (!entry) {
    without_ptx_.insert(without_ptx_.end(), fatbin.entries.begin(), fatbin.entries.end());
    return {};
  }
  report_choice(*entry);
  texts_.push_back({unit_name(entry->name), *entry});
  return {};
}

Status Extractor::add_fatbin(Bytes bytes) {
  auto fatbin = parse_fatbin(bytes);
  if (!fatbin) return std::move(fatbin.error());
  return add_container(*fatbin);
}

Status Extractor::add_unsized_fatbin(const void* fatbin) {
  if (!fatbin) return {StatusCode::kInvalidImage, "The fatbin wrapper points to no fatbin."};
  auto bytes = fatbin_extent(fatbin);
  if (!bytes) return std::move(bytes.error());
  return add_fatbin(*bytes);
}

/// Containers back to back, with zeros for alignment in between.
Status Extractor::add_section(Bytes section) {
  std::size_t offset = 0;
  while (offset < section.size()) {
    if (section.data()[offset] == 0) {
      ++offset;
      continue;
    }
    auto fatbin = parse_fatbin(*section.part(offset, section.size() - offset));
    if (!fatbin) return std::move(fatbin.error());
    if (Status status = add_container(*fatbin); !status) return status;
    offset += fatbin->size;
  }
  return {};
}

Status Extractor::add_elf(Bytes elf) {
  auto architecture = cubin_architecture(elf);
  if (!architecture) return std::move(architecture.error());
  if (*architecture) return no_binary(fmt::format("machine code for sm_{}", **architecture));
  auto sections = fatbin_sections(elf);
  if (!sections) return std::move(sections.error());
  for (const Bytes section : *sections)
    if (Status status = add_section(section); !status) return status;
  return {};
}

Status Extractor::add_units(const void* const* units) {
  for (std::size_t i = 0; units[i]; ++i) {
    if (i == kMaxUnits)
      return {StatusCode::kInvalidImage,
              fmt::format("The fatbin wrapper lists more than {} units.", kMaxUnits)};
    const std::size_t texts = texts_.size();
    if (Status status = add_unsized_fatbin(units[i]); !status)
      return std::move(status).with_context(fmt::format("unit {}", i));
    if (texts_.size() == texts)
      CUDA_SHIM_LOG(
          kWarning,
          "{}: unit {} holds only {}; kernels that need it cannot run. Rebuild it with PTX.",
          unit_name({}), i, describe_without_ptx(without_ptx_));
  }
  return {};
}

Status Extractor::add_wrapper(const Wrapper& wrapper) {
  if (wrapper.version != 1 && wrapper.version != 2)
    return {StatusCode::kInvalidImage,
            fmt::format("Version {} of a fatbin wrapper is not known.", wrapper.version)};
  if (wrapper.version == 2 && wrapper.units)
    if (Status status = add_units(wrapper.units); !status) return status;
  return texts_.empty() ? add_unsized_fatbin(wrapper.fatbin) : Status();
}

Result<std::vector<StoredPtx>> Extractor::finish() && {
  if (texts_.empty()) return error(no_binary(describe_without_ptx(without_ptx_)));
  return std::move(texts_);
}

/// Compares byte by byte, so that an image without a size is read no further than it matches.
bool starts_with(const void* image, std::optional<std::size_t> size, std::string_view magic) {
  const auto* bytes = static_cast<const char*>(image);
  for (std::size_t i = 0; i < magic.size(); ++i)
    if ((size && i >= *size) || bytes[i] != magic[i]) return false;
  return true;
}

Status add_wrapper_image(Extractor& extractor, const void* image, std::optional<std::size_t> size) {
  if (size)
    return {StatusCode::kInvalidImage,
            "A fatbin wrapper holds addresses and can only be opened in place, without a size."};
  return extractor.add_wrapper(*Bytes(image, sizeof(Wrapper)).load<Wrapper>(0));
}

Status add_fatbin_image(Extractor& extractor, const void* image, std::optional<std::size_t> size) {
  Result<Bytes> bytes = size ? Bytes(image, *size) : fatbin_extent(image);
  return bytes ? extractor.add_fatbin(*bytes) : std::move(bytes.error());
}

Status add_elf_image(Extractor& extractor, const void* image, std::optional<std::size_t> size) {
  Result<Bytes> bytes = size ? Bytes(image, *size) : elf_extent(image);
  return bytes ? extractor.add_elf(*bytes) : std::move(bytes.error());
}

Status add_text_image(Extractor& extractor, const void* image, std::optional<std::size_t> size) {
  const Bytes text(image, size ? *size : std::strlen(static_cast<const char*>(image)));
  if (!looks_like_ptx(text.text()))
    return {StatusCode::kInvalidImage,
            "The image is neither a fatbin nor an ELF file nor PTX text."};
  return extractor.add_text(text);
}

struct Kind {
  std::string_view magic;
  Status (*add)(Extractor& extractor, const void* image, std::optional<std::size_t> size);
};

/// The last row matches everything.
constexpr Kind kKinds[] = {
    {"\xb1\x43\x62\x46", add_wrapper_image},
    {"\x50\xed\x55\xba", add_fatbin_image},
    {kElfMagic, add_elf_image},
    {"", add_text_image},
};

const Kind& kind_of(const void* image, std::optional<std::size_t> size) {
  return *std::find_if(std::begin(kKinds), std::end(kKinds),
                       [&](const Kind& kind) { return starts_with(image, size, kind.magic); });
}

}  // namespace

Result<std::vector<StoredPtx>> find_ptx(const void* image, std::optional<std::size_t> size,
                                        const ImageOptions& options) {
  if (!image) return error(StatusCode::kInvalidValue, "The image's address is null.");
  Extractor extractor(options);
  if (Status status = kind_of(image, size).add(extractor, image, size); !status)
    return error(std::move(status));
  return std::move(extractor).finish();
}

Result<PtxText> unpack(const StoredPtx& stored) {
  auto text = decompress(stored.entry);
  if (!text) return error(std::move(text.error()));
  text->resize(std::min(text->find('\0'), text->size()));
  return PtxText{stored.name, std::move(*text)};
}

Result<std::vector<PtxText>> extract_ptx(const void* image, std::optional<std::size_t> size,
                                         const ImageOptions& options) {
  auto stored = find_ptx(image, size, options);
  if (!stored) return error(std::move(stored.error()));
  std::vector<PtxText> texts;
  for (const StoredPtx& unit : *stored) {
    Result<PtxText> text = unpack(unit);
    if (!text) return error(std::move(text.error()));
    texts.push_back(std::move(*text));
  }
  return texts;
}

}  // namespace cuda_shim::kernels::image
