// Files and guarded memory of the image tests.

#include "kernels/image/test_files.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <new>
#include <stdexcept>

namespace cuda_shim::kernels::image {
namespace {

ImageOptions options_for(unsigned compute) {
  return {.compute_major = compute / 10, .compute_minor = compute % 10, .name = "test"};
}

}  // namespace

std::string test_file(std::string_view name) {
  const std::string path = std::string(IMAGE_TEST_FILES "/").append(name);
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string scale_ptx() {
  std::string stripped;
  bool comment = false;
  const std::string text = test_file("scale.ptx");
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') comment = false;
    if (text.compare(i, 2, "//") == 0) comment = true;
    if (!comment && text[i] != '\t') stripped += text[i];
  }
  return stripped;
}

GuardedBytes::GuardedBytes(std::string_view bytes) : size_(bytes.size()) {
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t readable = (size_ + page - 1) / page * page;
  mapped_ = readable + page;
  void* mapping =
      mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  mapping_ = static_cast<char*>(mapping);
  data_ = mapping_ + readable - size_;
  std::memcpy(data_, bytes.data(), size_);
  mprotect(mapping_ + readable, page, PROT_NONE);
}

GuardedBytes::~GuardedBytes() {
  munmap(mapping_, mapped_);
}

Texts extract_sized(std::string_view image, unsigned compute) {
  const GuardedBytes bytes(image);
  return extract_ptx(bytes.data(), bytes.size(), options_for(compute));
}

Texts extract_unsized(std::string_view image, unsigned compute) {
  const GuardedBytes bytes(image);
  return extract_ptx(bytes.data(), std::nullopt, options_for(compute));
}

std::string target_of(const PtxText& text) {
  constexpr std::string_view kDirective = ".target sm_";
  const auto position = text.text.find(kDirective);
  if (position == std::string::npos) return "";
  const auto start = position + kDirective.size();
  return text.text.substr(start, text.text.find_first_of("\n,", start) - start);
}

}  // namespace cuda_shim::kernels::image
