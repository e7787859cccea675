#include "api/objects/program_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "kernels/compiler.h"
#include "kernels/image/image.h"

namespace cuda_shim::objects {
namespace {

// A linked image: the magic, the number of all bytes, then for each unit two lengths, its name and
// its text. Little-endian 64-bit numbers.
constexpr char kLinkedMagic[] =
    "\x7f"
    "cuda_shim linked PTX\n";
constexpr std::size_t kMagicBytes = sizeof kLinkedMagic - 1;

bool is_linked(const void* image) {
  // Stops at the first difference, so that a shorter text is not read beyond its end.
  return std::strncmp(static_cast<const char*>(image), kLinkedMagic, kMagicBytes) == 0;
}

void append_number(std::vector<std::byte>& out, std::uint64_t number) {
  auto* bytes = reinterpret_cast<const std::byte*>(&number);
  out.insert(out.end(), bytes, bytes + sizeof number);
}

void append_text(std::vector<std::byte>& out, std::string_view text) {
  auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  out.insert(out.end(), bytes, bytes + text.size());
}

// Reads a linked image; every length is checked against what is left.
class LinkedReader {
 public:
  LinkedReader(const void* image, std::size_t bytes)
      : at_(static_cast<const char*>(image)), left_(bytes) {}

  bool number(std::uint64_t* value) {
    if (left_ < sizeof *value) return false;
    std::memcpy(value, at_, sizeof *value);
    skip(sizeof *value);
    return true;
  }
  bool text(std::uint64_t bytes, std::string* value) {
    if (left_ < bytes) return false;
    value->assign(at_, bytes);
    skip(bytes);
    return true;
  }
  void skip(std::size_t bytes) { at_ += bytes, left_ -= bytes; }
  bool at_end() const { return left_ == 0; }

 private:
  const char* at_;
  std::size_t left_;
};

Result<NamedTexts> read_linked(const void* image, std::optional<std::size_t> bytes) {
  constexpr std::size_t kHeader = kMagicBytes + sizeof(std::uint64_t);
  auto corrupt = [] {
    return error(StatusCode::kInvalidImage, "The linked image is truncated or corrupt.");
  };
  if (bytes && *bytes < kHeader) return corrupt();
  std::uint64_t total = 0;
  std::memcpy(&total, static_cast<const char*>(image) + kMagicBytes, sizeof total);
  if (total < kHeader || (bytes && total > *bytes)) return corrupt();
  LinkedReader reader(image, total);
  reader.skip(kHeader);
  NamedTexts units;
  while (!reader.at_end()) {
    std::uint64_t name = 0, text = 0;
    auto& unit = units.emplace_back();
    if (!reader.number(&name) || !reader.number(&text) || !reader.text(name, &unit.first) ||
        !reader.text(text, &unit.second))
      return corrupt();
  }
  return units;
}

bool is_about(const kernels::ptx::Diagnostic& diagnostic, std::string_view kernel) {
  return std::string_view(diagnostic.message).find(kernel) != std::string_view::npos;
}

}  // namespace

std::vector<std::byte> write_linked_image(const NamedTexts& units) {
  std::vector<std::byte> image;
  append_text(image, {kLinkedMagic, kMagicBytes});
  append_number(image, 0);
  for (const auto& [name, text] : units) {
    append_number(image, name.size());
    append_number(image, text.size());
    append_text(image, name);
    append_text(image, text);
  }
  std::uint64_t total = image.size();
  std::memcpy(image.data() + kMagicBytes, &total, sizeof total);
  return image;
}

Result<ProgramPointer> open_program(const Device& device, const void* image,
                                    std::optional<std::size_t> bytes, std::string_view name) {
  if (image == nullptr) return error(StatusCode::kInvalidValue, "The image is null.");
  if ((!bytes || *bytes >= kMagicBytes) && is_linked(image)) {
    Result<NamedTexts> units = read_linked(image, bytes);
    if (!units) return error(std::move(units.error()));
    return kernels::Program::from_ptx(std::move(*units));
  }
  kernels::image::ImageOptions options;
  options.compute_major = device.properties().compute_major;
  options.compute_minor = device.properties().compute_minor;
  options.name = name;
  return kernels::image::open(image, bytes, options);
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

Status verify_program(const kernels::Program& program, std::string* faults) {
  Result<std::vector<kernels::ptx::Diagnostic>> found = kernels::verify(program);
  if (!found) return std::move(found.error());
  for (const kernels::ptx::Diagnostic& diagnostic : *found)
    *faults += diagnostic.to_string() + "\n";
  if (found->empty() || program.kernels().empty()) return {};
  auto usable = [&](const kernels::ProgramKernel& kernel) {
    return std::ranges::none_of(*found, [&](auto& d) { return is_about(d, kernel.name); });
  };
  if (std::ranges::any_of(program.kernels(), usable)) return {};
  return Status(StatusCode::kInvalidPtx, "No kernel of the module is usable: " + *faults);
}

bool is_text(const void* image) {
  const char* at = static_cast<const char*>(image);
  while (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n') ++at;
  return *at == '.' || (at[0] == '/' && (at[1] == '/' || at[1] == '*'));
}

}  // namespace cuda_shim::objects
