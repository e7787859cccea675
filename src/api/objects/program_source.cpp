#include "api/objects/program_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "support/byte_stream.h"

namespace cuda_shim::objects {
namespace {

// A linked image: the magic, the number of all bytes, then for each unit its name and its text (see
// support/byte_stream.h).
constexpr char kLinkedMagic[] =
    "\x7f"
    "cuda_shim linked PTX\n";
constexpr std::size_t kMagicBytes = sizeof kLinkedMagic - 1;

bool is_linked(const void* image) {
  // Stops at the first difference, so that a shorter text is not read beyond its end.
  return std::strncmp(static_cast<const char*>(image), kLinkedMagic, kMagicBytes) == 0;
}

Result<NamedTexts> read_linked(const void* image, std::optional<std::size_t> bytes) {
  constexpr std::size_t kHeader = kMagicBytes + sizeof(std::uint64_t);
  auto corrupt = [] {
    return error(StatusCode::kInvalidImage, "The linked image is truncated or corrupt.");
  };
  if (bytes && *bytes < kHeader) return corrupt();
  std::uint64_t total = 0;
  std::memcpy(&total, static_cast<const char*>(image) + kMagicBytes, sizeof total);
  if (total < kHeader || (bytes && total > *bytes)) return corrupt();
  support::ByteReader reader({static_cast<const char*>(image) + kHeader, total - kHeader});
  NamedTexts units;
  while (reader.ok() && !reader.at_end()) {
    auto& [name, text] = units.emplace_back();
    reader.text(name).text(text);
  }
  if (!reader.ok()) return corrupt();
  return units;
}

bool is_about(const kernels::ptx::Diagnostic& diagnostic, std::string_view kernel) {
  return std::string_view(diagnostic.message).find(kernel) != std::string_view::npos;
}

}  // namespace

std::string write_linked_image(const NamedTexts& units) {
  support::ByteWriter contents;
  for (const auto& [name, text] : units) contents.text(name).text(text);
  const std::size_t total = kMagicBytes + sizeof(std::uint64_t) + contents.bytes().size();
  support::ByteWriter image;
  image.raw(kLinkedMagic, kMagicBytes).number(total);
  image.raw(contents.bytes().data(), contents.bytes().size());
  return std::move(image).take();
}

Result<ProgramPointer> open_program(const Device& device, const void* image,
                                    std::optional<std::size_t> bytes, std::string_view name) {
  if (image == nullptr) return error(StatusCode::kInvalidValue, "The image is null.");
  if ((!bytes || *bytes >= kMagicBytes) && is_linked(image)) {
    Result<NamedTexts> units = read_linked(image, bytes);
    if (!units) return error(std::move(units.error()));
    return kernels::ProgramImage::from_ptx(*units);
  }
  kernels::image::ImageOptions options;
  options.compute_major = device.properties().compute_major;
  options.compute_minor = device.properties().compute_minor;
  options.name = name;
  return kernels::ProgramImage::open(image, bytes, options);
}

Result<std::string> read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::string contents{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad())
    return error(StatusCode::kFileNotFound, fmt::format("File '{}' cannot be read.", path));
  return contents;
}

Result<ProgramPointer> open_program_file(const Device& device, const char* path) {
  Result<std::string> contents = read_file(path);
  if (!contents) return error(std::move(contents.error()));
  return open_program(device, contents->c_str(), contents->size(), path);
}

Status verify_program(const kernels::ProgramImage& program, std::string* faults) {
  Result<std::vector<kernels::ptx::Diagnostic>> found = program.check();
  if (!found) return std::move(found.error());
  for (const kernels::ptx::Diagnostic& diagnostic : *found)
    *faults += diagnostic.to_string() + "\n";
  if (found->empty() || program.outline().kernels().empty()) return {};
  auto usable = [&](const kernels::KernelOutline& kernel) {
    return std::ranges::none_of(*found, [&](auto& d) { return is_about(d, kernel.name); });
  };
  if (std::ranges::any_of(program.outline().kernels(), usable)) return {};
  return Status(StatusCode::kInvalidPtx, "No kernel of the module is usable: " + *faults);
}

bool is_text(const void* image) {
  const char* at = static_cast<const char*>(image);
  while (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n') ++at;
  return *at == '.' || (at[0] == '/' && (at[1] == '/' || at[1] == '*'));
}

}  // namespace cuda_shim::objects
