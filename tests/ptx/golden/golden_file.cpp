#include "ptx/golden/golden_file.h"

#include <fmt/format.h>

#include <istream>
#include <ostream>
#include <sstream>

namespace cuda_shim::tests {
namespace {

std::string digits(const std::vector<std::byte>& bytes) {
  std::string text;
  for (std::byte byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

bool parse_digits(const std::string& text, std::vector<std::byte>& bytes) {
  if (text.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::string pair = text.substr(i, 2);
    if (pair.find_first_not_of("0123456789abcdef") != std::string::npos) return false;
    bytes.push_back(static_cast<std::byte>(std::stoul(pair, nullptr, 16)));
  }
  return true;
}

bool parse_test(std::istringstream& words, GoldenFile& file, GoldenTest*& test) {
  std::string name;
  GoldenTest read;
  if (!(words >> name >> std::hex >> read.hash >> read.result)) return false;
  test = &(file.tests[name] = read);
  return true;
}

bool parse_out(std::istringstream& words, GoldenTest* test) {
  unsigned parameter = 0;
  std::string bytes;
  return test != nullptr && words >> parameter >> bytes &&
         parse_digits(bytes, test->out[parameter]);
}

bool parse_line(const std::string& line, GoldenFile& file, GoldenTest*& test) {
  std::istringstream words(line);
  std::string keyword;
  words >> keyword;
  if (keyword.empty() || keyword[0] == '#') return true;
  if (keyword == "test") return parse_test(words, file, test);
  if (keyword == "out") return parse_out(words, test);
  std::string* field = keyword == "gpu"       ? &file.gpu
                       : keyword == "compute" ? &file.compute
                       : keyword == "driver"  ? &file.driver
                                              : nullptr;
  return field != nullptr && std::getline(words >> std::ws, *field);
}

}  // namespace

std::uint64_t hash_of_text(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

void write_golden(std::ostream& out, const GoldenFile& file) {
  out << fmt::format("# Golden values of the PTX tests, written by record_golden.\n");
  out << fmt::format("gpu {}\ncompute {}\ndriver {}\n", file.gpu, file.compute, file.driver);
  for (const auto& [name, test] : file.tests) {
    out << fmt::format("test {} {:x} {}\n", name, test.hash, test.result);
    for (const auto& [parameter, bytes] : test.out)
      out << fmt::format("out {} {}\n", parameter, digits(bytes));
  }
}

std::expected<GoldenFile, std::string> read_golden(std::istream& in) {
  GoldenFile file;
  GoldenTest* test = nullptr;
  unsigned number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!parse_line(line, file, test))
      return std::unexpected(fmt::format("line {} cannot be understood: {}", number, line));
  }
  if (file.gpu.empty() || file.driver.empty())
    return std::unexpected("the file does not name its GPU and driver");
  return file;
}

}  // namespace cuda_shim::tests
