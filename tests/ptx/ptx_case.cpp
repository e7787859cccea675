#include "ptx/ptx_case.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

namespace cuda_shim::tests {
namespace {

unsigned bytes_of_type(const std::string& type) {
  static const std::map<std::string, unsigned> odd = {{"f16x2", 4}, {"bf16x2", 4}, {"u16x2", 4},
                                                      {"s16x2", 4}, {"bf16", 2},   {"tf32", 4},
                                                      {"pred", 1}};
  if (auto found = odd.find(type); found != odd.end()) return found->second;
  unsigned bits = 0;
  if (type.size() < 2 || std::sscanf(type.c_str() + 1, "%u", &bits) != 1) return 0;
  return bits / 8;
}

bool is_float(const std::string& type) {
  return type == "f32" || type == "f64";
}

bool parse_float(const std::string& word, const std::string& type, Element* element) {
  char* end = nullptr;
  double number = std::strtod(word.c_str(), &end);
  if (*end != '\0') return false;
  element->any_nan = std::isnan(number);
  element->bits = type == "f32" ? std::bit_cast<std::uint32_t>(std::strtof(word.c_str(), nullptr))
                                : std::bit_cast<std::uint64_t>(number);
  return true;
}

bool parse_element(const std::string& word, const std::string& type, Element* element) {
  bool is_bits = word.starts_with("0x") && word.find_first_of(".pP") == std::string::npos;
  if (is_float(type) && !is_bits) return parse_float(word, type, element);
  char* end = nullptr;
  element->bits = word.starts_with("-")
                      ? static_cast<std::uint64_t>(std::strtoll(word.c_str(), &end, 0))
                      : std::strtoull(word.c_str(), &end, 0);
  return *end == '\0';
}

bool parse_elements(std::istream& in, const std::string& type, std::vector<Element>* elements) {
  std::string word;
  while (in >> word) {
    if (word == "x") {
      std::size_t count = 0;
      if (!(in >> count) || count == 0 || elements->empty()) return false;
      elements->resize(elements->size() + count - 1, elements->back());
      continue;
    }
    Element element;
    if (!parse_element(word, type, &element)) return false;
    elements->push_back(element);
  }
  return !elements->empty();
}

bool parse_parameter(const std::string& line, ParameterKind kind, PtxCase* test) {
  std::size_t colon = line.find(':');
  if (colon == std::string::npos) return false;
  std::istringstream head(line.substr(0, colon)), values(line.substr(colon + 1));
  std::string keyword, option;
  PtxParameter parameter;
  parameter.kind = kind;
  head >> keyword >> parameter.type;
  if (head >> option && std::sscanf(option.c_str(), "ulp=%u", &parameter.ulp) != 1) return false;
  parameter.element_bytes = bytes_of_type(parameter.type);
  if (parameter.element_bytes == 0 || parameter.element_bytes > 8) return false;
  if (!parse_elements(values, parameter.type, &parameter.elements)) return false;
  test->parameters.push_back(std::move(parameter));
  return true;
}

bool parse_tensor_parameter(std::istringstream& in, PtxCase* test) {
  PtxParameter parameter;
  parameter.kind = ParameterKind::kTensor;
  if (!parse_tensor(in, &parameter.tensor.emplace())) return false;
  if (parameter.tensor->buffer >= test->parameters.size()) return false;
  test->parameters.push_back(std::move(parameter));
  return true;
}

bool parse_texture_parameter(const std::string& line, ParameterKind kind, PtxCase* test) {
  const std::size_t colon = line.find(':');
  if (colon == std::string::npos) return false;
  std::istringstream head(line.substr(0, colon)), values(line.substr(colon + 1));
  std::string keyword;
  head >> keyword;
  PtxParameter parameter;
  parameter.kind = kind;
  TextureObject& texture = parameter.texture.emplace();
  if (!parse_texture(head, &texture)) return false;
  parameter.type = texture.type;
  parameter.element_bytes = texture.channel_bytes();
  if (!parse_elements(values, parameter.type, &parameter.elements)) return false;
  std::size_t texels = 0;
  for (unsigned i = 0; i < texture.levels; ++i)
    texels += std::size_t{texture.width_of(i)} * texture.height_of(i) * texture.depth_of(i);
  if (parameter.elements.size() != texels * texture.channels) return false;
  test->parameters.push_back(std::move(parameter));
  return true;
}

bool parse_holds(const std::string& line, PtxCase* test) {
  if (test->parameters.empty() || test->parameters.back().kind != ParameterKind::kSurface)
    return false;
  PtxParameter& surface = test->parameters.back();
  std::istringstream values(line.substr(line.find(':') + 1));
  return parse_elements(values, surface.type, &surface.holds) &&
         surface.holds.size() == surface.elements.size();
}

bool parse_dimensions(std::istream& in, unsigned (&dimensions)[3]) {
  if (!(in >> dimensions[0])) return false;
  in >> dimensions[1] >> dimensions[2];
  for (unsigned& dimension : dimensions) dimension = dimension == 0 ? 1 : dimension;
  return true;
}

bool parse_directive(const std::string& line, PtxCase* test) {
  std::istringstream in(line);
  std::string keyword, word;
  in >> keyword;
  if (keyword == "in") return parse_parameter(line, ParameterKind::kIn, test);
  if (keyword == "out") return parse_parameter(line, ParameterKind::kOut, test);
  if (keyword == "value") return parse_parameter(line, ParameterKind::kValue, test);
  if (keyword == "tensor") return parse_tensor_parameter(in, test);
  if (keyword == "texture") return parse_texture_parameter(line, ParameterKind::kTexture, test);
  if (keyword == "surface") return parse_texture_parameter(line, ParameterKind::kSurface, test);
  if (keyword == "holds:") return parse_holds(line, test);
  if (keyword == "kernel") return static_cast<bool>(in >> test->kernel);
  if (keyword == "grid") return parse_dimensions(in, test->grid);
  if (keyword == "block") return parse_dimensions(in, test->block);
  if (keyword == "shared") return static_cast<bool>(in >> test->shared_bytes);
  if (keyword == "error") return static_cast<bool>(in >> test->error);
  if (keyword == "target") return static_cast<bool>(in >> test->target);
  if (keyword == "flag") return in >> word && (test->cooperative = word == "cooperative");
  return false;
}

std::string word_after(const std::string& text, const std::string& directive) {
  std::size_t at = text.find(directive);
  if (at == std::string::npos) return {};
  std::istringstream in(text.substr(at + directive.size()));
  std::string word;
  in >> word;
  return word.substr(0, word.find_first_of("(,"));
}

/// Distance in units in the last place; NaN against a number is as far as can be.
std::uint64_t ulp_distance(std::uint64_t a, std::uint64_t b, unsigned bits) {
  auto ordered = [bits](std::uint64_t value) {
    std::int64_t sign = static_cast<std::int64_t>(1) << (bits - 1);
    std::int64_t magnitude = static_cast<std::int64_t>(value) & (sign - 1);
    return (static_cast<std::int64_t>(value) & sign) ? -magnitude : magnitude;
  };
  if (bits == 64)
    return a == b ? 0
                  : static_cast<std::uint64_t>(std::llabs(std::bit_cast<std::int64_t>(a) -
                                                          std::bit_cast<std::int64_t>(b)));
  return static_cast<std::uint64_t>(std::llabs(ordered(a) - ordered(b)));
}

bool is_nan(std::uint64_t bits, const std::string& type) {
  return type == "f64" ? std::isnan(std::bit_cast<double>(bits))
                       : std::isnan(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
}

bool matches(const PtxParameter& parameter, const Element& expected, std::uint64_t actual) {
  unsigned bits = parameter.element_bytes * 8;
  std::uint64_t mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  if (expected.any_nan) return is_nan(actual, parameter.type);
  if ((expected.bits & mask) == actual) return true;
  return parameter.ulp > 0 && !is_nan(actual, parameter.type) &&
         ulp_distance(expected.bits & mask, actual, bits) <= parameter.ulp;
}

std::string show(std::uint64_t bits, const PtxParameter& parameter) {
  if (parameter.type == "f32")
    return fmt::format("{} (0x{:08x})", std::bit_cast<float>(static_cast<std::uint32_t>(bits)),
                       bits);
  if (parameter.type == "f64")
    return fmt::format("{} (0x{:016x})", std::bit_cast<double>(bits), bits);
  return fmt::format("0x{:0{}x}", bits, parameter.element_bytes * 2);
}

}  // namespace

std::vector<std::byte> PtxParameter::bytes() const {
  std::vector<std::byte> result(elements.size() * element_bytes);
  for (std::size_t i = 0; i < elements.size(); ++i)
    std::memcpy(result.data() + i * element_bytes, &elements[i].bits, element_bytes);
  return result;
}

const std::vector<Element>& PtxParameter::expected() const {
  static const std::vector<Element> kNone;
  if (kind == ParameterKind::kOut) return elements;
  return kind == ParameterKind::kSurface ? holds : kNone;
}

std::expected<PtxCase, std::string> read_ptx_case(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) return std::unexpected("cannot be read");
  PtxCase test;
  std::string line;
  for (unsigned number = 1; std::getline(file, line); ++number) {
    test.text += line + "\n";
    if (line.starts_with("//! ") && !parse_directive(line.substr(4), &test))
      return std::unexpected(fmt::format("line {}: cannot be understood: {}", number, line));
  }
  if (test.kernel.empty()) test.kernel = word_after(test.text, ".entry ");
  if (test.target.empty()) test.target = word_after(test.text, ".target ");
  return test;
}

std::vector<std::string> compare(const PtxParameter& expected,
                                 const std::vector<std::byte>& actual) {
  std::vector<std::string> wrong;
  const std::vector<Element>& wanted = expected.expected();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, actual.data() + i * expected.element_bytes, expected.element_bytes);
    if (matches(expected, wanted[i], bits)) continue;
    wrong.push_back(fmt::format("element {}: expected {}, got {}", i,
                                wanted[i].any_nan ? "nan" : show(wanted[i].bits, expected),
                                show(bits, expected)));
  }
  return wrong;
}

}  // namespace cuda_shim::tests
